import {
  CandlestickSeries,
  ColorType,
  CrosshairMode,
  HistogramSeries,
  LineStyle,
  TickMarkType,
  createChart,
} from 'lightweight-charts'
import type { IChartApi, ISeriesApi, MouseEventParams, Time, UTCTimestamp } from 'lightweight-charts'
import type { Bar } from '@/clients/ws-types-generated'
import { chartChange } from './chartChange'
import type { ChartClock } from './chartTime'
import { formatPrice, formatVolume } from './format'

export interface CandleRendererEvents {
  /** The left edge is near: older bars are wanted. */
  readonly older: () => void
  /** The bar under the crosshair, undefined when it has left. */
  readonly inspect: (bar: Bar | undefined) => void
  /** Whether the newest bar is in view. */
  readonly atEnd: (value: boolean) => void
}

/** How many bars before the left edge older ones are asked for. */
const MARGIN = 40
/** Empty places for bars to come, right of the newest. */
const RIGHT_OFFSET = 6

/** Draws bars with lightweight-charts, which alone touches the canvas. */
export class CandleRenderer {
  readonly #container: HTMLElement
  readonly #chart: IChartApi
  readonly #candles: ISeriesApi<'Candlestick'>
  readonly #volume: ISeriesApi<'Histogram'>
  readonly #events: CandleRendererEvents
  #bars: readonly Bar[] = []
  #byTime = new Map<number, Bar>()
  #volumeColors = { up: '', down: '' }

  constructor(container: HTMLElement, events: CandleRendererEvents) {
    this.#container = container
    this.#events = events
    this.#chart = createChart(container, {
      autoSize: true,
      crosshair: { mode: CrosshairMode.Normal },
      rightPriceScale: {
        borderVisible: false,
        entireTextOnly: true,
        scaleMargins: { top: 0.12, bottom: 0.24 },
      },
      timeScale: { borderVisible: false, rightOffset: RIGHT_OFFSET, barSpacing: 8, minBarSpacing: 1.5 },
      layout: { attributionLogo: true, fontSize: 11 },
    })
    this.#candles = this.#chart.addSeries(CandlestickSeries, {
      borderVisible: false,
      priceLineStyle: LineStyle.Dotted,
    })
    this.#volume = this.#chart.addSeries(HistogramSeries, {
      priceScaleId: '',
      priceFormat: { type: 'custom', formatter: formatVolume, minMove: 1 },
      lastValueVisible: false,
      priceLineVisible: false,
    })
    this.#volume.priceScale().applyOptions({ scaleMargins: { top: 0.84, bottom: 0 } })
    this.#chart.subscribeCrosshairMove(this.#inspect)
    this.#chart.timeScale().subscribeVisibleLogicalRangeChange(this.#scrolled)
  }

  /** Takes colours and font from the page's style, where the theme is. */
  restyle(): void {
    const style = getComputedStyle(this.#container)
    const color = (name: string): string => style.getPropertyValue(`--${name}`).trim()
    const label = { color: color('chart-crosshair'), labelBackgroundColor: color('chart-label') }
    this.#chart.applyOptions({
      layout: {
        background: { type: ColorType.Solid, color: color('surface') },
        textColor: color('text-faint'),
        fontFamily: style.fontFamily,
      },
      grid: { vertLines: { color: color('chart-grid') }, horzLines: { color: color('chart-grid') } },
      crosshair: { vertLine: label, horzLine: label },
    })
    const [up, down] = [color('candle-up'), color('candle-down')]
    this.#candles.applyOptions({ upColor: up, downColor: down, wickUpColor: up, wickDownColor: down })
    this.#volumeColors = { up: color('volume-up'), down: color('volume-down') }
    this.#setAll()
  }

  /** How prices and instants are written. */
  configure(clock: ChartClock, decimals: number, daily: boolean): void {
    const minMove = 10 ** -decimals
    this.#candles.applyOptions({
      priceFormat: { type: 'custom', minMove, formatter: (price: number) => formatPrice(price, decimals) },
    })
    this.#chart.applyOptions({
      localization: { timeFormatter: (time: Time) => clock.full(time as UTCTimestamp, daily) },
      timeScale: {
        timeVisible: !daily,
        secondsVisible: false,
        tickMarkFormatter: (time: Time, type: TickMarkType) => tick(clock, time as UTCTimestamp, type),
      },
    })
  }

  /** Draws these bars, changing as little as possible. */
  show(bars: readonly Bar[]): void {
    const change = chartChange(this.#bars, bars)
    const last = this.#bars.at(-1)?.time ?? 0
    this.#bars = bars
    if (change.kind === 'all') this.#setAll()
    if (change.kind !== 'tail') return
    for (const bar of change.bars) {
      this.#byTime.set(bar.time, bar)
      this.#candles.update(this.#candle(bar), bar.time < last)
      this.#volume.update(this.#column(bar), bar.time < last)
    }
  }

  /** Goes to the newest bar at the default scale, as for another symbol. */
  reset(): void {
    this.#chart.priceScale('right').applyOptions({ autoScale: true })
    this.#chart.timeScale().resetTimeScale()
  }

  /** Moves to the newest bar at the scale as it is. */
  toEnd(): void {
    // At once: bars that arrive would end an animation half-way.
    this.#chart.timeScale().scrollToPosition(RIGHT_OFFSET, false)
  }

  destroy(): void {
    this.#chart.remove()
  }

  readonly #inspect = (event: MouseEventParams): void => {
    const bar = event.time === undefined ? undefined : this.#byTime.get((event.time as UTCTimestamp) * 1000)
    this.#events.inspect(bar)
  }

  readonly #scrolled = (range: { from: number; to: number } | null): void => {
    if (range === null || this.#bars.length === 0) return
    if (range.from < MARGIN) this.#events.older()
    this.#events.atEnd(range.to >= this.#bars.length - 2)
  }

  #setAll(): void {
    this.#byTime = new Map(this.#bars.map((bar) => [bar.time, bar]))
    this.#candles.setData(this.#bars.map((bar) => this.#candle(bar)))
    this.#volume.setData(this.#bars.map((bar) => this.#column(bar)))
  }

  #candle({ time, open, high, low, close }: Bar) {
    return { time: seconds(time), open, high, low, close }
  }

  #column({ time, open, close, volume }: Bar) {
    const color = close >= open ? this.#volumeColors.up : this.#volumeColors.down
    return { time: seconds(time), value: volume, color }
  }
}

function seconds(milliseconds: number): UTCTimestamp {
  return (milliseconds / 1000) as UTCTimestamp
}

function tick(clock: ChartClock, time: UTCTimestamp, type: TickMarkType): string {
  switch (type) {
    case TickMarkType.Year:
      return clock.year(time)
    case TickMarkType.Month:
      return clock.month(time)
    case TickMarkType.DayOfMonth:
      return clock.day(time)
    default:
      return clock.time(time)
  }
}
