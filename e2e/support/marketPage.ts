import { expect } from '@playwright/test'
import type { Locator, Page } from '@playwright/test'

const MINUTE_MS = 60_000
const WIDTH_MS: Readonly<Record<string, number>> = {
  '1': MINUTE_MS,
  '5': 5 * MINUTE_MS,
  '15': 15 * MINUTE_MS,
  '60': 60 * MINUTE_MS,
  '1D': 1440 * MINUTE_MS,
}

/** What the chart says of itself. */
export interface Chart {
  readonly key: string
  readonly bars: number
  readonly firstTime: number
  readonly lastTime: number
}

/** The page as its user knows it. */
export class MarketPage {
  readonly chart: Locator
  readonly legend: Locator
  readonly connection: Locator
  readonly orders: Locator
  readonly ticket: Locator
  readonly #page: Page

  constructor(page: Page) {
    this.#page = page
    this.chart = page.getByTestId('chart')
    this.legend = page.getByTestId('legend')
    this.connection = page.getByTestId('connection')
    this.orders = page.getByTestId('orders')
    this.ticket = page.getByTestId('ticket')
  }

  /** Resolves when quotes and candles are live. */
  async open(path = '/'): Promise<void> {
    await this.#page.goto(path)
    await this.live()
  }

  async live(): Promise<void> {
    await expect(this.connection).toHaveAttribute('data-status', 'open')
    await expect(this.chart).toHaveAttribute('data-state', 'live')
    await expect(this.legend).toBeVisible()
  }

  last(symbol: string): Locator {
    return this.#page.getByTestId(`quote-${symbol}`).getByTestId('last')
  }

  /** Resolves when the watchlist has a price of the symbol. */
  async quoted(symbol: string): Promise<void> {
    await expect(this.last(symbol)).toHaveText(/^[\d,]+\.\d\d$/)
  }

  /** Resolves when the text is another one than now. */
  async changes(locator: Locator): Promise<void> {
    const before = await locator.innerText()
    await expect(locator).not.toHaveText(before, { useInnerText: true })
  }

  async select(symbol: string): Promise<void> {
    await this.#page.getByTestId(`quote-${symbol}`).click()
  }

  async resolution(name: string): Promise<void> {
    await this.#page.getByRole('radio', { name, exact: true }).check({ force: true })
  }

  async state(): Promise<Chart> {
    const data = await this.chart.evaluate((element) => ({ ...(element as HTMLElement).dataset }))
    return {
      key: data['key'] ?? '',
      bars: Number(data['bars']),
      firstTime: Number(data['firstTime']),
      lastTime: Number(data['lastTime']),
    }
  }

  /** The market trades around the clock: bars without gap or double are as many as fit between first and last. */
  async isWhole(): Promise<Chart> {
    const chart = await this.state()
    const width = WIDTH_MS[chart.key.split(' ')[1] ?? ''] ?? NaN
    expect(chart.bars).toBeGreaterThan(100)
    expect(chart.bars).toBe((chart.lastTime - chart.firstTime) / width + 1)
    return chart
  }
}
