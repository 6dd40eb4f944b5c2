import { expect, test } from 'vitest'
import { coreSize } from '../scripts/size.js'

test('the core is at most 5 KB, minified and gzipped', async () => {
  const { gzipped } = await coreSize()
  expect(gzipped).toBeGreaterThan(1_000)
  expect(gzipped).toBeLessThanOrEqual(5 * 1024)
})
