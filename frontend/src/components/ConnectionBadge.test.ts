import { mount } from '@vue/test-utils'
import { describe, expect, it } from 'vitest'
import { provideServices } from '@/composables/services'
import { FakeMarket } from '@/testing/fakeMarket'
import ConnectionBadge from './ConnectionBadge.vue'

describe('the connection badge', () => {
  it('says the state in words, and the latency while there is one', async () => {
    const market = new FakeMarket()
    const wrapper = mount(ConnectionBadge, {
      global: {
        plugins: [
          (app) => {
            provideServices(market.services, app)
          },
        ],
      },
    })
    const text = (): string => wrapper.text().replace(/\s+/g, ' ')
    expect(text()).toBe('Connecting')
    market.server.delayMs = 2
    const subscribed = market.services.ws.quotes.subscribe('test', { symbol: 'AAPL' }, () => undefined)
    await market.clock.advance(100)
    await subscribed
    expect(text()).toBe('LiveLatency 4 ms')

    market.server.refuse()
    market.server.cut()
    await market.clock.advance(100)
    expect(text()).toBe('Reconnecting')
    market.services.ws.connection.close()
    await market.server.settled()
    expect(text()).toBe('Offline')
  })
})
