import { beforeEach, describe, expect, test } from 'vitest'

import { newRecordedSession, taken, type Effect, type Session } from './taken.js'

let session: Session

beforeEach(() => {
  session = newRecordedSession()
})

const sent = (): { type: string; id: number; payload: unknown }[] =>
  taken(session)
    .filter((effect) => effect.kind === 'send')
    .map((effect) => JSON.parse(effect.text) as { type: string; id: number; payload: unknown })

const told = (): Effect[] => taken(session).filter((effect) => effect.kind !== 'send')

const ok = (id: number, topic: string, verb = 'subscribe'): string =>
  JSON.stringify({ type: `r.${verb}.response`, id, payload: { status: 'ok', message: '', topic } })

const refused = (id: number, code: string): string =>
  JSON.stringify({
    type: 'r.subscribe.response',
    id,
    payload: { status: 'error', code, message: 'No', topic: 't' },
  })

const update = (topic: string, seq: number, extra: object = {}): string =>
  JSON.stringify({ type: 'r.update', payload: { topic, seq, payload: seq, ...extra } })

describe('subscriptions', () => {
  test('wait for a connection and are accepted by the id of their reply', () => {
    session.ask(1, 'r', '{"s":"A"}')
    expect(taken(session)).toEqual([])
    session.opened()
    expect(sent()).toEqual([{ type: 'r.subscribe', id: 1, payload: { s: 'A' } }])
    session.receive(ok(99, 'else'))
    session.receive(ok(1, 'topic-of-A'))
    session.receive(ok(1, 'said twice'))
    expect(told()).toEqual([{ kind: 'resolved', token: 1, value: { topics: ['topic-of-A'] } }])
  })

  test('with equal parameters are one on the wire, and the last to leave ends it', () => {
    session.opened()
    session.ask(1, 'r', '{}')
    session.ask(2, 'r', '{}')
    expect(sent()).toHaveLength(1)
    session.receive(ok(1, 't'))
    session.ask(3, 'r', '{}')
    expect(told().map((effect) => effect.kind === 'resolved' && effect.token)).toEqual([1, 2, 3])
    session.leave(1, 11)
    session.leave(2, 12)
    expect(taken(session)).toEqual([
      { kind: 'resolved', token: 11, value: undefined },
      { kind: 'resolved', token: 12, value: undefined },
    ])
    session.leave(3, 13)
    expect(sent()).toEqual([{ type: 'r.unsubscribe', id: 2, payload: {} }])
    session.receive(update('t', 1))
    session.receive(ok(2, 't', 'unsubscribe'))
    expect(told()).toEqual([{ kind: 'resolved', token: 13, value: undefined }])
  })

  test('never have two commands of one key under way', () => {
    session.opened()
    session.ask(1, 'r', '{}')
    session.leave(1, 11)
    session.ask(2, 'r', '{}')
    session.leave(2, 12)
    expect(sent().map(({ type }) => type)).toEqual(['r.subscribe'])
    session.receive(ok(1, 't'))
    expect(sent().map(({ type }) => type)).toEqual(['r.unsubscribe'])
    session.ask(3, 'r', '{}')
    session.receive(update('t', 5))
    expect(told().some((effect) => effect.kind === 'update')).toBe(false)
    session.receive(ok(2, 't', 'unsubscribe'))
    expect(sent().map(({ type }) => type)).toEqual(['r.subscribe'])
  })

  test('that the server may take for one are ended together, when nobody listens to any of them', () => {
    session.opened()
    session.ask(1, 'r', '{}')
    session.receive(ok(1, 't'))
    session.ask(2, 'r', '{"default":1}')
    session.leave(1, 11)
    expect(sent().map(({ type }) => type)).toEqual(['r.subscribe', 'r.subscribe'])
    session.receive(ok(2, 't'))
    expect(taken(session)).toEqual([
      { kind: 'resolved', token: 2, value: { topics: ['t'] } },
      { kind: 'resolved', token: 11, value: undefined },
    ])
    session.leave(2, 12)
    const ends = sent()
    expect(ends.map(({ type, payload }) => [type, payload])).toEqual([
      ['r.unsubscribe', {}],
      ['r.unsubscribe', { default: 1 }],
    ])
    session.receive(ok(3, 't', 'unsubscribe'))
    const payload = { status: 'error', code: 'not_subscribed', message: '', topic: 't' }
    session.receive(JSON.stringify({ type: 'r.unsubscribe.response', id: 4, payload }))
    expect(taken(session)).toEqual([{ kind: 'resolved', token: 12, value: undefined }])
  })

  test('leave the server room: at most 32 commands wait for their reply', () => {
    for (let token = 1; token <= 100; token += 1) session.ask(token, 'r', String(token))
    session.opened()
    const first = sent()
    expect(first).toHaveLength(32)
    for (const { id } of first) session.receive(ok(id, `t${id}`))
    expect(sent()).toHaveLength(32)
  })

  test('whose unsubscribing fails are over all the same, and the failure is reported', () => {
    session.opened()
    session.ask(1, 'r', '{}')
    session.receive(ok(1, 't'))
    session.leave(1, 11)
    taken(session)
    session.receive('{"type":"error","id":2,"payload":{"code":"internal","message":"Oops"}}')
    expect(taken(session)).toMatchObject([
      { kind: 'report', error: { code: 'internal' } },
      { kind: 'resolved', token: 11 },
    ])
  })
})

describe('updates', () => {
  beforeEach(() => {
    session.opened()
    session.ask(1, 'r', '"a"')
    session.ask(2, 'r', '"ab"')
  })

  test('pitfall 7: the first update in the frame of the reply is not lost', () => {
    session.receive(`${ok(1, 'a')}\n${update('a', 1)}\n`)
    expect(told()).toEqual([
      { kind: 'resolved', token: 1, value: { topics: ['a'] } },
      { kind: 'update', token: 1, data: 1, info: { topic: 'a', seq: 1 } },
    ])
  })

  test('go by the topics that the reply named, to every subscription that holds them', () => {
    const reply = { status: 'ok', message: '', topic: 'a', topics: [{ topic: 'a' }, { topic: 'b' }] }
    session.receive(ok(1, 'a'))
    session.receive(JSON.stringify({ type: 'r.subscribe.response', id: 2, payload: reply }))
    taken(session)
    for (const topic of ['a', 'b', 'c']) session.receive(update(topic, 1))
    const tokens = told().map((effect) => effect.kind === 'update' && [effect.token, effect.info.topic])
    expect(tokens).toEqual([
      [1, 'a'],
      [2, 'a'],
      [2, 'b'],
    ])
  })

  test('of another route with a topic of the same name are not mixed up', () => {
    session.receive(ok(1, 'AAPL'))
    taken(session)
    session.receive(JSON.stringify({ type: 'other.update', payload: { topic: 'AAPL', seq: 1, payload: 1 } }))
    expect(taken(session)).toEqual([])
  })

  test('carry their source and say that they are a snapshot', () => {
    session.receive(ok(1, 'a*'))
    taken(session)
    session.receive(update('a*', 3, { source: 'ab', snapshot: true }))
    expect(told()).toMatchObject([{ info: { topic: 'a*', seq: 3, source: 'ab', snapshot: true } }])
  })
})

describe('refusals', () => {
  test('by a reply or by an error end every waiting listener and are not retried', () => {
    session.opened()
    session.ask(1, 'r', '1')
    session.ask(2, 'r', '1')
    session.ask(3, 'x', '2')
    taken(session)
    session.receive(refused(1, 'forbidden'))
    session.receive(
      '{"type":"error","id":2,"payload":{"code":"no_matching_type","message":"Did you mean r?"}}',
    )
    expect(taken(session)).toMatchObject([
      { kind: 'rejected', token: 1, error: { code: 'forbidden', type: 'r.subscribe', topic: 't' } },
      { kind: 'rejected', token: 2 },
      { kind: 'rejected', token: 3, error: { code: 'no_matching_type', type: 'x.subscribe' } },
    ])
    session.lost(1006)
    session.opened()
    expect(taken(session)).toEqual([])
  })

  test('that may pass are told, not retried, to who asks for the first time', () => {
    session.opened()
    session.ask(1, 'r', '{}')
    taken(session)
    session.receive(refused(1, 'producer_failed'))
    expect(taken(session)).toMatchObject([{ kind: 'rejected', token: 1, error: { code: 'producer_failed' } }])
  })

  test('that may pass are retried once a subscription was accepted, later each time', () => {
    session.opened()
    session.ask(1, 'r', '{}')
    session.receive(ok(1, 't'))
    session.lost(1006)
    session.opened()
    taken(session)
    session.receive(refused(2, 'producer_failed'))
    expect(taken(session)).toEqual([{ kind: 'retry', key: 'r:{}', failures: 0 }])
    session.retry('r:{}')
    session.retry('r:{}')
    expect(sent()).toHaveLength(1)
    session.receive(refused(3, 'rate_limited'))
    expect(taken(session)).toEqual([{ kind: 'retry', key: 'r:{}', failures: 1 }])
    session.retry('r:{}')
    session.receive(refused(4, 'forbidden'))
    expect(told()).toMatchObject([{ kind: 'rejected', token: 1, error: { code: 'forbidden' } }])
  })

  test.each([
    [true, [{ kind: 'stale', token: 1, topic: 't', stale: true }]],
    [false, [{ kind: 'rejected', token: 1, error: { code: 'producer_failed', topic: 't' } }]],
  ])('`closed` with retry: %s', (retry, effects) => {
    session.opened()
    session.ask(1, 'r', '{}')
    session.receive(ok(1, 't'))
    taken(session)
    const payload = { topic: 't', code: 'producer_failed', message: 'It ended', retry }
    session.receive(JSON.stringify({ type: 'r.closed', payload }))
    expect(taken(session)).toMatchObject(effects)
    session.lost(1006)
    session.opened()
    expect(sent()).toHaveLength(retry ? 1 : 0)
  })
})

describe('a lost connection', () => {
  test('is followed by every subscription that still has listeners, and by no other', () => {
    session.opened()
    for (const token of [1, 2, 3]) session.ask(token, 'r', String(token))
    session.receive(ok(1, 't1'))
    taken(session)
    session.leave(2, 12)
    session.lost(1006)
    expect(taken(session)).toMatchObject([{ kind: 'resolved', token: 12 }])
    session.receive(update('t1', 1))
    session.opened()
    expect(sent().map(({ payload }) => payload)).toEqual([1, 3])
  })

  test('is followed by who resumes first, whoever waited for room before', () => {
    session.opened()
    session.ask(1, 'r', '1')
    session.receive(ok(1, 't1'))
    for (let token = 2; token <= 100; token += 1) session.ask(token, 'r', String(token))
    session.lost(1006)
    taken(session)
    session.opened()
    expect(sent()[0]).toMatchObject({ payload: 1 })
  })

  test('over a message that is too large refuses the largest, lest it end every connection to come', () => {
    session.opened()
    session.ask(1, 'r', '"small"')
    session.ask(2, 'r', JSON.stringify('x'.repeat(100)))
    taken(session)
    session.lost(1009)
    expect(taken(session)).toMatchObject([{ kind: 'rejected', token: 2, error: { code: 'too_large' } }])
    session.opened()
    expect(sent().map(({ payload }) => payload)).toEqual(['small'])
  })

  test('for good ends everything', () => {
    session.opened()
    session.ask(1, 'r', '1')
    session.receive(ok(1, 't1'))
    session.leave(1, 11)
    session.ask(3, 'r', '3')
    session.lost(1006)
    taken(session)
    session.ask(4, 'r.preview', '{}', true)
    session.lost(0, Object.assign(new Error('no'), { code: 'forbidden' }) as never)
    expect(told().map((effect) => ('token' in effect ? [effect.kind, effect.token] : effect))).toEqual([
      ['rejected', 3],
      ['rejected', 4],
    ])
    session.opened()
    expect(taken(session)).toEqual([])
  })
})

describe('calls', () => {
  test('are pipelined, answered by id in any order, and refused by errors', () => {
    session.ask(1, 'r.preview', '{"qty":1}', true)
    session.ask(2, 'r.cancel_all', undefined, true)
    session.opened()
    expect(sent()).toEqual([
      { type: 'r.preview', id: 1, payload: { qty: 1 } },
      { type: 'r.cancel_all', id: 2 },
    ])
    session.receive('{"type":"error","id":2,"payload":{"code":"forbidden","message":"No"}}')
    session.receive(
      '{"type":"r.preview.response","id":1,"payload":{"status":"error is a word like any here"}}',
    )
    expect(taken(session)).toMatchObject([
      { kind: 'rejected', token: 2, error: { code: 'forbidden', type: 'r.cancel_all' } },
      { kind: 'resolved', token: 1, value: { status: 'error is a word like any here' } },
    ])
  })

  test('that were sent are rejected with the connection; those that were not wait for the next', () => {
    session.opened()
    session.ask(1, 'r.pay', '1', true)
    session.lost(1006)
    session.ask(2, 'r.pay', '2', true)
    session.ask(3, 'r.pay', '3', true)
    session.leave(3)
    expect(told()).toMatchObject([
      { kind: 'rejected', token: 1, error: { code: 'disconnected', type: 'r.pay' } },
    ])
    session.opened()
    expect(sent().map(({ payload }) => payload)).toEqual([2])
  })
})

test('a ping is answered; hello is told; what is unknown disturb nothing', () => {
  session.opened()
  session.receive('{"type":"ping"}')
  session.receive('{"type":"hello","payload":{"version":1}}')
  session.receive('{"type":"of_the_future","payload":{}}\n{"type":"r.reset","payload":{}}')
  session.receive('{"type":"pong"}')
  expect(taken(session)).toEqual([
    { kind: 'send', text: '{"type":"pong"}' },
    { kind: 'hello', heartbeatMs: 0, graceMs: 10_000 },
  ])
})

test('a topic that is none is nobody’s', () => {
  session.ask(1, 'r', '{}')
  session.opened()
  session.receive(ok(1, 't'))
  taken(session)
  const topic = { toString: 1, valueOf: 1 }
  for (const kind of ['update', 'reset', 'closed']) {
    session.receive(JSON.stringify({ type: `r.${kind}`, payload: { topic, seq: 1 } }))
  }
  expect(taken(session)).toEqual([])
})

test('a bad line is reported and its neighbours are heard', () => {
  session.opened()
  session.ask(1, 'r', '{}')
  taken(session)
  session.receive(
    `{"type":\n${ok(1, 't')}\n[]\n{"type":"error","payload":{"code":"invalid_json","message":"Yours"}}`,
  )
  expect(taken(session)).toMatchObject([
    { kind: 'report', error: { code: 'invalid_json' } },
    { kind: 'resolved', token: 1 },
    { kind: 'report', error: { code: 'invalid_message' } },
    {
      kind: 'report',
      error: { code: 'invalid_json', message: expect.stringMatching(/^error: .*Yours$/) as unknown },
    },
  ])
})

test('several topics resume each from its place; duplicates are dropped; a gap asks for a new connection once', () => {
  const places = (...topics: object[]): object => ({ status: 'ok', message: '', topic: 'a', topics })
  const reply = (id: number, payload: object): string =>
    JSON.stringify({ type: 'r.subscribe.response', id, payload })
  session.opened()
  session.ask(1, 'r', '{}')
  session.receive(reply(1, places({ topic: 'a', epoch: 'e', seq: 4 }, { topic: 'b', epoch: 'f', seq: 0 })))
  session.receive([update('a', 5), update('a', 5), update('a', 4), update('b', 1)].join('\n'))
  const passed = told().map((effect) => effect.kind === 'update' && [effect.info.topic, effect.info.seq])
  expect(passed.slice(1)).toEqual([
    ['a', 5],
    ['b', 1],
  ])
  session.receive(`${update('a', 7)}\n${update('a', 8)}`)
  expect(taken(session)).toEqual([{ kind: 'resync' }])
  session.lost(1006)
  session.opened()
  const [{ text } = { text: '' }] = taken(session).filter((effect) => effect.kind === 'send')
  expect(JSON.parse(text)).toMatchObject({
    resume: { a: { epoch: 'e', seq: 5 }, b: { epoch: 'f', seq: 1 } },
  })
})
