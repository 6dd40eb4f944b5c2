import { readFileSync } from 'node:fs'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { canonicalJson } from '../src/canonical.js'

interface Vectors {
  readonly keys: readonly { name: string; route: string; request: string; topic: string }[]
  readonly refused: readonly { name: string; request: string }[]
}

const vectors = JSON.parse(
  readFileSync(new URL('../../topicwire/tests/vectors/topic_keys.json', import.meta.url), 'utf8'),
) as Vectors

test.each(vectors.keys)('pitfall 19: the key of the server: $name', ({ route, request, topic }) => {
  expect(`${route}:${canonicalJson(JSON.parse(request))}`).toBe(topic)
})

test.each(vectors.refused)('what the server refuses is refused here: $name', ({ request }) => {
  expect(() => canonicalJson(JSON.parse(request))).toThrow(RangeError)
})

test.each([
  [{ at: new Date(0), gone: undefined, none: null }, '{"at":"1970-01-01T00:00:00.000Z","none":null}'],
  [[undefined, [], {}], '[null,[],{}]'],
  [{ [Symbol('s')]: 1 }, '{}'],
])('as in JSON.stringify: %j', (value, text) => {
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
