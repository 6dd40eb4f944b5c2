/** What an update costs: a look at its own topic's subscriptions, however many others there are. */
import { afterEach, expect, test, vi } from 'vitest'
import { newRecordedSession, taken } from './taken.js'

const TOPICS = 100

const ok = (id: number, topic: string): string =>
  JSON.stringify({ type: 'r.subscribe.response', id, payload: { status: 'ok', topic, seq: 0, epoch: 'e' } })

const update = (topic: string, seq: number): string =>
  JSON.stringify({ type: 'r.update', payload: { topic, seq, payload: seq } })

afterEach(() => {
  vi.restoreAllMocks()
})

test('looks at nobody else’s subscription, after the first of its topic', () => {
  const session = newRecordedSession()
  session.opened()
  for (let n = 1; n <= TOPICS; n += 1) {
    session.ask(n, 'r', JSON.stringify({ n }))
    session.receive(ok(n, `t${n}`))
  }
  taken(session)
  for (let n = 1; n <= TOPICS; n += 1) session.receive(update(`t${n}`, 1))
  const all = vi.spyOn(Map.prototype, 'values')
  for (let n = 1; n <= TOPICS; n += 1) session.receive(update(`t${n}`, 2))
  expect(all).not.toHaveBeenCalled()
  vi.restoreAllMocks()
  const told = taken(session).map((effect) => effect.kind === 'update' && [effect.token, effect.data])
  const each = (seq: number): [number, number][] =>
    Array.from({ length: TOPICS }, (_, n) => [n + 1, seq] as [number, number])
  expect(told).toEqual([...each(1), ...each(2)])
})

test('knows at once who has come to a topic, and who has left', () => {
  const session = newRecordedSession()
  session.opened()
  session.ask(1, 'r', '1')
  session.receive(ok(1, 't'))
  session.receive(update('t', 1))
  session.ask(2, 'r', '2')
  session.receive(
    JSON.stringify({
      type: 'r.subscribe.response',
      id: 2,
      payload: { status: 'ok', topic: 't', seq: 1, epoch: 'e' },
    }),
  )
  taken(session)
  session.receive(update('t', 2))
  expect(taken(session)).toMatchObject([
    { kind: 'update', token: 1 },
    { kind: 'update', token: 2 },
  ])
  session.leave(1)
  session.receive(update('t', 3))
  expect(taken(session).filter(({ kind }) => kind === 'update')).toMatchObject([{ token: 2, data: 3 }])
})
