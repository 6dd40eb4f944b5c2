/** The round trip, as `@topicwire/client/latency` measures it. */
import { beforeEach, expect, test } from 'vitest'
import { createClient, type Client } from '../src/index.js'
import { latency, type LatencyOptions } from '../src/latency/index.js'
import { FakeServer, ManualClock } from '../src/testing/index.js'
import { routeNames, type Routes } from './routes.js'

let clock: ManualClock
let server: FakeServer
let client: Client<Routes>
let measured: (number | undefined)[]

const aapl = { symbol: 'AAPL' }
const nothing = (): void => undefined
const commands = (): string[] => server.received.map(({ type }) => type)

const begin = (options: LatencyOptions = { intervalMs: 2_000 }): (() => void) => {
  client = createClient<Routes>(routeNames, {
    url: 'ws://test/ws',
    webSocket: server.WebSocket,
    clock,
    backoff: { random: () => 1 },
  })
  return latency(client.connection, (latencyMs) => measured.push(latencyMs), { clock, ...options })
}

beforeEach(() => {
  clock = new ManualClock()
  server = new FakeServer({ clock })
  measured = []
})

test('is measured on opening and then at intervals; it is unknown when the connection is lost', async () => {
  begin()
  expect(server.attempts).toBe(0)
  await client.quotes.subscribe('q', aapl, nothing)
  expect(measured).toEqual([0])
  server.delayMs = 30
  await clock.advance(2_060)
  expect(measured).toEqual([0, 60])
  server.cut()
  await clock.advance(30)
  expect(measured).toEqual([0, 60, undefined])
})

test('is measured anew on a new connection, whatever was under way on the old one', async () => {
  begin()
  await client.quotes.subscribe('q', aapl, nothing)
  server.delayMs = 100
  await clock.advance(2_050)
  server.delayMs = 0
  server.cut()
  await clock.advance(500)
  expect(measured).toEqual([0, undefined, 0])
})

test('goes on after an answer that did not come, and ends when it is told to', async () => {
  const stop = begin()
  await client.quotes.subscribe('q', aapl, nothing)
  server.silent = true
  await clock.advance(2_000 + 10_000)
  server.silent = false
  await clock.advance(2_000)
  expect(measured).toEqual([0, 0])
  stop()
  await clock.advance(8_000)
  server.cut()
  await clock.advance(500)
  expect(measured).toEqual([0, 0])
  expect(commands().filter((type) => type === 'ping')).toHaveLength(2)
})

test('is asked once of a server that knows no `ping`', async () => {
  server = new FakeServer({ clock, subprotocol: false })
  begin()
  await client.quotes.subscribe('q', aapl, nothing)
  await clock.advance(60_000)
  expect(commands()).toEqual(['ping', 'quotes.subscribe'])
  expect(measured).toEqual([])
})

test('keeps no connection open, nor opens one', async () => {
  begin({})
  await client.quotes.subscribe('q', aapl, nothing)
  await client.quotes.unsubscribe('q')
  await clock.advance(30_000)
  expect(client.connection.status).toBe('idle')
  expect(server.attempts).toBe(1)
})
