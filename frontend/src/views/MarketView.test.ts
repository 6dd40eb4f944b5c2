import { flushPromises, mount } from '@vue/test-utils'
import type { VueWrapper } from '@vue/test-utils'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { topicOf } from '@topicwire/client/testing'
import { provideServices } from '@/composables/services'
import { FakeMarket, Frames, bar, order, quote, symbolInfo } from '@/testing/fakeMarket'
import type { Call } from '@/testing/fakeMarket'
import MarketView from './MarketView.vue'

// Draws on a canvas, which this document has none of; Chromium tests it.
vi.mock('@/composables/candleRenderer', () => ({
  CandleRenderer: class {
    readonly restyle = vi.fn()
    readonly configure = vi.fn()
    readonly show = vi.fn()
    readonly reset = vi.fn()
    readonly destroy = vi.fn()
  },
}))

const SYMBOLS = ['AAPL', 'IBM']
let market: FakeMarket
let frames: Frames
let wrapper: VueWrapper

function replies({ url }: Call): unknown {
  const path = url.pathname.replace('/api/v1/', '')
  switch (path) {
    case 'datafeed/config':
      return {
        symbols: SYMBOLS,
        supported_resolutions: ['1', '1D'],
        max_history_bars: 2000,
        timezone: 'Etc/UTC',
        session: '24x7',
        simulated: true,
        anchor: { source: '', description: 'Anchored on real days.', last_real_day: '2026-01-01', seed: '' },
      }
    case 'datafeed/quotes':
      return SYMBOLS.map((symbol) => quote(symbol, 100))
    case 'datafeed/history':
      return { bars: [bar(1), bar(2, 0, 104)], no_data: false, next_time: null }
    case 'broker/orders':
      return [order('o1', 1)]
    case 'broker/positions':
      return []
    default:
      return symbolInfo(path.split('/').at(-1) ?? '')
  }
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 4; turn += 1) {
    await flushPromises()
    await market.server.settled()
  }
}

function open(): void {
  wrapper = mount(MarketView, {
    global: {
      plugins: [
        (app) => {
          provideServices(market.services, app)
        },
      ],
    },
  })
}

const at = (id: string): string => wrapper.get(`[data-testid=${id}]`).text()

beforeEach(() => {
  market = new FakeMarket()
  market.reply = replies
  frames = new Frames()
  vi.stubGlobal('requestAnimationFrame', frames.request)
  vi.stubGlobal('cancelAnimationFrame', frames.cancel)
  history.replaceState(null, '', '/')
})

afterEach(() => {
  wrapper.unmount()
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

describe('the page', () => {
  it('shows the market, live', async () => {
    open()
    await settled()
    expect(at('symbol')).toBe('AAPL')
    expect(at('notice')).toBe('This market is simulated. Anchored on real days.')
    expect(at('legend')).toContain('104.00')
    expect(at('order-o1')).toContain('Working')
    expect(wrapper.get('[data-testid=connection]').attributes('data-status')).toBe('open')
    expect(document.title).toBe('AAPL 100.00 · Topicwire')

    market.server.publish('quotes', topicOf('quotes', { symbol: 'AAPL' }), quote('AAPL', 105, 2))
    market.server.publish('bars', topicOf('bars', { symbol: 'AAPL', resolution: '1' }), bar(2, 1, 107))
    await settled()
    frames.next()
    await flushPromises()
    expect(at('chart-last')).toBe('105.00')
    expect(at('legend')).toContain('107.00')
    expect(document.title).toBe('AAPL 105.00 · Topicwire')
  })

  it('switches the symbol, and says so in the address', async () => {
    open()
    await settled()
    await wrapper.get('[data-testid=quote-IBM]').trigger('click')
    await settled()
    expect(at('symbol')).toBe('IBM')
    expect(wrapper.get('[data-testid=chart]').attributes('data-key')).toBe('IBM 1')
    expect(location.search).toBe('?symbol=IBM&resolution=1')
  })

  it('says that it reconnects, and that its numbers are old', async () => {
    open()
    await settled()
    market.server.refuse()
    market.server.cut()
    await market.clock.advance(100)
    expect(at('connection')).toContain('Reconnecting')
    expect(wrapper.get('main').classes()).toContain('stale')
    market.server.accept()
    await market.clock.advance(30_000)
    await settled()
    expect(at('connection')).toContain('Live')
    expect(wrapper.get('main').classes()).not.toContain('stale')
  })

  it('says of which symbol the market is silent, while the connection is open', async () => {
    market = new FakeMarket({ staleAfterS: { quotes: 5, bars: 5 } })
    market.reply = replies
    open()
    await settled()
    const aapl = topicOf('quotes', { symbol: 'AAPL' })
    market.server.publish('quotes', aapl, quote('AAPL', 105, 2))
    await market.clock.advance(5_001)
    await settled()
    expect(at('connection')).toContain('Live')
    expect(wrapper.get('main').classes()).not.toContain('stale')
    expect(at('chart-stale')).toBe('Stale: the market is silent')
    expect(at('quote-AAPL')).toContain('Stale')
    expect(wrapper.get('[data-testid=details]').classes()).toContain('old')

    market.server.publish('quotes', aapl, quote('AAPL', 106, 3))
    const bars = topicOf('bars', { symbol: 'AAPL', resolution: '1' })
    market.server.publish('bars', bars, bar(2, 1, 107))
    await settled()
    frames.next()
    await flushPromises()
    expect(at('chart-stale')).toBe('')
    expect(at('quote-AAPL')).toContain('106.00+6.00%')
    expect(at('quote-IBM')).toContain('Stale')
    expect(wrapper.get('[data-testid=details]').classes()).not.toContain('old')
  })

  it('waits for a server that starts after it', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    market.reply = (call) => (call.url.pathname.endsWith('/config') ? undefined : replies(call))
    open()
    await settled()
    await market.call('/config').fail()
    expect(wrapper.text()).toContain('The server cannot be reached. Trying again…')
    for (const panel of ['watchlist', 'details', 'ticket', 'orders'])
      expect(wrapper.find(`[data-testid=${panel}]`).exists()).toBe(true)
    market.reply = replies
    await vi.advanceTimersByTimeAsync(2_000)
    await settled()
    expect(at('symbol')).toBe('AAPL')
  })
})
