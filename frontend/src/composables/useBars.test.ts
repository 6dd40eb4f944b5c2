import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { nextTick, shallowRef } from 'vue'
import { topicOf } from '@topicwire/client/testing'
import { FakeMarket, Frames, bar } from '@/testing/fakeMarket'
import { useBars } from './useBars'
import type { LiveBars, Resolution } from './useBars'

const topic = topicOf('bars', { symbol: 'AAPL', resolution: '1' })
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
  vi.useRealTimers()
})

const history = (bars: readonly object[]): object => ({ bars, no_data: bars.length === 0, next_time: null })
const minutes = (live: LiveBars): number[] => live.bars.value.map(({ time }) => time / 60_000)

async function started(): Promise<LiveBars> {
  const { result } = market.run(() =>
    useBars(
      () => 'AAPL',
      () => '1',
    ),
  )
  await market.server.settled()
  return result
}

describe('the bars of a symbol', () => {
  it('asks for history only when the subscription stands, and joins what came live meanwhile', async () => {
    market.server.hold()
    const live = await started()
    expect(market.calls).toEqual([])
    market.server.release()
    await market.server.settled()
    market.server.publish('bars', topic, bar(3, 5, 103), bar(4, 0, 104))
    await market.server.settled()
    expect(minutes(live)).toEqual([])

    await market.call('/history').answer(history([bar(1), bar(2), bar(3, 4, 99)]))
    expect(minutes(live)).toEqual([1, 2, 3, 4])
    expect(live.bars.value.map(({ close }) => close)).toEqual([100, 100, 103, 104])
    expect(live.state.value).toBe('live')
  })

  it('shows many updates in one frame', async () => {
    const live = await started()
    await market.call('/history').answer(history([bar(1)]))
    const before = live.bars.value
    market.server.publish('bars', topic, bar(1, 1, 101), bar(1, 2, 102), bar(2, 0, 103))
    await market.server.settled()
    expect(live.bars.value).toBe(before)
    expect(frames.next()).toBe(1)
    expect(live.bars.value.map(({ close }) => close)).toEqual([102, 103])
    expect(frames.next()).toBe(0)
  })

  it('fetches again after a lost connection, and shows the old bars until then', async () => {
    const live = await started()
    await market.call('/history').answer(history([bar(1), bar(2, 7)]))
    await market.reconnect()
    expect(live.state.value).toBe('waiting')
    expect(minutes(live)).toEqual([1, 2])
    market.server.publish('bars', topic, bar(5, 1))
    await market.server.settled()
    await market.call('/history').answer(history([bar(2, 9), bar(3), bar(4), bar(5)]))
    expect(minutes(live)).toEqual([1, 2, 3, 4, 5])
    expect(live.bars.value.map(({ revision }) => revision)).toEqual([0, 9, 0, 0, 1])
  })

  it('subscribes once a connection on the wire, also after it was lost', async () => {
    await started()
    await market.call('/history').answer(history([bar(1)]))
    await market.reconnect()
    const types = market.server.received.map(({ type }) => type).filter((type) => type.startsWith('bars'))
    expect(types).toEqual(['bars.subscribe', 'bars.subscribe'])
  })

  it('drops answers and updates of a symbol that was left', async () => {
    const symbol = shallowRef('AAPL')
    const resolution = shallowRef<Resolution>('1')
    const { result: live } = market.run(() =>
      useBars(
        () => symbol.value,
        () => resolution.value,
      ),
    )
    await market.server.settled()
    const slow = market.call('/history')
    symbol.value = 'IBM'
    await nextTick()
    await market.server.settled()
    expect(slow.signal.aborted).toBe(true)
    await slow.answer(history([bar(1), bar(2)]))
    expect(market.server.publish('bars', topic, bar(9))).toBe(0)
    await market.call('/history').answer(history([bar(5)]))
    expect([live.key.value, minutes(live)]).toEqual(['IBM 1', [5]])

    resolution.value = '60'
    await nextTick()
    await market.server.settled()
    expect([live.key.value, minutes(live)]).toEqual(['IBM 60', []])
    expect(market.call('/history').url.searchParams.get('resolution')).toBe('60')
  })

  it('says why there is nothing to see, and tries again when asked to', async () => {
    const live = await started()
    await market.call('/history').answer({ detail: 'unknown symbol' }, 404)
    expect([live.state.value, live.error.value?.message]).toEqual(['failed', 'unknown symbol'])
    live.retry()
    await market.server.settled()
    await market.call('/history').answer(history([bar(1)]))
    expect([live.state.value, live.error.value, minutes(live)]).toEqual(['live', undefined, [1]])
  })

  it('tries again by itself while the server is away', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    market.server.refuse()
    const live = await started()
    await market.clock.advance(60_000)
    expect(live.error.value).toMatchObject({ code: 'offline' })
    market.server.accept()
    await vi.advanceTimersByTimeAsync(3_000)
    await market.clock.advance(60_000)
    await market.call('/history').fail()
    expect(live.error.value?.message).toBe('The server cannot be reached.')
    await vi.advanceTimersByTimeAsync(3_000)
    await market.server.settled()
    await market.call('/history').answer(history([bar(1)]))
    expect([live.state.value, live.error.value, minutes(live)]).toEqual(['live', undefined, [1]])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('pages into the past, one page at a time, until there is no more', async () => {
    const live = await started()
    await market.call('/history').answer(history([bar(10), bar(11)]))
    void live.loadOlder()
    void live.loadOlder()
    await market.server.settled()
    expect(market.calls.map(({ url }) => url.searchParams.get('to'))).toEqual(['600'])
    await market.call('/history').answer(history([bar(8), bar(9), bar(10)]))
    expect(minutes(live)).toEqual([8, 9, 10, 11])

    void live.loadOlder()
    await market.server.settled()
    await market.call('/history').answer({ bars: [], no_data: true, next_time: 120 })
    await market.call('/history').answer(history([bar(1), bar(2)]))
    expect(minutes(live)).toEqual([1, 2, 8, 9, 10, 11])

    void live.loadOlder()
    await market.server.settled()
    await market.call('/history').answer(history([]))
    await live.loadOlder()
    expect(market.calls).toEqual([])
  })

  it('leaves the topic with its component', async () => {
    const { end } = market.run(() =>
      useBars(
        () => 'AAPL',
        () => '1',
      ),
    )
    await market.server.settled()
    end()
    await market.server.settled()
    expect(market.server.publish('bars', topic, bar(1))).toBe(0)
  })
})
