import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { fullJitterMs } from '../src/backoff.js'

test('pitfall 22: the delay is jittered over the whole range below a doubling ceiling', () => {
  const ceilings = [0, 1, 2, 3, 4, 5, 6, 7].map((failures) => fullJitterMs(failures, { random: () => 1 }))
  expect(ceilings).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 20_000, 20_000])
  expect(fullJitterMs(5, { random: () => 0 })).toBe(0)
  expect(fullJitterMs(1, { random: () => 0.25 })).toBe(250)
})

test('no number of failures leaves the range', () => {
  fc.assert(
    fc.property(
      fc.nat(5_000),
      fc.nat(1_000),
      fc.nat(60_000),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (failures, baseMs, maxMs, draw) => {
        const delayMs = fullJitterMs(failures, { baseMs, maxMs, random: () => draw })
        expect(delayMs).toBeGreaterThanOrEqual(0)
        expect(delayMs).toBeLessThanOrEqual(maxMs)
      },
    ),
  )
})
