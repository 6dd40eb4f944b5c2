import { describe, expect, it } from 'vitest'
import { FakeMarket } from '@/testing/fakeMarket'
import { useConnection } from './useConnection'

describe('the connection', () => {
  it('tells its state, latency and recoveries', async () => {
    const market = new FakeMarket()
    const { result: connection } = market.run(useConnection)
    expect([connection.status.value, connection.recoveries.value]).toEqual(['idle', 0])
    await market.services.ws.quotes.subscribe('test', { symbol: 'AAPL' }, () => undefined)
    expect([connection.status.value, connection.recoveries.value]).toEqual(['open', 0])
    expect(connection.latencyMs.value).toBe(0)

    market.server.refuse()
    market.server.cut()
    await market.clock.advance(2_000)
    expect([connection.status.value, connection.latencyMs.value]).toEqual(['reconnecting', undefined])
    market.server.accept()
    await market.clock.advance(30_000)
    expect([connection.status.value, connection.recoveries.value]).toEqual(['open', 1])
  })

  it('counts a first attempt that failed as a recovery too: what was asked for meanwhile is asked again', async () => {
    const market = new FakeMarket()
    market.server.refuse()
    const { result: connection } = market.run(useConnection)
    const subscribed = market.services.ws.quotes.subscribe('test', { symbol: 'AAPL' }, () => undefined)
    await market.clock.advance(600)
    market.server.accept()
    await market.clock.advance(5_000)
    await subscribed
    expect(connection.recoveries.value).toBe(1)
  })

  it('is not followed any longer than its component lives', async () => {
    const market = new FakeMarket()
    const { result: connection, end } = market.run(useConnection)
    end()
    await market.services.ws.quotes.subscribe('test', { symbol: 'AAPL' }, () => undefined)
    expect(connection.status.value).toBe('idle')
  })
})
