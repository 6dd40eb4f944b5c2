/** MessagePack itself: by vectors that another library has made, and at random. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { newReader, type Reader } from '../../src/msgpack/decode.js'
import { encode } from '../../src/msgpack/encode.js'
import { runs } from '../model/runs.js'

interface Vector {
  readonly json: string
  readonly msgpack: string
  /** Others write it so; here it is shorter. */
  readonly longer?: true
}

const path = join(import.meta.dirname, '../../../vectors/msgpack/values.json')
const vectors = JSON.parse(readFileSync(path, 'utf8')) as Vector[]

const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'))
const readerOf = (...packs: readonly Uint8Array[]): Reader =>
  newReader(Uint8Array.from(packs.flatMap((pack) => [...pack])).buffer)

test('there are vectors', () => {
  expect(vectors.length).toBeGreaterThan(50)
})

test.each(vectors)('$json', ({ json, msgpack, longer }) => {
  const reader = readerOf(bytesOf(msgpack))
  const value = reader.read()
  expect(value).toEqual(JSON.parse(json))
  // Of `__proto__` and of the order of members, too.
  expect(JSON.stringify(value)).toBe(JSON.stringify(JSON.parse(json)))
  expect(reader.isOver).toBe(true)
  const written = readerOf(encode(JSON.parse(json)))
  expect(JSON.stringify(written.read())).toBe(JSON.stringify(JSON.parse(json)))
  if (longer) return
  expect(encode(JSON.parse(json)).length - bytesOf(msgpack).length).toBeLessThanOrEqual(4)
})

const json = fc.jsonValue({ maxDepth: 5 }).map((value): unknown => JSON.parse(JSON.stringify(value)))

test('what JSON carries comes back as JSON brings it, one after another', () => {
  fc.assert(
    fc.property(fc.array(json, { minLength: 1, maxLength: 4 }), (values) => {
      const reader = readerOf(...values.map((value) => encode(value, Number.MAX_SAFE_INTEGER)))
      for (const value of values) {
        expect(reader.isOver).toBe(false)
        expect(JSON.stringify(reader.read())).toBe(JSON.stringify(value))
      }
      expect(reader.isOver).toBe(true)
    }),
    runs(500),
  )
})

test('texts of every length and every script come back, though they are kept for the next time', () => {
  const texts = fc.array(fc.string({ unit: 'grapheme', maxLength: 80 }), { maxLength: 20 })
  fc.assert(
    fc.property(texts, (few) => {
      const all = [...few, ...few.map((text) => `${text}a`), ...few]
      const read = readerOf(encode(all)).read()
      expect(read).toEqual(all)
    }),
    runs(500),
  )
  const long = 'é'.repeat(70_000)
  expect(readerOf(encode([long])).read()).toEqual([long])
})

test('whole numbers are sent with the digits that JSON has', () => {
  const whole = fc
    .oneof(fc.maxSafeInteger(), fc.bigInt({ min: -(2n ** 63n) + 2048n, max: 2n ** 64n - 4096n }))
    .map(Number)
  fc.assert(
    fc.property(whole, (number) => {
      const bytes = encode(number)
      const digits = BigInt(JSON.stringify(number))
      if (bytes.length < 9) {
        expect(readerOf(bytes).read()).toBe(number)
        return
      }
      const view = new DataView(bytes.buffer)
      expect(bytes[0]).toBe(number < 0 ? 0xd3 : 0xcf)
      expect(number < 0 ? view.getBigInt64(1) : view.getBigUint64(1)).toBe(digits)
    }),
    runs(500),
  )
  for (const number of [2 ** 64, -(2 ** 63), 1e300]) {
    const bytes = encode(number)
    expect(bytes[0]).toBe(0xcb)
    expect(readerOf(bytes).read()).toBe(number)
  }
})

test.each([
  ['cf0020000000000000', 'a whole number beyond 2^53 - 1'],
  ['cfffffffffffffffff', 'the largest'],
  ['d3ffdfffffffffffff', 'the same below zero'],
  ['d38000000000000000', 'the lowest'],
  ['82a161cf0020000000000000a16202', 'one within a message'],
  ['cb7ff8000000000000', 'no number'],
  ['cbfff0000000000000', 'an infinity'],
  ['ca7f800000', 'a short infinity'],
  ['810102', 'a member without a name'],
])('what JSON does not have is refused, and what follows is read: %s, %s', (hex) => {
  const reader = readerOf(bytesOf(hex), encode('next'))
  expect(() => reader.read()).toThrow(TypeError)
  expect(reader.read()).toBe('next')
})

test.each(['c1', 'c40161', 'c70100aa', 'd4ffaa', 'd6ff00000000', 'a2ffff', 'd9', 'dcff', '93'])(
  'what cannot be read is refused, and all of it is over: %s',
  (hex) => {
    const reader = readerOf(bytesOf(hex))
    expect(() => reader.read()).toThrow(/./)
    expect(reader.isOver).toBe(true)
    expect(() => reader.read()).toThrow(/./)
  },
)

test('no part of a message is a message, and no length is believed', () => {
  for (const { msgpack } of vectors) {
    const whole = bytesOf(msgpack)
    for (let end = 0; end < Math.min(whole.length, 300); end += 1) {
      const reader = readerOf(whole.subarray(0, end))
      expect(() => reader.read()).toThrow(/./)
      expect(reader.isOver).toBe(true)
    }
  }
  for (const hex of ['ddffffffff', 'dfffffffff', 'dbffffffff61']) {
    expect(() => readerOf(bytesOf(hex)).read()).toThrow(/ends within/)
  }
  const deep = new Uint8Array(1_000_000).fill(0x91)
  expect(() => readerOf(deep).read()).toThrow(RangeError)
})

test('any bytes are read or refused, and always come to an end', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const reader = readerOf(bytes)
      let last = 0
      while (!reader.isOver) {
        try {
          JSON.stringify(reader.read())
        } catch {
          // Refused: told to whoever asked.
        }
        expect(reader.at).toBeGreaterThan(last)
        last = reader.at
      }
    }),
    runs(1_000),
  )
})
