import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { topicOf } from '@topicwire/client/testing'
import { FakeMarket, Frames, position } from '@/testing/fakeMarket'
import { usePositions } from './usePositions'

const topic = topicOf('positions', {})
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

describe('the positions of an account', () => {
  it('are listed, revalued live, and gone when closed', async () => {
    const { result: positions } = market.run(usePositions)
    const shown = (): [string, string][] =>
      [...positions.value.values()].map(({ symbol, unrealized }) => [symbol, unrealized])
    await market.server.settled()
    market.server.publish('positions', topic, position('AAPL', '10', 5, '3.00'))
    await market.server.settled()
    await market.call('/positions').answer([position('AAPL', '10', 4, '2.00'), position('IBM', '5', 1)])
    expect(shown()).toEqual([
      ['AAPL', '3.00'],
      ['IBM', '0.00'],
    ])
    market.server.publish('positions', topic, position('IBM', '0', 2), position('AAPL', '10', 6, '4.00'))
    await market.server.settled()
    frames.next()
    expect(shown()).toEqual([['AAPL', '4.00']])

    await market.reconnect()
    await market.call('/positions').answer([])
    expect(shown()).toEqual([])
  })
})
