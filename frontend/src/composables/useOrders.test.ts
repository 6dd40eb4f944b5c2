import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { topicOf } from '@topicwire/client/testing'
import { FakeMarket, Frames, order } from '@/testing/fakeMarket'
import { useOrders } from './useOrders'
import type { Orders } from './useOrders'

const topic = topicOf('orders', {})
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

async function started(): Promise<Orders> {
  const { result } = market.run(useOrders)
  await market.server.settled()
  return result
}

const seen = ({ orders }: Orders): string[] => orders.value.map(({ id, version }) => `${id} v${version}`)

describe('the orders of an account', () => {
  it('are listed newest first, and an update shows at the next frame', async () => {
    const live = await started()
    expect(live.known.value).toBe(false)
    await market.call('/orders').answer([order('o1', 1), order('o2', 1)])
    expect(live.known.value).toBe(true)
    market.server.publish('orders', topic, order('o1', 2), order('o10', 1))
    await market.server.settled()
    expect(seen(live)).toEqual(['o2 v1', 'o1 v1'])
    frames.next()
    expect(seen(live)).toEqual(['o10 v1', 'o2 v1', 'o1 v2'])
  })

  it('never go back to an older version, whichever way it comes', async () => {
    const live = await started()
    market.server.publish('orders', topic, order('o1', 3))
    await market.server.settled()
    await market.call('/orders').answer([order('o1', 2), order('o2', 1)])
    expect(seen(live)).toEqual(['o2 v1', 'o1 v3'])
    market.server.publish('orders', topic, order('o1', 1))
    await market.server.settled()
    frames.next()
    expect(seen(live)).toEqual(['o2 v1', 'o1 v3'])
  })

  it('are those of the server that is there now', async () => {
    const live = await started()
    await market.call('/orders').answer([order('o1', 5), order('o2', 1)])
    await market.reconnect()
    await market.call('/orders').answer([order('o1', 1)])
    expect(seen(live)).toEqual(['o1 v1'])
  })

  it('are placed and canceled by REST and appear without waiting for the subscription', async () => {
    const live = await started()
    await market.call('/orders').answer([])
    const placing = live.place({ symbol: 'AAPL', side: 1, type: 2, qty: '10' })
    await market.server.settled()
    const call = market.call('/orders')
    expect([call.method, call.body]).toEqual(['POST', { symbol: 'AAPL', side: 1, type: 2, qty: '10' }])
    await call.answer(order('o1', 1), 201)
    await placing
    expect(seen(live)).toEqual(['o1 v1'])

    const canceling = live.cancel('o1')
    await market.server.settled()
    await market.call('/orders/o1').answer(order('o1', 2))
    await canceling
    expect(seen(live)).toEqual(['o1 v2'])
  })

  it('are refused in the server’s own words', async () => {
    const live = await started()
    await market.call('/orders').answer([])
    const placing = live.place({ symbol: 'AAPL', side: 1, type: 2, qty: '0' })
    await market.server.settled()
    const refused = expect(placing).rejects.toMatchObject({ status: 422, message: 'qty must be positive' })
    await market.call('/orders').answer({ detail: [{ msg: 'qty must be positive' }] }, 422)
    await refused
  })
})
