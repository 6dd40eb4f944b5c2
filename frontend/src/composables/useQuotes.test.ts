import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { nextTick, shallowRef } from 'vue'
import { topicOf } from '@topicwire/client/testing'
import { FakeMarket, Frames, quote } from '@/testing/fakeMarket'
import { useQuotes } from './useQuotes'

const topic = (symbol: string): string => topicOf('quotes', { symbol })
let market: FakeMarket
let frames: Frames

beforeEach(() => {
  market = new FakeMarket()
  frames = new Frames()
  vi.stubGlobal('requestAnimationFrame', frames.request)
  vi.stubGlobal('cancelAnimationFrame', frames.cancel)
})

afterEach(() => {
  vi.unstubAllGlobals()
})

describe('quotes', () => {
  it('come by REST first, then live, of all symbols in one frame', async () => {
    const { result } = market.run(() => useQuotes(() => ['AAPL', 'IBM']))
    await market.server.settled()
    const call = market.call('/quotes')
    expect(call.url.searchParams.get('symbols')).toBe('AAPL,IBM')
    await call.answer([quote('AAPL', 100), quote('IBM', 50)])
    expect(result.quotes.value.get('IBM')?.last).toBe(50)

    const before = result.quotes.value
    market.server.publish('quotes', topic('AAPL'), quote('AAPL', 101, 2), quote('AAPL', 102, 3))
    market.server.publish('quotes', topic('IBM'), quote('IBM', 51, 2))
    await market.server.settled()
    expect(result.quotes.value).toBe(before)
    expect(frames.next()).toBe(1)
    expect([...result.quotes.value.values()].map(({ last }) => last)).toEqual([102, 51])
  })

  it('are not set back by a late answer', async () => {
    const { result } = market.run(() => useQuotes(() => ['AAPL']))
    await market.server.settled()
    market.server.publish('quotes', topic('AAPL'), quote('AAPL', 105, 9))
    await market.server.settled()
    frames.next()
    await market.call('/quotes').answer([quote('AAPL', 100, 1)])
    expect(result.quotes.value.get('AAPL')?.last).toBe(105)
  })

  it('follow the list of symbols, and end with the component', async () => {
    const symbols = shallowRef<readonly string[]>([])
    const { end } = market.run(() => useQuotes(() => symbols.value))
    const receivers = (): number[] =>
      ['AAPL', 'IBM'].map((symbol) => market.server.publish('quotes', topic(symbol), quote(symbol, 1)))
    const set = async (next: readonly string[]): Promise<void> => {
      symbols.value = next
      await nextTick()
      await market.server.settled()
    }
    expect(market.server.attempts).toBe(0)
    await set(['AAPL', 'IBM'])
    expect(receivers()).toEqual([1, 1])
    await set(['IBM'])
    expect(receivers()).toEqual([0, 1])
    end()
    await market.server.settled()
    expect(receivers()).toEqual([0, 0])
  })

  it('are stale where the market is silent, one by one, and no longer when it is heard or the symbol leaves', async () => {
    market = new FakeMarket({ staleAfterS: { quotes: 5 } })
    const symbols = shallowRef<readonly string[]>(['AAPL', 'IBM'])
    const { result } = market.run(() => useQuotes(() => symbols.value))
    await market.server.settled()
    const stale = (): string[] => [...result.stale.value]
    expect(stale()).toEqual([])
    await market.clock.advance(4_000)
    market.server.publish('quotes', topic('IBM'), quote('IBM', 50))
    await market.clock.advance(1_001)
    expect(stale()).toEqual(['AAPL'])
    await market.clock.advance(4_000)
    expect(stale().sort()).toEqual(['AAPL', 'IBM'])
    market.server.publish('quotes', topic('AAPL'), quote('AAPL', 100))
    await market.server.settled()
    expect(stale()).toEqual(['IBM'])
    symbols.value = ['AAPL']
    await nextTick()
    expect(stale()).toEqual([])
  })

  it('go on after a lost connection', async () => {
    const { result } = market.run(() => useQuotes(() => ['AAPL']))
    await market.server.settled()
    await market.reconnect()
    market.server.publish('quotes', topic('AAPL'), quote('AAPL', 107, 3))
    await market.server.settled()
    frames.next()
    expect(result.quotes.value.get('AAPL')?.last).toBe(107)
  })
})
