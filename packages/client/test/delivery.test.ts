/** Nothing lost, nothing doubled: clients against a server that is cut, restarted, or forgets. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createClient, type Client, type ClientOptions, type Gap, type UpdateInfo } from '../src/index.js'
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
const resumes = (): unknown[] => server.received.slice(1).map(({ resume }) => resume)

beforeEach(() => {
  clock = new ManualClock()
  clients = []
  newServer()
})

afterEach(() => {
  for (const client of clients) client.connection.close()
})

describe('resume', () => {
  test('after a reconnection brings what was missed, once, to every listener', async () => {
    const client = newClient()
    const seen: unknown[] = []
    const onGap = vi.fn()
    await client.quotes.subscribe('one', aapl, (data) => seen.push(['one', data]), { onGap })
    await client.quotes.subscribe('two', aapl, (data) => seen.push(['two', data]), { onGap })
    server.publish('quotes', topic, 1)
    await server.settled()
    server.cut()
    server.publish('quotes', topic, 2, 3)
    await clock.advance(500)
    server.publish('quotes', topic, 4)
    await server.settled()
    expect(resumes()).toEqual([{ [topic]: { epoch: 'epoch-1', seq: 1 } }])
    expect(seen).toEqual(
      [1, 2, 3, 4].flatMap((n) => [
        ['one', n],
        ['two', n],
      ]),
    )
    expect(onGap).not.toHaveBeenCalled()
  })

  test('pitfall 24: works from a quiet start, before any update', async () => {
    const seen: unknown[] = []
    await newClient().quotes.subscribe('q', aapl, (data) => seen.push(data))
    server.cut()
    server.publish('quotes', topic, 1)
    await clock.advance(500)
    expect(resumes()).toEqual([{ [topic]: { epoch: 'epoch-1', seq: 0 } }])
    expect(seen).toEqual([1])
  })

  test('that is not recovered tells the gap before what follows, and goes on', async () => {
    newServer({ replay: 1 })
    const client = newClient()
    const seen: unknown[] = []
    const onGap = (gap: Gap): number => seen.push(gap)
    const onError = vi.fn()
    client.connection.on('error', onError)
    await client.quotes.subscribe('q', aapl, (data) => seen.push(data), { onGap })
    await client.quotes.subscribe('silent', aapl, nothing)
    server.cut()
    server.publish('quotes', topic, 1, 2)
    await clock.advance(500)
    server.publish('quotes', topic, 3)
    await server.settled()
    expect(seen).toEqual([{ topic, after: 0, seq: 2, reason: 'not_recovered' }, 3])
    expect(onError).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ code: 'gap', topic }))
  })

  test('pitfall 22: that is refused is told and not retried', async () => {
    const onError = vi.fn()
    await newClient().quotes.subscribe('q', aapl, nothing, { onError })
    server.script('quotes.subscribe', () => ({ status: 'error', code: 'forbidden', message: 'No', topic }))
    server.cut()
    await clock.advance(60_000)
    expect(onError).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ code: 'forbidden' }))
    expect(server.received).toHaveLength(2)
  })
})

describe('a number left out', () => {
  test('is never passed on: the connection is made anew, and what the server cannot recover is told', async () => {
    const seen: unknown[] = []
    const onGap = (gap: Gap): number => seen.push(gap)
    await newClient().quotes.subscribe('q', aapl, (data) => seen.push(data), { onGap })
    server.publish('quotes', topic, 1)
    server.skip(topic)
    server.publish('quotes', topic, 3)
    await clock.advance(500)
    server.publish('quotes', topic, 4)
    await server.settled()
    expect(seen).toEqual([1, { topic, after: 1, seq: 3, reason: 'not_recovered' }, 4])
    expect(server.attempts).toBe(2)
  })

  test('is no gap on a route whose policy may skip', async () => {
    const seen: unknown[] = []
    const onGap = vi.fn()
    newServer({ delivery: { quotes: 'latest' } })
    const client = newClient()
    await client.quotes.subscribe('q', aapl, (data) => seen.push(data), { onGap })
    server.publish('quotes', topic, 1)
    server.skip(topic)
    server.publish('quotes', topic, 3)
    await server.settled()
    expect(seen).toEqual([1, 3])
    expect(onGap).not.toHaveBeenCalled()
    expect(server.attempts).toBe(1)
  })
})

test('what is not recovered of a route that may leave out updates is told to who asks, and ends no loop', async () => {
  newServer({ delivery: { quotes: 'latest' }, replay: 0 })
  const client = newClient()
  const onError = vi.fn()
  const onGap = vi.fn()
  client.connection.on('error', onError)
  await client.quotes.subscribe('q', aapl, nothing)
  await client.quotes.subscribe('asks', aapl, nothing, { onGap })
  const loop = stream(client.quotes, aapl)
  server.cut()
  server.publish('quotes', topic, 1, 2)
  await clock.advance(500)
  server.publish('quotes', topic, 3)
  expect(await loop.next()).toEqual({ value: 3, done: false })
  const gap = { topic, after: 0, seq: 2, reason: 'not_recovered', delivery: 'latest' }
  expect(onGap).toHaveBeenCalledExactlyOnceWith(gap)
  expect(onError).not.toHaveBeenCalled()
})

test('a reset of the numbering is told with its reason, and the new one is followed', async () => {
  newServer({ snapshots: ['quotes'] })
  const seen: unknown[] = []
  const onGap = (gap: Gap): number => seen.push(gap)
  await newClient().quotes.subscribe(
    'q',
    aapl,
    (data, { seq, snapshot }) => seen.push([data, seq, snapshot]),
    {
      onGap,
    },
  )
  server.publish('quotes', topic, 'a', 'b')
  server.reset('quotes', topic, 'restarted')
  server.publish('quotes', topic, 'c')
  await server.settled()
  expect(seen).toEqual([
    ['a', 1, undefined],
    ['b', 2, undefined],
    { topic, after: 2, seq: 0, reason: 'restarted' },
    ['b', 0, true],
    ['c', 1, undefined],
  ])
})

describe('pitfall 23: the present state', () => {
  test('is given to a second listener too, at once and as a snapshot', async () => {
    newServer({ snapshots: ['quotes'] })
    server.publish('quotes', topic, 'before')
    const client = newClient()
    const seen: [string, unknown, UpdateInfo][] = []
    const into = (name: string) => (data: unknown, info: UpdateInfo) => seen.push([name, data, info])
    await client.quotes.subscribe('one', aapl, into('one'))
    await client.quotes.subscribe('two', aapl, into('two'))
    server.publish('quotes', topic, 'after')
    await server.settled()
    await client.quotes.subscribe('three', aapl, into('three'))
    const before = { topic, seq: 1, snapshot: true }
    const after = { topic, seq: 2 }
    expect(seen).toEqual([
      ['one', 'before', before],
      ['two', 'before', before],
      ['one', 'after', after],
      ['two', 'after', after],
      ['three', 'after', { ...after, snapshot: true }],
    ])
    expect(server.received).toHaveLength(1)
  })

  test('is given to who joins while the connection is down, before what was missed', async () => {
    newServer({ snapshots: ['quotes'] })
    server.publish('quotes', topic, 1)
    const client = newClient()
    const seen: unknown[] = []
    await client.quotes.subscribe('one', aapl, nothing)
    server.cut()
    server.publish('quotes', topic, 2)
    await server.settled()
    const joined = client.quotes.subscribe('two', aapl, (data, { seq }) => seen.push([data, seq]))
    await clock.advance(500)
    await joined
    expect(seen).toEqual([
      [1, 1],
      [2, 2],
    ])
  })

  test('is not made up where the route has none: an update may be a change', async () => {
    const client = newClient()
    const seen: unknown[] = []
    await client.quotes.subscribe('one', aapl, nothing)
    server.publish('quotes', topic, 1)
    await server.settled()
    await client.quotes.subscribe('two', aapl, (data) => seen.push(data))
    expect(seen).toEqual([])
  })
})

/**
 * A session of 200 updates, cut once. `inside` is a frame that was on its way when the cable went: of a WebSocket
 * message a client sees all or nothing, so to it that is a frame that never came, though the server counts it as sent.
 */
test.each(['before', 'inside', 'after'] as const)(
  'cut everywhere: %s each frame, in both directions',
  async (where) => {
    const messages = Array.from({ length: 200 }, (_, index) => index + 1)
    for (let at = 0; at <= messages.length; at += 1) {
      newServer()
      const client = newClient()
      const seen: unknown[] = []
      const onGap = vi.fn()
      const accepted = client.quotes.subscribe('q', aapl, (data) => seen.push(data), { onGap })
      if (at === 0) {
        // The frames of the subscription itself: the command on its way, its reply on its way.
        if (where === 'inside') server.hold()
        if (where !== 'before') await server.settled()
        server.cut()
        server.release()
        await clock.advance(500)
      }
      await accepted
      for (const message of messages) {
        if (message === at && where === 'before') server.cut()
        server.publish('quotes', topic, message)
        if (message === at && where === 'inside') server.cut()
        if (message === at && where === 'after') {
          await server.settled()
          server.cut()
        }
        // The cut is followed by a few messages that nobody is there to hear.
        if (message === at + 3) await clock.advance(500)
      }
      await clock.advance(1_000)
      expect(seen, `cut ${where} ${at}`).toEqual(messages)
      expect(onGap).not.toHaveBeenCalled()
      client.connection.close()
    }
  },
)
