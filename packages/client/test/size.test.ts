import { expect, test } from 'vitest'
import { buildCore } from '../scripts/core.js'
import { coreSize, msgpackSize } from '../scripts/size.js'

const BOUND = 5_120
const MSGPACK_BOUND = 2_560

test('the core is no larger than what is allowed, minified and gzipped', async () => {
  const { gzipped } = await coreSize()
  expect(gzipped).toBeGreaterThan(1_000)
  expect(gzipped).toBeLessThanOrEqual(BOUND)
})

test('MessagePack costs a page that speaks it no more than what is allowed, and no other page anything', async () => {
  const { gzipped } = await msgpackSize()
  expect(gzipped).toBeGreaterThan(500)
  expect(gzipped).toBeLessThanOrEqual(MSGPACK_BOUND)
  expect(await buildCore()).not.toContain('msgpack')
})
