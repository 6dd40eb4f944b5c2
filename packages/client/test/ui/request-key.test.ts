import fc from 'fast-check'
import { expect, test } from 'vitest'
import { canonicalJson } from '../../src/canonical.js'
import { requestKey } from '../../src/ui/request-key.js'

test('keys are equal exactly where the client takes requests for equal', () => {
  const value = fc.jsonValue()
  fc.assert(
    fc.property(value, value, (a, b) => {
      expect(requestKey(a) === requestKey(b)).toBe(canonicalJson(a) === canonicalJson(b))
      expect(requestKey(a)).toBe(requestKey(JSON.parse(canonicalJson(a))))
    }),
    { seed: 7, numRuns: 300 },
  )
})

test('what is undefined is left out, dates are their text, and no request has no key', () => {
  expect(requestKey({ a: 1, b: undefined })).toBe(requestKey({ a: 1 }))
  expect(requestKey({ since: new Date(0) })).toBe(requestKey({ since: '1970-01-01T00:00:00.000Z' }))
  expect(requestKey(undefined)).toBeUndefined()
  expect(requestKey({ ['__proto__']: 1 })).not.toBe(requestKey({}))
})

test('what JSON cannot carry has a key all the same: the subscription refuses it', () => {
  expect(requestKey({ n: 1n })).toBeTypeOf('string')
  expect(requestKey({ n: Number.NaN })).toBeTypeOf('string')
})
