import { expect, test } from '../support/fixtures'
import { matchFrames } from '../support/frames'
import { MarketPage } from '../support/marketPage'

test('the page opens, and quotes and a candle change', async ({ page, stack, watch }) => {
  const market = new MarketPage(page)
  await market.open()
  await expect(page).toHaveTitle(/AAPL [\d.,]+ · Topicwire/)
  await expect(page.getByTestId('notice')).toContainText('This market is simulated.')
  await expect(page.getByTestId('latency')).toContainText(/\d ms/)
  await market.isWhole()

  for (const symbol of ['AAPL', 'FB', 'GOOG', 'IBM', 'MSFT']) await market.quoted(symbol)
  // The dearer ones move with every tick or so; a cheap one may keep its cents for a while.
  for (const symbol of ['AAPL', 'GOOG']) await market.changes(market.last(symbol))
  await market.changes(market.legend)
  await market.isWhole()

  const served = await fetch(`${stack.backendUrl}/api/v1/ws/asyncapi.json`)
  const names = matchFrames(await served.json(), watch.frames)
  const total = Object.values(names).reduce((sum, count) => sum + count, 0)
  expect(total).toBeGreaterThan(20)
  const routes = ['bars', 'quotes', 'orders', 'positions']
  const types = watch.frames.map(
    ({ text }) => (JSON.parse(text.split('\n')[0] ?? '') as { type: string }).type,
  )
  for (const route of routes) expect(types).toContain(`${route}.subscribe`)
  for (const type of ['hello', 'ping', 'pong']) expect(types).toContain(type)
})

test('symbol and resolution can be switched, and are kept in the address', async ({ page }) => {
  const market = new MarketPage(page)
  await market.open()
  await market.select('GOOG')
  await expect(page.getByTestId('symbol')).toHaveText('GOOG')
  await expect(market.chart).toHaveAttribute('data-key', 'GOOG 1')
  await market.live()
  await market.isWhole()

  for (const [name, resolution] of [
    ['5 minutes', '5'],
    ['15 minutes', '15'],
    ['1 hour', '60'],
    ['1 day', '1D'],
  ] as const) {
    await market.resolution(name)
    await expect(market.chart).toHaveAttribute('data-key', `GOOG ${resolution}`)
    await market.live()
    await market.isWhole()
    await market.changes(market.legend)
  }
  await expect(page).toHaveURL(/\?symbol=GOOG&resolution=1D$/)
  await page.reload()
  await market.live()
  expect((await market.state()).key).toBe('GOOG 1D')
})

test('scrolling left brings older bars, joined to the newer ones', async ({ page }) => {
  const market = new MarketPage(page)
  await market.open()
  const before = await market.isWhole()
  const box = await market.chart.boundingBox()
  if (box === null) throw new Error('The chart has no place on the page.')
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2)
  await expect(async () => {
    await page.mouse.wheel(-2000, 0)
    expect((await market.state()).bars).toBeGreaterThan(before.bars)
  }).toPass()
  const after = await market.isWhole()
  expect(after.firstTime).toBeLessThan(before.firstTime)
  await page.getByRole('button', { name: 'Go to the newest bar' }).click()
  await expect(page.getByRole('button', { name: 'Go to the newest bar' })).toBeHidden()
})

test('the backend is killed and started again, and the page recovers by itself', async ({
  page,
  stack,
  watch,
}) => {
  const market = new MarketPage(page)
  await market.open()
  const before = await market.state()
  // The market is the same for every server of its seed: what is over does not change by a restart.
  const hourAgo = Math.floor(before.lastTime / 1000) - 3600
  const query = `symbol=GOOG&resolution=1&from=${hourAgo}&to=${hourAgo + 3000}`
  const past = (): Promise<string> =>
    fetch(`${stack.backendUrl}/api/v1/datafeed/history?${query}`).then((answer) => answer.text())
  const pastBefore = await past()

  // What Chromium itself says of connections that are refused.
  watch.forgive(/WebSocket connection to|Failed to load resource/)
  await stack.backend.kill()
  await expect(market.connection).toHaveAttribute('data-status', 'reconnecting')
  await expect(market.connection).toContainText('Reconnecting')
  // The candles stay in sight meanwhile.
  expect((await market.state()).bars).toBeGreaterThanOrEqual(before.bars)

  await stack.backend.start()
  await market.live()
  await market.changes(market.last('AAPL'))
  await market.changes(market.legend)
  expect(await past()).toBe(pastBefore)
  const after = await market.isWhole()
  expect(after.firstTime).toBeLessThanOrEqual(before.firstTime)
  expect(after.lastTime).toBeGreaterThanOrEqual(before.lastTime)
})

test('the theme is the system’s until it is chosen, and then remembered', async ({ page }) => {
  const market = new MarketPage(page)
  await page.emulateMedia({ colorScheme: 'light' })
  await market.open()
  const theme = page.locator('html')
  await expect(theme).toHaveAttribute('data-theme', 'light')
  await page.emulateMedia({ colorScheme: 'dark' })
  await expect(theme).toHaveAttribute('data-theme', 'dark')
  await page.getByRole('button', { name: 'Switch to the light theme' }).click()
  await expect(theme).toHaveAttribute('data-theme', 'light')
  await page.reload()
  await expect(theme).toHaveAttribute('data-theme', 'light')
})
