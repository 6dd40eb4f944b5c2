import type { Page } from '@playwright/test'
import { bundlePage } from '../support/bundle'
import { expect, test } from '../support/fixtures'
import type { Seen } from '../support/pages/frames'

declare global {
  interface Window {
    readonly seen: Seen
    readonly end: () => Promise<void>
  }
}

const seen = (page: Page): Promise<Seen> => page.evaluate(() => window.seen)

/** Keeps the main thread, so that no frame comes while updates do. */
const hold = (page: Page, ms: number): Promise<void> =>
  page.evaluate((forMs) => {
    const until = performance.now() + forMs
    while (performance.now() < until);
  }, ms)

test('a listener is called once a frame, with the newest or with all, in order; and not after its end', async ({
  page,
}) => {
  const body = await bundlePage('frames')
  await page.route('**/assets/*.js', (route) => route.fulfill({ contentType: 'text/javascript', body }))
  await page.goto('/')
  await expect.poll(async () => (await seen(page)).batches.length).toBeGreaterThan(1)
  // Until several have come of which no frame was painted in between.
  await expect
    .poll(async () => {
      await hold(page, 1_500)
      return (await seen(page)).batches.some(([, seqs]) => seqs.length > 1)
    })
    .toBe(true)

  const { all, newest, batches } = await seen(page)
  const framesOf = (calls: readonly (readonly [number, unknown])[]): number[] => calls.map(([frame]) => frame)
  expect(new Set(framesOf(batches)).size).toBe(batches.length)
  expect(new Set(framesOf(newest)).size).toBe(newest.length)
  // All were subscribed one after another, so those that began later may lack the first few.
  const batched = batches.flatMap(([, seqs]) => seqs)
  expect(batched).toEqual(all.slice(all.indexOf(batched[0] ?? -1)).slice(0, batched.length))
  expect(all.length - batched.length).toBeLessThan(10)
  // One shared frame: where a batch ended, its last was the newest.
  const last = new Map(batches.map(([frame, seqs]) => [frame, seqs.at(-1)]))
  const both = newest.filter(([frame]) => last.has(frame))
  expect(both.length).toBeGreaterThan(1)
  for (const [frame, seq] of both) expect(seq).toBe(last.get(frame))

  await page.evaluate(() => window.end())
  const ended = await seen(page)
  await expect.poll(async () => (await seen(page)).all.length).toBeGreaterThan(ended.all.length + 2)
  const after = await seen(page)
  expect([after.newest, after.batches]).toEqual([ended.newest, ended.batches])
})
