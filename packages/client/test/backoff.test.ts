import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { ceilingMs } from '../src/backoff.js'

test('pitfall 22: the delay has a ceiling that doubles', () => {
  const ceilings = [0, 1, 2, 3, 4, 5, 6, 7].map((failures) => ceilingMs(failures, {}))
  expect(ceilings).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 20_000, 20_000])
})

test('no number of failures leaves the range', () => {
  fc.assert(
    fc.property(fc.nat(5_000), fc.nat(1_000), fc.nat(60_000), (failures, baseMs, maxMs) => {
      const delayMs = ceilingMs(failures, { baseMs, maxMs })
      expect(delayMs).toBeGreaterThanOrEqual(0)
      expect(delayMs).toBeLessThanOrEqual(maxMs)
    }),
  )
})
