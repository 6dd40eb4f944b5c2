import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createClient, type Client } from '../src/index.js'
import { stream, type StreamOptions } from '../src/stream/index.js'
import { FakeServer, ManualClock, topicOf } from '../src/testing/index.js'
import { routeNames, type Quote, type Routes } from './routes.js'

let clock: ManualClock
let server: FakeServer
let client: Client<Routes>

const aapl = { symbol: 'AAPL' }
const topic = topicOf('quotes', aapl)
const quote = (bid: number): Quote => ({ bid, ask: bid + 1 })
const held = (): number => server.connections[0]?.subscriptions.size ?? 0

/** A stream that the server has accepted. */
const streaming = async (options?: StreamOptions): Promise<AsyncIterableIterator<Quote, undefined>> => {
  const quotes = stream(client.quotes, aapl, options)
  await server.settled()
  expect(held()).toBe(1)
  return quotes
}

const publish = async (...bids: number[]): Promise<void> => {
  server.publish('quotes', topic, ...bids.map(quote))
  await server.settled()
}

beforeEach(() => {
  clock = new ManualClock()
  server = new FakeServer({ clock, replay: 2 })
  const options = { url: 'ws://test/ws', webSocket: server.WebSocket, clock, backoff: { random: () => 1 } }
  client = createClient<Routes>(routeNames, options)
})

afterEach(() => {
  client.connection.close()
})

test('is a loop over the updates, and leaving it unsubscribes', async () => {
  const quotes = await streaming()
  await publish(1, 2, 3)
  const bids: number[] = []
  for await (const { bid } of quotes) {
    bids.push(bid)
    if (bid === 3) void publish(4)
    if (bid === 4) break
  }
  await server.settled()
  expect(bids).toEqual([1, 2, 3, 4])
  expect(held()).toBe(0)
  await expect(quotes.next()).resolves.toEqual({ value: undefined, done: true })
})

test('answers reads in their order, and ends those that wait', async () => {
  const quotes = await streaming()
  const reads = [quotes.next(), quotes.next(), quotes.next()]
  await publish(1, 2)
  await quotes.return?.()
  const done = { value: undefined, done: true }
  expect(await Promise.all(reads)).toEqual([
    { value: quote(1), done: false },
    { value: quote(2), done: false },
    done,
  ])
})

test('ends without an error when the signal is aborted, at once where it already is', async () => {
  const controller = new AbortController()
  const quotes = await streaming({ signal: controller.signal })
  const read = quotes.next()
  controller.abort()
  await expect(read).resolves.toEqual({ value: undefined, done: true })
  await server.settled()
  expect(held()).toBe(0)
  const received = server.received.length
  await expect(stream(client.quotes, aapl, { signal: controller.signal }).next()).resolves.toMatchObject({
    done: true,
  })
  await server.settled()
  expect(server.received).toHaveLength(received)
})

test('rejects with the server’s error when it is denied, once', async () => {
  server.script('quotes.subscribe', () => ({ status: 'error', code: 'forbidden', message: 'No', topic }))
  const quotes = stream(client.quotes, aapl)
  await expect(quotes.next()).rejects.toMatchObject({ code: 'forbidden', type: 'quotes.subscribe' })
  await expect(quotes.next()).resolves.toMatchObject({ done: true })
})

test('errors when more updates wait than may, after those; nothing is dropped in silence', async () => {
  const quotes = await streaming({ maxBuffered: 2 })
  await publish(1, 2, 3, 4)
  const bids: number[] = []
  const loop = async (): Promise<void> => {
    for await (const { bid } of quotes) bids.push(bid)
  }
  await expect(loop()).rejects.toMatchObject({ code: 'too_slow' })
  expect(bids).toEqual([1, 2])
  await server.settled()
  expect(held()).toBe(0)
})

test('goes on after a reconnection', async () => {
  const quotes = await streaming()
  server.cut()
  await publish(1, 2)
  await clock.advance(500)
  expect([await quotes.next(), await quotes.next()]).toMatchObject([
    { value: { bid: 1 } },
    { value: { bid: 2 } },
  ])
})

test('rejects at a gap, or tells it and goes on where somebody listens', async () => {
  const onGap = vi.fn()
  const [strict, lenient] = [await streaming(), await streaming({ onGap })]
  server.cut()
  await publish(1, 2, 3)
  await clock.advance(500)
  await expect(strict.next()).rejects.toMatchObject({ code: 'gap', topic })
  expect(onGap).toHaveBeenCalledExactlyOnceWith({ topic, after: 0, seq: 3, reason: 'not_recovered' })
  await publish(4)
  await expect(lenient.next()).resolves.toEqual({ value: quote(4), done: false })
})

test('that ends as it begins leaves nothing behind', async () => {
  server = new FakeServer({ clock, snapshots: ['quotes'] })
  client = createClient<Routes>(routeNames, { url: 'ws://test/ws', webSocket: server.WebSocket, clock })
  server.publish('quotes', topic, quote(1))
  await client.quotes.subscribe('q', aapl, () => undefined)
  await server.settled()
  // Who comes late is given the state at once: more than may wait here.
  const quotes = stream(client.quotes, aapl, { maxBuffered: 0 })
  await expect(quotes.next()).rejects.toMatchObject({ code: 'too_slow' })
  await client.quotes.unsubscribe('q')
  expect(held()).toBe(0)
  const signal = { aborted: false, addEventListener: vi.fn(), removeEventListener: vi.fn() }
  expect(() => stream(client.quotes, { symbol: 'A', depth: Number.NaN }, { signal })).toThrow(RangeError)
  expect(signal.addEventListener).not.toHaveBeenCalled()
})

test('that is left after an error gives nothing that waited, nor the error', async () => {
  const quotes = await streaming({ maxBuffered: 1 })
  await publish(1, 2)
  await quotes.return?.()
  expect(await quotes.next()).toEqual({ value: undefined, done: true })
})
