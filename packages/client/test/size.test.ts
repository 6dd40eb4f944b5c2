import { expect, test } from 'vitest'
import { coreSize } from '../scripts/size.js'

/** 5,120 is what the core is to come back to. */
const BOUND = 5_245

test('the core is no larger than what is allowed, minified and gzipped', async () => {
  const { gzipped } = await coreSize()
  expect(gzipped).toBeGreaterThan(1_000)
  expect(gzipped).toBeLessThanOrEqual(BOUND)
})
