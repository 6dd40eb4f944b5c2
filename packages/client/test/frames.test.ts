import { expect, test } from 'vitest'
import { TopicwireError } from '../src/errors.js'
import { newRecordedSession, taken, type Effect } from './taken.js'
import { errorOf } from '../src/frames.js'

test('a command is one JSON object, without a payload where there is none', () => {
  const session = newRecordedSession()
  session.opened()
  session.ask(1, 'trades', '{"symbols":["A"]}')
  session.ask(2, 'orders.cancel_all', undefined, true)
  expect(taken(session).map((effect) => effect.kind === 'send' && effect.text)).toEqual([
    '{"type":"trades.subscribe","id":1,"payload":{"symbols":["A"]}}',
    '{"type":"orders.cancel_all","id":2}',
  ])
})

test('what is not a message says so, and never its values', () => {
  const secret = `{"price": 1, "secret": ${'x'.repeat(9)}`
  const told = (line: string): TopicwireError[] => {
    const session = newRecordedSession()
    session.receive(line)
    return taken(session).map((effect) => (effect as Effect & { kind: 'report' }).error)
  }
  expect(told(secret)).toEqual([expect.objectContaining({ code: 'invalid_json' })])
  expect(told(secret)[0]).not.toHaveProperty('cause')
  expect(told(secret)[0]?.message).toMatch(/^The server sent 32 characters that are no JSON\.$/)
  for (const line of ['{}', '[]', '1', 'null', '{"type":1}', '{"type":"r.update","payload":{"topic":"t"}}']) {
    expect(told(line)).toEqual([
      expect.objectContaining({ code: 'invalid_message', cause: expect.any(TypeError) as unknown }),
    ])
  }
})

test('an error keeps what the server said, and unknown codes are let through', () => {
  const details = [{ path: 'symbols.0', message: 'too long', kind: 'string_too_long' }]
  const error = errorOf({ code: 'new_in_2030', message: 'No.', topic: 't', details }, 'trades.subscribe')
  expect(error).toBeInstanceOf(TopicwireError)
  expect(error).toMatchObject({ code: 'new_in_2030', type: 'trades.subscribe', topic: 't', details })
  expect(error.message).toBe('trades.subscribe: No.')
  expect(errorOf({}, 'x')).toMatchObject({ code: 'internal', details: [] })
})
