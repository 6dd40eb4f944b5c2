/** A dead socket, a silent topic, a server that closes, a client that is too slow: each is something else. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createClient, type Client, type ClientOptions } from '../src/index.js'
import { watched } from '../src/stale/index.js'
import { stream } from '../src/stream/index.js'
import { FakeServer, ManualClock, topicOf, type FakeServerOptions } from '../src/testing/index.js'
import { routeNames, type Routes } from './routes.js'

let clock: ManualClock
let server: FakeServer
let clients: Client<Routes>[]

const aapl = { symbol: 'AAPL' }
const topic = topicOf('quotes', aapl)
const nothing = (): void => undefined

const newServer = (options: FakeServerOptions = {}): void => {
  server = new FakeServer({ clock, ...options })
}
const newClient = (options: Partial<ClientOptions> = {}): Client<Routes> => {
  const shared = { url: 'ws://test/ws', webSocket: server.WebSocket, clock }
  const client = createClient<Routes>(routeNames, { ...shared, backoff: { random: () => 1 }, ...options })
  clients.push(client)
  return client
}
const commands = (): string[] => server.received.map(({ type }) => type)

beforeEach(() => {
  clock = new ManualClock()
  clients = []
  newServer()
})

afterEach(() => {
  for (const client of clients) client.connection.close()
})

describe('the watchdog', () => {
  test('gives up a connection of which nothing was heard for the heartbeat and a grace; what was missed follows', async () => {
    const seen: unknown[] = []
    const client = newClient()
    await client.quotes.subscribe('q', aapl, (data) => seen.push(data))
    await clock.advance(20_000)
    server.publish('quotes', topic, 1)
    await server.settled()
    server.silent = true
    server.publish('quotes', topic, 2)
    await clock.advance(34_999)
    expect(client.connection.status).toBe('open')
    await clock.advance(1)
    expect(client.connection.status).toBe('reconnecting')
    server.silent = false
    await clock.advance(500)
    expect(seen).toEqual([1, 2])
  })

  test('takes the server’s ping for life, and answers it', async () => {
    const client = newClient()
    await client.quotes.subscribe('q', aapl, nothing)
    await clock.advance(600_000)
    expect(server.attempts).toBe(1)
    expect(commands()).toEqual(['quotes.subscribe', ...Array.from({ length: 24 }, () => 'pong')])
  })

  test('gives up a connection that opened and was never heard of', async () => {
    const client = newClient()
    await client.quotes.subscribe('q', aapl, nothing)
    client.connection.on('status', (status) => (server.silent = status !== 'open'))
    server.cut()
    await clock.advance(500)
    server.silent = true
    expect(client.connection.status).toBe('open')
    await clock.advance(34_999)
    expect(client.connection.status).toBe('open')
    await clock.advance(1)
    expect(client.connection.status).toBe('reconnecting')
  })

  test('expects nothing of a server that promised nothing', async () => {
    newServer({ subprotocol: false })
    await newClient().quotes.subscribe('q', aapl, nothing)
    server.silent = true
    await clock.advance(600_000)
    expect(server.attempts).toBe(1)
  })
})

describe('pitfall 26: a stale topic on a living socket', () => {
  test('is told when it was silent for longer than it promised, and again when it is heard', async () => {
    newServer({ staleAfterS: { quotes: 5 } })
    const client = newClient()
    const quotes = watched(client.quotes)
    const told: unknown[] = []
    const off = quotes.on('stale', (staleness) => told.push(staleness))
    await quotes.subscribe('q', aapl, nothing, { onStale: (...stale) => told.push(stale) })
    await clock.advance(4_000)
    server.publish('quotes', topic, 1)
    await clock.advance(4_999)
    expect(told).toEqual([])
    await clock.advance(1)
    expect(told).toEqual([{ topic, stale: true, listenerId: 'q' }, [true, topic]])
    expect(client.connection.status).toBe('open')
    off()
    server.publish('quotes', topic, 2)
    await clock.advance(4_999)
    expect(told.slice(2)).toEqual([[false, topic]])
    await clock.advance(1)
    expect(told.slice(3)).toEqual([[true, topic]])
  })

  test('is told of a topic whose producer died, until it runs again; the subscription is kept', async () => {
    const client = newClient()
    const quotes = watched(client.quotes)
    const told: unknown[] = []
    const loop = stream(quotes, aapl, { onGap: nothing })
    quotes.on('stale', ({ stale, listenerId }) => told.push([stale, listenerId]))
    quotes.on('stale', () => {
      throw new Error('in the handler')
    })
    const onError = vi.fn()
    client.connection.on('error', onError)
    await server.settled()
    server.interrupt('quotes', topic)
    await server.settled()
    const ofStream = expect.stringMatching(/^stream \d+$/) as unknown
    expect(told).toEqual([[true, ofStream]])
    await clock.advance(60_000)
    server.reset('quotes', topic, 'producer_restarted')
    server.publish('quotes', topic, 'again')
    expect(await loop.next()).toEqual({ value: 'again', done: false })
    expect(told).toEqual([
      [true, ofStream],
      [false, ofStream],
    ])
    expect(onError.mock.calls).toMatchObject([[{ code: 'listener_failed' }], [{ code: 'listener_failed' }]])
    expect(commands().filter((type) => type !== 'pong')).toEqual(['quotes.subscribe'])
  })

  test('is no dead socket: while the connection is down nothing becomes stale', async () => {
    newServer({ staleAfterS: { quotes: 5 } })
    const client = newClient()
    const quotes = watched(client.quotes)
    const onStale = vi.fn()
    await quotes.subscribe('q', aapl, nothing, { onStale })
    server.refuse()
    server.cut()
    await clock.advance(60_000)
    expect(client.connection.status).toBe('reconnecting')
    expect(onStale).not.toHaveBeenCalled()
  })
})

describe('a server that is closing', () => {
  test('is left at its word: reconnected after the time it asks for and a random one, and resumed', async () => {
    const client = newClient()
    const seen: unknown[] = []
    await client.quotes.subscribe('q', aapl, (data) => seen.push(data))
    server.drain(7_000)
    server.publish('quotes', topic, 1)
    await server.settled()
    // Asked of a server that refuses it: the next one takes it.
    const joined = client.quotes.subscribe('r', { symbol: 'IBM' }, nothing)
    await server.settled()
    expect(commands()).toEqual(['quotes.subscribe'])
    server.cut(1001)
    server.accept()
    server.publish('quotes', topic, 2)
    await clock.advance(7_499)
    expect(server.attempts).toBe(1)
    await clock.advance(1)
    await joined
    expect(seen).toEqual([1, 2])
  })

  test('says so once: the next loss is followed as any', async () => {
    const client = newClient()
    await client.quotes.subscribe('q', aapl, nothing)
    server.drain(7_000)
    await server.settled()
    server.cut(1001)
    server.accept()
    await clock.advance(40_000)
    server.cut()
    await clock.advance(500)
    expect(server.attempts).toBe(3)
  })

  test('and what it refuses as draining, though asked before it said so, is asked of the next', async () => {
    const client = newClient()
    server.hold()
    const accepted = client.quotes.subscribe('q', aapl, nothing)
    await server.settled()
    server.drain(0)
    server.release()
    await server.settled()
    server.cut(1001)
    server.accept()
    await clock.advance(500)
    await accepted
    expect(commands()).toEqual(['quotes.subscribe', 'quotes.subscribe'])
  })
})

test('trap: a client that can never keep up is told so, and waits longer each time', async () => {
  const client = newClient()
  const codes: string[] = []
  client.connection.on('error', ({ code }) => codes.push(code))
  await client.quotes.subscribe('q', aapl, nothing)
  const waits: number[] = []
  for (let time = 0; time < 9; time += 1) {
    server.cut(4008)
    const attempts = server.attempts
    let waitedMs = 0
    for (; server.attempts === attempts; waitedMs += 250) await clock.advance(250)
    waits.push(waitedMs)
  }
  expect(codes).toEqual(new Array(7).fill('slow_consumer'))
  expect(waits).toEqual([500, 1_000, 6_000, 12_000, 24_000, 36_000, 40_000, 40_000, 40_000])
  await clock.advance(60_000)
  server.cut(4008)
  await clock.advance(500)
  expect(client.connection.status).toBe('open')
})
