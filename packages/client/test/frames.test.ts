import { expect, test } from 'vitest'
import { TopicwireError } from '../src/errors.js'
import { newRecordedSession, taken, type Effect } from './taken.js'
import { encodeCommand, errorOf, faultOf } from '../src/frames.js'

test('a command is one JSON object, without a payload where there is none', () => {
  expect(JSON.parse(encodeCommand('trades.subscribe', 7, '{"symbols":["A"]}'))).toEqual({
    type: 'trades.subscribe',
    id: 7,
    payload: { symbols: ['A'] },
  })
  expect(encodeCommand('orders.cancel_all', 1, undefined)).toBe('{"type":"orders.cancel_all","id":1}')
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
  expect(told(secret)[0]?.message).toMatch(/^The server sent 32 characters that are no message\.$/)
  for (const line of ['null', '[]', '1', '{}', '{"type":1}']) {
    expect(told(line)).toEqual([expect.objectContaining({ code: 'invalid_message' })])
  }
  expect(String(faultOf(secret, new TypeError('of the code')).cause)).toBe('TypeError: of the code')
})

test('an error keeps what the server said, and unknown codes are let through', () => {
  const details = [{ path: 'symbols.0', message: 'too long', kind: 'string_too_long' }]
  const error = errorOf({ code: 'new_in_2030', message: 'No.', topic: 't', details }, 'trades.subscribe')
  expect(error).toBeInstanceOf(TopicwireError)
  expect(error).toMatchObject({ code: 'new_in_2030', type: 'trades.subscribe', topic: 't', details })
  expect(error.message).toBe('trades.subscribe: No.')
  expect(errorOf(null, 'x')).toMatchObject({ code: 'internal', details: [] })
})
