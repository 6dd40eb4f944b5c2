import { beforeEach, describe, expect, test, vi } from 'vitest'
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

describe('reconnection', () => {
  test('subscribes everything again and goes on with the updates', async () => {
    const client = newClient()
    const statuses = statusesOf(client)
    const seen: unknown[] = []
    await client.quotes.subscribe('q', aapl, (data) => seen.push(data))
    await client.quotes.subscribe('gone', { symbol: 'IBM' }, nothing)
    await client.quotes.unsubscribe('gone')
    server.publish('quotes', topic, 1)
    server.cut()
    await server.settled()
    expect(statuses).toEqual(['connecting', 'open', 'reconnecting'])
    await clock.advance(500)
    expect(statuses).toEqual(['connecting', 'open', 'reconnecting', 'open'])
    server.publish('quotes', topic, 2)
    await server.settled()
    expect(seen).toEqual([1, 2])
    expect([...(server.connections[0]?.subscriptions.keys() ?? [])]).toEqual([topic])
  })

  test('pitfall 22: tries ever later, at random times, and its last attempt is as good as any', async () => {
    const client = newClient()
    await client.quotes.subscribe('q', aapl, nothing)
    server.refuse()
    server.cut()
    await server.settled()
    const attempts: number[] = []
    for (let second = 0; second <= 60; second += 1) {
      await clock.advance(second === 0 ? 500 : 1_000)
      attempts.push(server.attempts - 1)
    }
    // After .5, 1, 2, 4, 8, 16, 20 s.
    expect(attempts.lastIndexOf(1)).toBe(0)
    expect([1, 3, 7, 15, 31, 51].map((second) => attempts[second])).toEqual([2, 3, 4, 5, 6, 7])
    server.accept()
    await clock.advance(20_000)
    expect(client.connection.status).toBe('open')
    expect(subscribed()).toBe(2)
  })

  test('draws every delay from the random source', async () => {
    const draws = [0.5, 0.1]
    const client = newClient({ backoff: { baseMs: 1_000, random: () => draws.shift() ?? 1 } })
    await client.quotes.subscribe('q', aapl, nothing)
    server.refuse()
    server.cut()
    await clock.advance(499)
    expect(server.attempts).toBe(1)
    await clock.advance(1)
    expect(server.attempts).toBe(2)
    await clock.advance(200)
    expect(server.attempts).toBe(3)
  })

  test('begins with the shortest delay only after 30 s without a gap', async () => {
    const client = newClient()
    await client.quotes.subscribe('q', aapl, nothing)
    const openAfterCut = async (): Promise<number> => {
      server.cut()
      let waitedMs = 0
      for (; client.connection.status !== 'open' || waitedMs === 0; waitedMs += 500) await clock.advance(500)
      return waitedMs
    }
    expect([await openAfterCut(), await openAfterCut(), await openAfterCut()]).toEqual([500, 1_000, 2_000])
    await clock.advance(30_000)
    expect(await openAfterCut()).toBe(500)
  })

  test('also follows a first attempt that failed', async () => {
    server.refuse()
    const client = newClient()
    const statuses = statusesOf(client)
    const pending = client.quotes.subscribe('q', aapl, nothing)
    await server.settled()
    server.accept()
    await clock.advance(500)
    await pending
    expect(statuses).toEqual(['connecting', 'reconnecting', 'open'])
  })

  test.each([1000, 1001, 1011, 1012, 4008, 4010, 4029])('follows close code %i', async (code) => {
    const client = newClient()
    await client.quotes.subscribe('q', aapl, nothing)
    server.cut(code)
    await clock.advance(500)
    expect(subscribed()).toBe(2)
  })

  test.each([
    [4001, 'unauthenticated'],
    [4003, 'forbidden'],
  ])('does not follow close code %i; the next use tries again', async (code, error) => {
    const client = newClient()
    const statuses = statusesOf(client)
    const onError = vi.fn()
    await client.quotes.subscribe('q', aapl, nothing, { onError })
    server.refuse(code)
    server.cut()
    await clock.advance(60_000)
    expect(server.attempts).toBe(2)
    expect(statuses.at(-1)).toBe('closed')
    expect(onError).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ code: error }))
    await expect(client.quotes.subscribe('q', aapl, nothing)).rejects.toMatchObject({ code: error })
    server.accept()
    await client.quotes.subscribe('q', aapl, nothing)
    expect(client.connection.status).toBe('open')
  })

  test('pitfall 22: tells a listener that is refused afterwards, once, and does not retry', async () => {
    const client = newClient()
    const onError = vi.fn(() => {
      throw new Error('in the handler')
    })
    const onFault = vi.fn()
    client.connection.on('error', onFault)
    await client.quotes.subscribe('q', aapl, nothing, { onError })
    await client.quotes.subscribe('silent', aapl, nothing)
    await client.quotes.subscribe('other', { symbol: 'IBM' }, nothing)
    server.script('quotes.subscribe', ({ payload }) =>
      (payload as { symbol: string }).symbol === 'AAPL'
        ? { status: 'error', code: 'forbidden', message: 'Not yours', topic }
        : { status: 'ok', message: '', topic: 'IBM' },
    )
    server.cut()
    await clock.advance(500)
    expect(onError).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ code: 'forbidden', topic }))
    expect(onFault.mock.calls).toMatchObject([[{ code: 'listener_failed' }], [{ code: 'forbidden' }]])
    server.cut()
    await clock.advance(5_000)
    const asked = server.received.map(({ payload }) => (payload as { symbol?: string } | undefined)?.symbol)
    expect(asked.filter((symbol) => symbol === 'AAPL')).toHaveLength(2)
    expect(asked.filter((symbol) => symbol === 'IBM')).toHaveLength(3)
  })

  test('retries with backoff what may pass', async () => {
    const client = newClient()
    const onError = vi.fn()
    await client.quotes.subscribe('q', aapl, nothing, { onError })
    server.script('quotes.subscribe', () => ({
      status: 'error',
      code: 'producer_failed',
      message: 'Soon',
      topic,
    }))
    server.cut()
    await clock.advance(500 + 500 + 1_000)
    expect(subscribed()).toBe(4)
    server.script('quotes.subscribe', undefined)
    await clock.advance(2_000)
    expect(server.publish('quotes', topic, 1)).toBe(1)
    expect(onError).not.toHaveBeenCalled()
  })

  test('is not tried when nobody needs it', async () => {
    const client = newClient()
    await client.quotes.subscribe('q', aapl, nothing)
    await client.quotes.unsubscribe('q')
    server.cut()
    await clock.advance(60_000)
    expect(server.attempts).toBe(1)
    expect(client.connection.status).toBe('idle')
  })

  test('starts over when a socket does not open in time', async () => {
    const client = newClient({ timeoutMs: 4_000 })
    server.delayMs = 10_000
    const pending = client.quotes.subscribe('q', aapl, nothing, { timeoutMs: 60_000 })
    await clock.advance(4_000)
    expect(client.connection.status).toBe('reconnecting')
    server.delayMs = 0
    await clock.advance(500)
    await pending
    // What the abandoned socket still says, its end too, is nobody's business.
    await clock.advance(30_000)
    expect(client.connection.status).toBe('open')
    expect(server.attempts).toBe(1)
  })

  test('is not hurried by those who subscribe meanwhile', async () => {
    const client = newClient()
    await client.quotes.subscribe('q', aapl, nothing)
    server.cut()
    await server.settled()
    const pending = client.quotes.subscribe('r', { symbol: 'IBM' }, nothing)
    await clock.advance(499)
    expect(server.attempts).toBe(1)
    await clock.advance(1)
    await pending
    expect(server.attempts).toBe(2)
  })
})
