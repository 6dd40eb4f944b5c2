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
    const { result: quotes } = market.run(() => useQuotes(() => ['AAPL', 'IBM']))
    await market.server.settled()
    const call = market.call('/quotes')
    expect(call.url.searchParams.get('symbols')).toBe('AAPL,IBM')
    await call.answer([quote('AAPL', 100), quote('IBM', 50)])
    expect(quotes.value.get('IBM')?.last).toBe(50)

    const before = quotes.value
    market.server.publish('quotes', topic('AAPL'), quote('AAPL', 101, 2), quote('AAPL', 102, 3))
    market.server.publish('quotes', topic('IBM'), quote('IBM', 51, 2))
    await market.server.settled()
    expect(quotes.value).toBe(before)
    expect(frames.next()).toBe(1)
    expect([...quotes.value.values()].map(({ last }) => last)).toEqual([102, 51])
  })

  it('are not set back by a late answer', async () => {
    const { result: quotes } = market.run(() => useQuotes(() => ['AAPL']))
    await market.server.settled()
    market.server.publish('quotes', topic('AAPL'), quote('AAPL', 105, 9))
    await market.server.settled()
    frames.next()
    await market.call('/quotes').answer([quote('AAPL', 100, 1)])
    expect(quotes.value.get('AAPL')?.last).toBe(105)
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

  it('go on after a lost connection', async () => {
    const { result: quotes } = market.run(() => useQuotes(() => ['AAPL']))
    await market.server.settled()
    await market.reconnect()
    market.server.publish('quotes', topic('AAPL'), quote('AAPL', 107, 3))
    await market.server.settled()
    frames.next()
    expect(quotes.value.get('AAPL')?.last).toBe(107)
  })
})
