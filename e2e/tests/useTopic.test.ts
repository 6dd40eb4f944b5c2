import type { Locator, Page } from '@playwright/test'
import { bundlePage } from '../support/bundle'
import { expect, test } from '../support/fixtures'
import type { Watch } from '../support/fixtures'

/** Opens the application's page with the script of one of `support/pages/` in the place of its own. */
async function open(page: Page, framework: string): Promise<void> {
  const body = await bundlePage(framework)
  await page.route('**/assets/*.js', (route) => route.fulfill({ contentType: 'text/javascript', body }))
  await page.goto('/')
}

function commands({ frames }: Watch): string[] {
  return frames
    .filter(({ direction }) => direction === 'to_server')
    .map(({ text }) => JSON.parse(text) as { type: string; payload?: { symbol: string } })
    .filter(({ type }) => type.startsWith('quotes.'))
    .map(({ type, payload }) => `${type.slice(7)} ${payload?.symbol ?? ''}`)
}

async function attribute(of: Locator, name: string): Promise<string> {
  return (await of.getAttribute(`data-${name}`)) ?? ''
}

for (const framework of ['vue', 'react']) {
  test(`useTopic in ${framework}: one subscription, followed, shared and ended`, async ({ page, watch }) => {
    await open(page, framework)
    const [one, two] = [page.getByTestId('one'), page.getByTestId('two')]
    const press = (name: string): Promise<void> => page.getByRole('button', { name }).click()

    for (const component of [one, two]) {
      await expect(component).toHaveAttribute('data-status', 'live')
      await expect(component).toHaveAttribute('data-symbol', 'AAPL')
      await expect(component).toHaveAttribute('data-last', /^\d/)
    }
    // Two components, in React each mounted twice.
    expect(commands(watch)).toEqual(['subscribe AAPL'])
    const before = await attribute(one, 'last')
    await expect(one).not.toHaveAttribute('data-last', before)
    expect(Number(await attribute(one, 'updates'))).toBeGreaterThan(1)

    await press('render')
    await expect(page.locator('output')).toHaveText('1')
    expect(commands(watch)).toEqual(['subscribe AAPL'])

    await press('GOOG')
    await expect(one).toHaveAttribute('data-symbol', 'GOOG')
    await expect(two).toHaveAttribute('data-symbol', 'GOOG')
    await expect
      .poll(() => commands(watch).sort())
      .toEqual(['subscribe AAPL', 'subscribe GOOG', 'unsubscribe AAPL'])

    await press('NONE')
    await expect(one).toHaveAttribute('data-status', 'failed')
    await expect(one).toHaveAttribute('data-error', /^\w+$/)
    await expect(one).not.toHaveAttribute('data-symbol')

    await press('AAPL')
    await expect(one).toHaveAttribute('data-symbol', 'AAPL')
    await press('hide')
    await expect(one).toHaveCount(0)
    await expect.poll(() => commands(watch).at(-1)).toBe('unsubscribe AAPL')
  })
}

test('the page says of which symbol the market is silent, and when it is heard again', async ({ page }) => {
  let silent = false
  await page.routeWebSocket('**/api/v1/ws', (socket) => {
    const server = socket.connectToServer()
    server.onMessage((frame) => {
      const kept = String(frame)
        .split('\n')
        .filter((message) => !silent || !/"quotes\.update".*"AAPL"/.test(message))
      if (kept.length > 0) socket.send(kept.join('\n'))
    })
  })
  await page.goto('/')
  const row = page.getByTestId('quote-AAPL')
  const chart = page.getByTestId('chart')
  await expect(row.getByTestId('change')).toHaveText(/%$/)
  silent = true
  await expect(row.getByTestId('stale')).toHaveText('Stale')
  await expect(chart.getByTestId('chart-stale')).toHaveText('Stale: the market is silent')
  await expect(page.getByTestId('connection')).toHaveAttribute('data-status', 'open')
  await expect(page.getByTestId('quote-GOOG').getByTestId('stale')).toHaveCount(0)
  const folder = process.env['SCREENSHOTS']
  if (folder !== undefined) {
    for (const theme of ['light', 'dark'] as const) {
      for (const width of [390, 820, 1440]) {
        await page.emulateMedia({ colorScheme: theme })
        await page.setViewportSize({ width, height: 900 })
        await page.screenshot({ path: `${folder}/stale-${theme}-${width}.png` })
      }
    }
  }
  silent = false
  await expect(row.getByTestId('stale')).toHaveCount(0)
  await expect(chart.getByTestId('chart-stale')).toHaveText('')
})
