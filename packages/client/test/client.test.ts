import { expect, test } from 'vitest'
import { createClient, type Route } from '../src/index.js'
import { FakeServer, topicOf } from '../src/testing/index.js'

interface Routes {
  trades: Route<{ symbols: string[] }, { symbol: string }>
}

test('smoke', async () => {
  const server = new FakeServer()
  const client = createClient<Routes>(['trades'], { url: 'ws://test', webSocket: server.WebSocket })
  const seen: unknown[] = []
  const accepted = await client.trades.subscribe('a', { symbols: ['A'] }, (t, i) => seen.push([t, i]))
  expect(accepted.topics).toEqual([topicOf('trades', { symbols: ['A'] })])
  server.publish('trades', topicOf('trades', { symbols: ['A'] }), { symbol: 'A' })
  await server.settled()
  expect(seen).toEqual([[{ symbol: 'A' }, { topic: accepted.topics[0], seq: 1 }]])
  await client.trades.unsubscribe('a')
  expect(server.received.map((c) => c.type)).toEqual(['trades.subscribe', 'ping', 'trades.unsubscribe'])
})
