import { readFileSync } from 'node:fs'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { requestText } from '../src/request-text.js'

const { refused } = JSON.parse(
  readFileSync(new URL('../../topicwire/tests/vectors/topic_keys.json', import.meta.url), 'utf8'),
) as { readonly refused: readonly { name: string; request: string }[] }

test.each(refused)('what the server could not read is refused here: $name', ({ request }) => {
  expect(() => requestText(JSON.parse(request))).toThrow(RangeError)
})

test.each([Number.NaN, Number.NEGATIVE_INFINITY, () => 0, 'half \ud800', { 'half \udc00': 1 }])(
  'what JSON would leave out or change is refused: %s',
  (value) => {
    expect(() => requestText([{ value }])).toThrow(/^JSON cannot carry /)
  },
)

test('a bigint is refused, undefined members are left out, as by JSON.stringify', () => {
  expect(() => requestText({ value: 1n })).toThrow(TypeError)
  expect(requestText({ b: undefined, at: new Date(0), a: [undefined] })).toBe(
    '{"a":[null],"at":"1970-01-01T00:00:00.000Z"}',
  )
})

test('the text means the value, and the order of members does not matter', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = requestText(value)
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)))
      expect(requestText(reversed(value))).toBe(text)
    }),
  )
})

test('a member called as what every object inherits is of the object alone that has it', () => {
  const text = '{"a":{"b":1},"list":[{"__proto__":{"b":2}},{"constructor":3},{}],"toString":4}'
  expect(requestText(JSON.parse(text))).toBe(text)
})

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed)
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value).reverse()
  return Object.fromEntries(members.map(([name, member]) => [name, reversed(member)]))
}
