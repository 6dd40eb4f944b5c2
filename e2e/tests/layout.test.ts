import { expect, test } from '../support/fixtures'
import { MarketPage } from '../support/marketPage'

const SIZES = [
  { width: 1280, height: 800 },
  { width: 1440, height: 900 },
  { width: 1920, height: 1080 },
] as const

for (const size of SIZES) {
  test(`no panel cuts what is in it at ${size.width} x ${size.height}`, async ({ page, request }) => {
    // A position, an order in the list, and the longest thing that the ticket says.
    const order = { symbol: 'AAPL', side: 1, type: 2, qty: '5' }
    expect((await request.post('/api/v1/broker/orders', { data: order })).ok()).toBe(true)
    await page.setViewportSize(size)
    const market = new MarketPage(page)
    await market.open()
    await expect(page.getByTestId('position')).toContainText('Long')
    await market.ticket.getByLabel('Quantity').fill('0')
    await expect(market.ticket.getByRole('status')).toHaveText('Enter a quantity above zero.')

    const cut = await page
      .locator('.panel')
      .evaluateAll((panels) =>
        panels
          .filter((panel) => panel.scrollHeight > panel.clientHeight || panel.scrollWidth > panel.clientWidth)
          .map((panel) => panel.getAttribute('aria-label')),
      )
    expect(cut).toEqual([])
    await expect(page.getByTestId('position')).toBeInViewport({ ratio: 1 })
    await expect(market.ticket).toBeInViewport({ ratio: 1 })
  })
}

test('a narrow page tells why an order was rejected, and links to both interfaces', async ({
  page,
  request,
}) => {
  await page.setViewportSize({ width: 375, height: 812 })
  const market = new MarketPage(page)
  await market.open()
  const order = { symbol: 'AAPL', side: 1, type: 2, qty: '900000' }
  const answer = await request.post('/api/v1/broker/orders', { data: order })
  const { reason } = (await answer.json()) as { readonly reason: string }
  await expect(market.orders.getByText(reason).filter({ visible: true }).first()).toBeVisible()
  for (const name of ['AsyncAPI', 'REST']) await expect(page.getByRole('link', { name })).toBeVisible()
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(375)
})

test('a page opened before its server says what is not known, and fills when it is there', async ({
  page,
  stack,
  watch,
}) => {
  // What Chromium itself says of connections that are refused.
  watch.forgive(/WebSocket connection to|Failed to load resource/)
  await stack.backend.kill()
  const market = new MarketPage(page)
  await page.goto('/')
  await expect(page.getByText('The server cannot be reached. Trying again…')).toBeVisible()
  await expect(market.orders).toContainText('The orders are not known yet.')
  await expect(market.ticket.getByRole('status')).toHaveText('Waiting for the server…')
  await expect(page.getByTestId('details')).toBeVisible()

  await stack.backend.start()
  await market.live()
  await expect(market.orders).toContainText('No orders yet.')
  await expect(market.ticket.getByTestId('place')).toBeEnabled()
})
