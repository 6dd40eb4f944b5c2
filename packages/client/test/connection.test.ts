import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createClient, type Client, type ClientOptions, type ConnectionStatus } from '../src/index.js'
import { FakeServer, ManualClock, topicOf } from '../src/testing/index.js'
import { routeNames, type Routes } from './routes.js'

let clock: ManualClock
let server: FakeServer

const aapl = { symbol: 'AAPL' }
const topic = topicOf('quotes', aapl)
const nothing = (): void => undefined

/** `random` is 1, so that a delay is its ceiling: 500, 1 000, 2 000 ... ms. */
const newClient = (options: Partial<ClientOptions> = {}): Client<Routes> =>
  createClient<Routes>(routeNames, {
    url: 'ws://test/ws',
    webSocket: server.WebSocket,
    clock,
    backoff: { random: () => 1 },
    ...options,
  })

const statusesOf = (client: Client<Routes>): ConnectionStatus[] => {
  const seen: ConnectionStatus[] = []
  client.connection.on('status', (status) => seen.push(status))
  return seen
}

const subscribed = (): number => server.received.filter(({ type }) => type === 'quotes.subscribe').length

beforeEach(() => {
  clock = new ManualClock()
  server = new FakeServer({ clock })
})

afterEach(() => {
  vi.unstubAllGlobals()
})

describe('states', () => {
  test('idle until the first use, then connecting and open, idle again a while after the last use', async () => {
    const client = newClient({ idleMs: 3_000 })
    const statuses = statusesOf(client)
    expect(client.connection.status).toBe('idle')
    expect(server.attempts).toBe(0)
    await client.quotes.subscribe('q', aapl, nothing)
    await client.quotes.unsubscribe('q')
    await clock.advance(2_999)
    expect(statuses).toEqual(['connecting', 'open'])
    await client.quotes.subscribe('q', aapl, nothing)
    await clock.advance(9_000)
    await client.quotes.unsubscribe('q')
    await clock.advance(3_000)
    expect(statuses).toEqual(['connecting', 'open', 'idle'])
    expect(server.connections).toEqual([])
    await client.quotes.subscribe('q', aapl, nothing)
    expect(client.connection.status).toBe('open')
  })

  test('are told until told not to', async () => {
    const client = newClient()
    const [kept, ended] = [vi.fn(), vi.fn()]
    client.connection.on('status', kept)
    const off = client.connection.on('status', ended)
    client.connection.on('status', ended)
    off()
    off()
    await client.quotes.subscribe('q', aapl, nothing)
    expect(kept.mock.calls).toEqual([['connecting'], ['open']])
    expect(ended.mock.calls).toEqual([['connecting'], ['open']])
  })

  test('in a page are those of the shared socket, also for a client that has not used it', async () => {
    vi.stubGlobal('location', { href: 'https://shop.example/market' })
    const [one, other] = [newClient({ url: '/ws' }), newClient({ url: '/ws' })]
    const statuses = statusesOf(other)
    await one.quotes.subscribe('q', aapl, nothing)
    expect(statuses).toEqual(['connecting', 'open'])
    expect(newClient({ url: '/ws' }).connection.status).toBe('open')
  })
})

describe('time limits', () => {
  test('a subscription made offline waits, and is rejected as offline', async () => {
    server.refuse()
    const client = newClient({ timeoutMs: 3_000 })
    const outcome = vi.fn()
    client.quotes.subscribe('q', aapl, nothing).catch(outcome)
    await clock.advance(2_999)
    expect(outcome).not.toHaveBeenCalled()
    await clock.advance(1)
    expect(outcome).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({
        code: 'offline',
        message: expect.stringMatching(/^quotes\.subscribe: .*3000/) as unknown,
      }),
    )
    server.accept()
    await clock.advance(60_000)
    expect(subscribed()).toBe(0)
    expect(client.connection.status).toBe('idle')
  })

  test('a subscription that is not answered is rejected and ended when the answer comes', async () => {
    const client = newClient()
    server.hold()
    const pending = client.quotes.subscribe('q', aapl, nothing, { timeoutMs: 1_000 })
    const outcome = expect(pending).rejects.toMatchObject({ code: 'timeout' })
    await clock.advance(1_000)
    await outcome
    server.release()
    await server.settled()
    expect(server.connections[0]?.subscriptions.size).toBe(0)
    expect(server.received.map(({ type }) => type)).toEqual(['quotes.subscribe', 'quotes.unsubscribe'])
  })

  test('a call that is not answered is rejected; one that was never sent never is', async () => {
    server.refuse()
    const client = newClient({ timeoutMs: 1_000 })
    const offline = expect(client.orders.cancel_all()).rejects.toMatchObject({ code: 'offline' })
    await clock.advance(1_000)
    await offline
    server.accept()
    await clock.advance(1_000)
    server.hold()
    const unanswered = expect(client.orders.cancel_all()).rejects.toMatchObject({ code: 'timeout' })
    await clock.advance(1_000)
    await unanswered
    server.release()
    await server.settled()
    expect(server.received.filter(({ type }) => type === 'orders.cancel_all')).toHaveLength(1)
  })

  test('an accepted subscription has no time limit', async () => {
    const client = newClient()
    const onError = vi.fn()
    await client.quotes.subscribe('q', aapl, nothing, { onError })
    await clock.advance(600_000)
    expect(onError).not.toHaveBeenCalled()
  })
})

describe('close', () => {
  test('ends what is this client’s and leaves the socket to the others', async () => {
    const [one, other] = [newClient(), newClient()]
    const statuses = statusesOf(one)
    const seen: string[] = []
    await one.quotes.subscribe('q', aapl, () => seen.push('one'))
    await other.quotes.subscribe('q', aapl, () => seen.push('other'))
    server.hold()
    const pending = expect(one.orders.cancel_all()).rejects.toMatchObject({ code: 'closed' })
    one.connection.close()
    one.connection.close()
    await pending
    expect([one.connection.status, other.connection.status]).toEqual(['closed', 'open'])
    server.publish('quotes', topic, 1)
    await server.settled()
    expect(seen).toEqual(['other'])
    expect(statuses).toEqual(['connecting', 'open', 'closed'])
  })

  test('by the last client closes the socket; a later use opens a new one', async () => {
    const client = newClient()
    await client.quotes.subscribe('q', aapl, nothing)
    client.connection.close()
    await clock.advance(60_000)
    expect(server.connections).toEqual([])
    expect(client.connection.status).toBe('closed')
    await client.quotes.subscribe('q', aapl, nothing)
    expect(client.connection.status).toBe('open')
    expect(server.attempts).toBe(2)
  })

  test('leaves no timer behind', async () => {
    const client = newClient()
    await client.quotes.subscribe('q', aapl, nothing)
    client.connection.close()
    await server.settled()
    expect(clock.pending).toBe(0)
  })
})

test('bad frames are told, and touch no subscription', async () => {
  const client = newClient()
  const codes: unknown[] = []
  client.connection.on('error', ({ code }) => codes.push(code))
  const seen: unknown[] = []
  await client.quotes.subscribe('q', aapl, (data) => seen.push(data))
  server.connections[0]?.sendFrame('{"type":')
  server.connections[0]?.sendFrame(Uint8Array.of(0xc1).buffer)
  server.connections[0]?.send({ type: 'error', payload: { code: 'rate_limited', message: 'Slower' } })
  server.publish('quotes', topic, 1)
  await server.settled()
  expect(codes).toEqual(['invalid_json', expect.stringMatching(/^invalid_/), 'rate_limited'])
  expect(seen).toEqual([1])
})

test('a ping of the server is answered', async () => {
  const client = newClient()
  await client.quotes.subscribe('q', aapl, nothing)
  server.connections[0]?.send({ type: 'ping' })
  await server.settled()
  expect(server.received.at(-1)).toEqual({ type: 'pong' })
})

describe('addresses', () => {
  test.each([
    ['/api/v1/ws', 'wss://shop.example:8443/api/v1/ws'],
    ['https://api.example/ws', 'wss://api.example/ws'],
    ['http://localhost:8000/ws', 'ws://localhost:8000/ws'],
    ['wss://api.example/ws', 'wss://api.example/ws'],
  ])('%s is opened as %s', async (url, opened) => {
    vi.stubGlobal('location', { href: 'https://shop.example:8443/market?of=1' })
    const urls: string[] = []
    const Spy = class extends server.WebSocket {
      constructor(address: string, protocols?: string | string[]) {
        super(address, protocols)
        urls.push(address)
      }
    }
    await newClient({ url, webSocket: Spy }).quotes.subscribe('q', aapl, nothing)
    expect(urls).toEqual([opened])
  })

  test('that make no socket, or no WebSocket at all, reject with the reason', async () => {
    const Throwing = class extends server.WebSocket {
      constructor(url: string) {
        super(url)
        throw new SyntaxError('bad address')
      }
    }
    await expect(
      newClient({ webSocket: Throwing }).quotes.subscribe('q', aapl, nothing),
    ).rejects.toMatchObject({
      code: 'connection_failed',
      message: expect.stringMatching(/ws:\/\/test\/ws: SyntaxError: bad address$/) as unknown,
    })
    vi.stubGlobal('WebSocket', undefined)
    const client = createClient<Routes>(routeNames, { url: 'ws://test/ws', clock })
    await expect(client.quotes.subscribe('q', aapl, nothing)).rejects.toMatchObject({
      code: 'connection_failed',
      cause: expect.any(TypeError) as unknown,
    })
    expect(client.connection.status).toBe('closed')
  })
})
