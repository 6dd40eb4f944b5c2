import { expect, test } from 'vitest'
import { createClient, TopicwireError } from '@topicwire/client'
import { FakeServer, topicOf } from '@topicwire/client/testing'
import { subscription } from '@topicwire/client/using'
import { routeNames, type Routes } from '../routes.js'

const aapl = { symbol: 'AAPL' }

test('a subscription lasts as long as its block, however that is left', async () => {
  const server = new FakeServer()
  const client = createClient<Routes>(routeNames, { url: 'ws://test/using', webSocket: server.WebSocket })
  const seen: number[] = []
  const block = async (): Promise<never> => {
    await using one = await subscription(client.quotes, aapl, ({ bid }) => seen.push(bid))
    await using two = await subscription(client.quotes, aapl, ({ ask }) => seen.push(ask))
    expect([one.topics, two.topics]).toEqual([[topicOf('quotes', aapl)], [topicOf('quotes', aapl)]])
    server.publish('quotes', topicOf('quotes', aapl), { bid: 1, ask: 2 })
    await server.settled()
    throw new Error('left')
  }
  await expect(block()).rejects.toThrow('left')
  expect(seen).toEqual([1, 2])
  expect(server.received.at(-1)?.type).toBe('quotes.unsubscribe')
  server.script('quotes.subscribe', () => {
    throw new TopicwireError('forbidden', 'No')
  })
  await expect(subscription(client.quotes, aapl, () => undefined)).rejects.toMatchObject({
    code: 'forbidden',
  })
  client.connection.close()
})
