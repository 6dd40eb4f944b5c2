import { expect, test } from 'vitest'
import { coreSize } from '../scripts/size.js'

const BOUND = 5_120

test('the core is no larger than what is allowed, minified and gzipped', async () => {
  const { gzipped } = await coreSize()
  expect(gzipped).toBeGreaterThan(1_000)
  expect(gzipped).toBeLessThanOrEqual(BOUND)
})
