import type { CDPSession, Page } from '@playwright/test'
import { serveBuilt } from '../support/built'
import { bundlePage } from '../support/bundle'
import { expect, test } from '../support/fixtures'
import type { Taken } from '../support/pages/worker'

declare global {
  interface Window {
    readonly taken: Taken
    readonly leave: () => Promise<void>
  }
}

const seen = (page: Page): Promise<Taken> => page.evaluate(() => window.taken)

/** Opens the page, with this content security policy before anything of its own runs. */
async function open(page: Page, policy?: string): Promise<void> {
  const body = `${forbidding(policy)}${await bundlePage('worker')}`
  await page.route('**/assets/*.js', (route) => route.fulfill({ contentType: 'text/javascript', body }))
  await page.goto('/')
}

/** By an element: a document that this test answers itself would not be one of loopback, and could connect to nothing there. */
function forbidding(policy: string | undefined): string {
  if (policy === undefined) return ''
  const element = `<meta http-equiv="Content-Security-Policy" content="${policy}">`
  return `document.head.insertAdjacentHTML('beforeend', ${JSON.stringify(element)});\n`
}

/** Resolves when so many more updates have come through the worker's socket. */
async function more(page: Page, count = 3): Promise<void> {
  const { length } = (await seen(page)).inWorker
  await expect.poll(async () => (await seen(page)).inWorker.length).toBeGreaterThan(length + count)
}

/** Both sockets began and are looked at not quite at once: what both have had must be the same. */
function shared({ onPage, inWorker }: Taken): [number[], number[]] {
  const from = Math.max(onPage[0] ?? 0, inWorker[0] ?? 0)
  const to = Math.min(onPage.at(-1) ?? 0, inWorker.at(-1) ?? 0)
  const within = (seqs: readonly number[]): number[] => seqs.filter((seq) => seq >= from && seq <= to)
  return [within(inWorker), within(onPage)]
}

/** Each once, in order. */
function ordered(seqs: readonly number[]): number[] {
  return [...new Set(seqs)].sort((one, other) => one - other)
}

test('a socket in a worker brings what one on the page does, and the worker ends with it', async ({
  page,
}) => {
  await open(page)
  await more(page)
  expect(page.workers()).toHaveLength(1)
  // Held up, and without a frame: nothing is lost, and nothing comes in another order.
  await page.evaluate(() => {
    const until = performance.now() + 1_500
    while (performance.now() < until);
  })
  await more(page)
  const [inWorker, onPage] = shared(await seen(page))
  expect(inWorker.length).toBeGreaterThan(5)
  expect(inWorker).toEqual(onPage)
  await page.evaluate(() => window.leave())
  await expect.poll(() => page.workers().length).toBe(0)
  const ended = await seen(page)
  expect([ended.statuses, ended.fallbacks]).toEqual([['connecting', 'open', 'idle'], []])
})

test('a page that is not painted, or was frozen, goes on', async ({ page }) => {
  await page.addInitScript(() => {
    window.requestAnimationFrame = () => 0
  })
  await open(page)
  await more(page)
  const devtools: CDPSession = await page.context().newCDPSession(page)
  await devtools.send('Page.setWebLifecycleState', { state: 'frozen' })
  await devtools.send('Page.setWebLifecycleState', { state: 'active' })
  await more(page)
  const [inWorker, onPage] = shared(await seen(page))
  expect(inWorker).toEqual(onPage)
  expect((await seen(page)).statuses).toEqual(['connecting', 'open'])
})

test('a worker that fails is a lost connection, and the next one has a worker again', async ({ page }) => {
  await open(page)
  await more(page)
  const [first] = page.workers()
  await first?.evaluate(() => {
    setTimeout(() => {
      throw new Error('It broke.')
    })
  })
  await expect
    .poll(async () => (await seen(page)).statuses)
    .toEqual(['connecting', 'open', 'reconnecting', 'open'])
  await more(page)
  const { inWorker, fallbacks } = await seen(page)
  expect(inWorker).toEqual(ordered(inWorker))
  expect(fallbacks).toEqual([])
  expect(page.workers()).toHaveLength(1)
  expect(page.workers()[0]).not.toBe(first)
})

test('where the policy forbids workers the socket is on the page, and that is told', async ({
  page,
  watch,
}) => {
  watch.forgive(/Content Security Policy|worker-src/)
  await open(page, "worker-src 'none'")
  await more(page)
  const { fallbacks, statuses } = await seen(page)
  expect(fallbacks).toEqual([
    expect.stringMatching(/^No worker for the socket, which is on the page instead/),
  ])
  expect(statuses).toEqual(['connecting', 'open'])
  expect(page.workers()).toEqual([])
})

test('of a file, as a bundler places it, it needs no blob', async ({ page, stack }) => {
  const built = await serveBuilt('worker', stack.backendUrl)
  try {
    await page.goto(`${built.url}?file`)
    await more(page)
    expect((await seen(page)).fallbacks).toEqual([])
    expect(page.workers().map((worker) => new URL(worker.url()).pathname)).toEqual([
      expect.stringMatching(/^\/assets\/script-.*\.js$/),
    ])
  } finally {
    await page.goto('about:blank')
    await built.stop()
  }
})

test('a page that comes back from the cache of left pages goes on where it was', async ({
  playwright,
  launchOptions,
  stack,
}) => {
  const flag = '--disable-back-forward-cache'
  const browser = await playwright.chromium.launch({ ...launchOptions, ignoreDefaultArgs: [flag] })
  try {
    const page = await browser.newPage({ baseURL: stack.pageUrl })
    await open(page)
    await more(page)
    await page.goto(stack.pageUrl.replace('127.0.0.1', 'localhost'), { waitUntil: 'commit' })
    await page.goBack({ waitUntil: 'commit' })
    await more(page)
    const { inWorker, statuses, fallbacks } = await seen(page)
    // While it was away nobody had the topic, whose numbers may begin anew.
    expect(inWorker.filter((seq, at) => seq <= (inWorker[at - 1] ?? 0)).length).toBeLessThanOrEqual(1)
    expect(fallbacks).toEqual([])
    // Restored, it has lost its connection meanwhile; a browser may as well have loaded it anew.
    expect([
      ['connecting', 'open', 'reconnecting', 'open'],
      ['connecting', 'open'],
    ]).toContainEqual(statuses)
  } finally {
    await browser.close()
  }
})
