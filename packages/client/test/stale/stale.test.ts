/** Who is told that a topic is silent: late listeners, other clients of the page, and nobody who has ended. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createClient, type Client } from '../../src/index.js'
import { watched } from '../../src/stale/index.js'
import { FakeServer, ManualClock, topicOf } from '../../src/testing/index.js'
import { routeNames, type Routes } from '../routes.js'

const aapl = { symbol: 'AAPL' }
const topic = topicOf('quotes', aapl)
const nothing = (): void => undefined

let clock: ManualClock
let server: FakeServer
let clients: Client<Routes>[]

const newClient = (): Client<Routes> => {
  const client = createClient<Routes>(routeNames, { url: 'ws://test/ws', webSocket: server.WebSocket, clock })
  clients.push(client)
  return client
}

beforeEach(() => {
  clock = new ManualClock()
  server = new FakeServer({ clock, staleAfterS: { quotes: 5 } })
  clients = []
})

afterEach(() => {
  for (const client of clients) client.connection.close()
})

test('a listener that comes to a stale topic is told at once, in another client of the page too', async () => {
  const [early, late] = [vi.fn(), vi.fn()]
  await watched(newClient().quotes).subscribe('early', aapl, nothing, { onStale: early })
  await clock.advance(5_000)
  await watched(newClient().quotes).subscribe('late', aapl, nothing, { onStale: late })
  expect(early.mock.calls).toEqual([[true, topic]])
  expect(late.mock.calls).toEqual([[true, topic]])
  server.publish('quotes', topic, 1)
  await server.settled()
  expect(late.mock.calls).toEqual([
    [true, topic],
    [false, topic],
  ])
})

test('whoever has ended, or was replaced, is told nothing; the others are', async () => {
  const quotes = watched(newClient().quotes)
  const [ended, replaced, stays] = [vi.fn(), vi.fn(), vi.fn()]
  await quotes.subscribe('ended', aapl, nothing, { onStale: ended })
  await quotes.subscribe('same', aapl, nothing, { onStale: replaced })
  await quotes.subscribe('same', aapl, nothing, { onStale: stays })
  await quotes.unsubscribe('ended')
  await clock.advance(5_000)
  expect(stays.mock.calls).toEqual([[true, topic]])
  expect(ended).not.toHaveBeenCalled()
  expect(replaced).not.toHaveBeenCalled()
})

test('a listener that the server ends, or close(), is told nothing after its end', async () => {
  const client = newClient()
  const quotes = watched(client.quotes)
  const onStale = vi.fn()
  const [onError, onClose] = [vi.fn(), vi.fn()]
  await quotes.subscribe('closed', { symbol: 'IBM' }, nothing, { onStale, onClose })
  await quotes.subscribe('refused', aapl, nothing, { onStale, onError })
  const payload = { topic, code: 'forbidden', message: 'Over', retry: false }
  server.connections[0]?.send({ type: 'quotes.closed', payload })
  await server.settled()
  expect(onError).toHaveBeenCalledOnce()
  client.connection.close()
  expect(onClose).toHaveBeenCalledOnce()
  await clock.advance(60_000)
  expect(onStale).not.toHaveBeenCalled()
})

test('a handler that throws when a topic falls silent harms no other, and the page is told', async () => {
  const told = vi.fn()
  vi.stubGlobal('reportError', told)
  const quotes = watched(newClient().quotes)
  const onStale = vi.fn()
  quotes.on('stale', () => {
    throw new Error('in the handler')
  })
  await quotes.subscribe('tape', aapl, nothing, { onStale })
  await clock.advance(5_000)
  expect(onStale.mock.calls).toEqual([[true, topic]])
  expect(told.mock.calls).toMatchObject([[{ code: 'listener_failed' }]])
  vi.unstubAllGlobals()
})
