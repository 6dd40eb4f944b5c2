/** What a client leaves behind that is closed, or ends something, in the midst of something else: nothing. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createClient, type Client, type ClientOptions } from '../src/index.js'
import { stream } from '../src/stream/index.js'
import { FakeServer, ManualClock, topicOf } from '../src/testing/index.js'
import { routeNames, type Routes } from './routes.js'

let clock: ManualClock
let server: FakeServer
let unhandled: unknown[]

const aapl = { symbol: 'AAPL' }
const topic = topicOf('quotes', aapl)
const nothing = (): void => undefined
const note = (error: unknown): void => void unhandled.push(error)
const newClient = (options: Partial<ClientOptions> = {}): Client<Routes> =>
  createClient<Routes>(routeNames, {
    ...{ url: 'ws://test/ws', webSocket: server.WebSocket, clock },
    ...options,
  })
const commands = (): string[] => server.received.map(({ type }) => type)
const update = { type: 'quotes.update', payload: { topic, seq: 1, payload: { bid: 1, ask: 2 } } }

/** What was rejected in the dark is told by the process after the microtasks. */
const settledFor = async (): Promise<void> => {
  await server.settled()
  await new Promise((resolve) => setImmediate(resolve))
}

beforeEach(() => {
  clock = new ManualClock()
  server = new FakeServer({ clock })
  unhandled = []
  process.on('unhandledRejection', note)
})

afterEach(() => {
  process.off('unhandledRejection', note)
})

test('a client that is closed as it is told of its connection subscribes on the next', async () => {
  const client = newClient()
  const end = client.connection.on('status', (status) => {
    if (status !== 'open') return
    end()
    client.connection.close()
  })
  await expect(client.quotes.subscribe('q', aapl, nothing)).rejects.toMatchObject({ code: 'closed' })
  const { topics } = await client.quotes.subscribe('q', aapl, nothing)
  expect(topics).toEqual([topic])
})

test('what a frame still had to bring about is not done on the next connection', async () => {
  const client = newClient()
  await client.quotes.subscribe('q', aapl, () => {
    client.connection.close()
    client.trades.subscribe('t', { symbols: [] }, nothing).catch(note)
  })
  server.connections[0]?.send(update, { type: 'ping' })
  await settledFor()
  expect(unhandled).toEqual([])
  expect(commands()).toEqual(['quotes.subscribe', 'trades.subscribe'])
})

test('an unsubscribing is over with its client, and is no error', async () => {
  const client = newClient()
  await client.quotes.subscribe('q', aapl, nothing)
  const over = client.quotes.unsubscribe('q')
  client.connection.close()
  await expect(over).resolves.toBeUndefined()
})

test('a stream that ends with its client rejects where it is read, and nowhere else', async () => {
  const client = newClient()
  const quotes = stream(client.quotes, aapl)
  const read = quotes.next()
  await client.quotes.subscribe('q', aapl, () => {
    client.connection.close()
  })
  server.connections[0]?.send({ ...update, payload: { ...update.payload, seq: 1 } })
  await expect(read).resolves.toMatchObject({ value: { bid: 1 } })
  await expect(quotes.next()).rejects.toMatchObject({ code: 'closed' })
  await settledFor()
  expect(unhandled).toEqual([])
})

test('a server that does not answer holds up nobody who leaves, and no socket', async () => {
  const client = newClient()
  await client.quotes.subscribe('q', aapl, nothing)
  server.script('quotes.unsubscribe', () => undefined)
  let isOver = false
  void client.quotes.unsubscribe('q').then(() => (isOver = true))
  await clock.advance(9_999)
  expect(isOver).toBe(false)
  await clock.advance(1)
  expect(isOver).toBe(true)
  await clock.advance(5_000)
  expect(client.connection.status).toBe('idle')
})

test('a client that has changed its address ends no listener of another client there', async () => {
  let url = 'ws://test/one'
  const moving = newClient({ url: () => url })
  await moving.quotes.subscribe('q', aapl, nothing)
  moving.connection.close()
  url = 'ws://test/two'
  const seen: unknown[] = []
  await newClient({ url }).quotes.subscribe('q', aapl, (quote) => seen.push(quote))
  await moving.quotes.subscribe('q', aapl, nothing)
  server.publish('quotes', topic, { bid: 1, ask: 2 })
  await server.settled()
  expect(seen).toEqual([{ bid: 1, ask: 2 }])
})

test('a listener that is told at once may end itself, or begin anew', async () => {
  server = new FakeServer({ clock, snapshots: ['quotes'] })
  const client = newClient()
  server.publish('quotes', topic, { bid: 1, ask: 2 })
  await client.quotes.subscribe('q', aapl, nothing)
  await server.settled()
  const seen: string[] = []
  const take = (name: string, then: () => void) => (): void => {
    seen.push(name)
    then()
  }
  const unsubscribe = (): void => void client.quotes.unsubscribe('once')
  await client.quotes.subscribe('once', aapl, take('once', unsubscribe))
  const again = (): void => {
    client.quotes.subscribe('twice', aapl, take('new', nothing)).catch(note)
  }
  await client.quotes.subscribe('twice', aapl, take('old', again))
  expect(seen).toEqual(['once', 'old', 'new'])
  server.publish('quotes', topic, { bid: 2, ask: 3 })
  await settledFor()
  expect(seen).toEqual(['once', 'old', 'new', 'new'])
  expect(unhandled).toEqual([])
})
