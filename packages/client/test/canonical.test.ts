import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { canonicalJson } from '../src/canonical.js'

test.each([
  [{ b: 1, a: 2 }, '{"a":2,"b":1}'],
  [{ 9: 'nine', 10: 'ten', B: 1, a: 2 }, '{"10":"ten","9":"nine","B":1,"a":2}'],
  [{ '\u{1F600}': 1, '\uFB33': 2 }, '{"\u{1F600}":1,"\uFB33":2}'],
  [{ é: 'é', '€': '\u20ac\n' }, '{"é":"é","€":"€\\n"}'],
  [[1.0, -0, 1e21, 1e-7, 4.35], '[1,0,1e+21,1e-7,4.35]'],
  [{ at: new Date(0), gone: undefined, none: null }, '{"at":"1970-01-01T00:00:00.000Z","none":null}'],
  [[undefined, [], {}], '[null,[],{}]'],
  ['BTC/USD', '"BTC/USD"'],
  [{ 'BTC-USD': true }, '{"BTC-USD":true}'],
])('pitfall 19: %j has one text', (value, text) => {
  expect(canonicalJson(value)).toBe(text)
})

test.each([Number.NaN, Number.POSITIVE_INFINITY, undefined, 1n, () => 0, Symbol('s')])(
  'what JSON cannot carry is refused: %s',
  (value) => {
    expect(() => canonicalJson([{ value: value ?? Number.NaN }])).toThrow(RangeError)
    expect(() => canonicalJson(value)).toThrow(/^JSON cannot carry /)
  },
)

test('the text means the value, and the order of keys does not matter', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = canonicalJson(value)
      // -0 has no text of its own in canonical JSON.
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)))
      expect(canonicalJson(reversed(value))).toBe(text)
    }),
  )
})

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed)
  if (typeof value !== 'object' || value === null) return value
  const copy: Record<string, unknown> = Object.create(null) as Record<string, unknown>
  for (const [key, item] of Object.entries(value).reverse()) copy[key] = reversed(item)
  return copy
}
