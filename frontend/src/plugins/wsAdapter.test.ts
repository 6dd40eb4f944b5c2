import { describe, expect, it } from 'vitest'
import { FakeServer, ManualClock } from '@topicwire/client/testing'
import { routeNames } from '@/clients/ws-client-generated'
import { WsAdapter } from './wsAdapter'

describe('the adapter', () => {
  it('has every route of the document, without an edit here (checklist 10)', () => {
    const adapter = new WsAdapter()
    const routes = [...new Set(routeNames.map((name) => name.split('.')[0] ?? name))]
    const members = Object.entries(adapter).filter(([name]) => name !== 'connection')
    expect(members.map(([name]) => name).sort()).toEqual(routes.sort())
    for (const [, route] of members) {
      expect(route).toMatchObject({
        subscribe: expect.any(Function) as unknown,
        unsubscribe: expect.any(Function) as unknown,
      })
    }
  })

  it('opens no socket before it is used, and one for all', async () => {
    const server = new FakeServer({ clock: new ManualClock() })
    const options = { url: 'ws://adapters.test', webSocket: server.WebSocket, clock: new ManualClock() }
    const [one, other] = [new WsAdapter(options), new WsAdapter(options)]
    expect(server.attempts).toBe(0)
    const seen: number[] = []
    await one.quotes.subscribe('listener', { symbol: 'AAPL' }, (quote) => seen.push(quote.last))
    await other.bars.subscribe('listener', { symbol: 'AAPL' }, () => undefined)
    expect(server.attempts).toBe(1)
  })
})
