/** Clients over MessagePack; that everything else goes on as over JSON is what the other tests show, which run over both. */
import { expect, test, vi } from 'vitest'
import { createClient, type Client, type WebSocketConstructor, type WebSocketLike } from '../../src/index.js'
import { encode } from '../../src/msgpack/encode.js'
import { msgpack } from '../../src/msgpack/index.js'
import { FakeServer, ManualClock, topicOf, type FakeServerOptions } from '../../src/testing/index.js'
import { bearer } from '../../src/token/index.js'
import { routeNames, type Quote, type Routes } from '../routes.js'

const aapl = { symbol: 'AAPL' }
const topic = topicOf('quotes', aapl)

interface World {
  readonly server: FakeServer
  readonly client: Client<Routes>
  readonly clock: ManualClock
  /** What was sent by either side, by its kind. */
  readonly frames: Set<string>
  readonly errors: [code: string, message: string][]
}

function newWorld(options: FakeServerOptions = {}): World {
  const clock = new ManualClock()
  const server = new FakeServer({ clock, ...options })
  const frames = new Set<string>()
  const kindOf = (data: unknown): string => (typeof data === 'string' ? 'text' : 'binary')
  const Plain = server.WebSocket
  const Watched = class extends (Plain as new (...of: unknown[]) => WebSocketLike) {
    override send(data: string): void {
      frames.add(`sent ${kindOf(data)}`)
      super.send(data)
    }
  } as WebSocketConstructor
  const client = createClient<Routes>(routeNames, {
    url: 'ws://test/ws',
    webSocket: msgpack(Watched),
    clock,
    backoff: { random: () => 1 },
  })
  const errors: [string, string][] = []
  client.connection.on('error', ({ code, message }) => errors.push([code, message]))
  return { server, client, clock, frames, errors }
}

test('a client asks, is sent and resumes in binary frames', async () => {
  const { server, client, clock, frames, errors } = newWorld()
  const seen: [Quote, number][] = []
  await client.quotes.subscribe('q', aapl, (quote, { seq }) => seen.push([quote, seq]))
  expect(server.connections[0]?.protocols).toEqual(['topicwire.v1+msgpack', 'topicwire.v1+json'])
  server.publish('quotes', topic, { bid: 1.5, ask: 2 }, { bid: -3, ask: 1e300 })
  await server.settled()
  server.cut()
  server.publish('quotes', topic, { bid: 4, ask: 5 })
  await clock.advance(500)
  expect(seen).toEqual([
    [{ bid: 1.5, ask: 2 }, 1],
    [{ bid: -3, ask: 1e300 }, 2],
    [{ bid: 4, ask: 5 }, 3],
  ])
  expect(server.received.map(({ type, resume }) => [type, resume !== undefined])).toEqual([
    ['quotes.subscribe', false],
    ['quotes.subscribe', true],
  ])
  expect([...frames]).toEqual(['sent binary'])
  expect(errors).toEqual([])
})

test.each([{ msgpack: false }, { subprotocol: false }])(
  'a server that does not know it goes on with JSON: %o',
  async (options) => {
    const { server, client, clock, frames } = newWorld(options)
    const seen: Quote[] = []
    await client.quotes.subscribe('q', aapl, (quote) => seen.push(quote))
    server.publish('quotes', topic, { bid: 1, ask: 2 })
    await server.settled()
    server.cut()
    await clock.advance(500)
    server.publish('quotes', topic, { bid: 3, ask: 4 })
    await server.settled()
    expect(seen).toEqual([
      { bid: 1, ask: 2 },
      { bid: 3, ask: 4 },
    ])
    expect([...frames]).toEqual(['sent text'])
  },
)

test('each connection agrees anew: a server may be replaced by an older one, and back', async () => {
  const { server, clock } = newWorld()
  const older = new FakeServer({ clock, msgpack: false })
  let current = server.WebSocket
  const either = createClient<Routes>(routeNames, {
    url: 'ws://either',
    webSocket: msgpack(
      class {
        constructor(url: string, protocols?: string | string[]) {
          return new current(url, protocols)
        }
      } as WebSocketConstructor,
    ),
    clock,
    backoff: { random: () => 1 },
  })
  const seen: Quote[] = []
  await either.quotes.subscribe('q', aapl, (quote) => seen.push(quote))
  for (const [next, before] of [
    [older, server],
    [server, older],
  ] as const) {
    current = next.WebSocket
    before.cut()
    await clock.advance(2_000)
    next.publish('quotes', topic, { bid: seen.length, ask: 0 })
    await next.settled()
  }
  expect(seen).toEqual([
    { bid: 0, ask: 0 },
    { bid: 1, ask: 0 },
  ])
})

test('a token is offered after both', async () => {
  const { server, clock } = newWorld()
  const token = bearer('a-token')
  const webSocket = msgpack(server.WebSocket)
  const client = createClient<Routes>(routeNames, { url: 'ws://test/ws', webSocket, token, clock })
  await client.quotes.subscribe('q', aapl, () => undefined)
  expect(server.connections[0]?.protocols).toEqual([
    'topicwire.v1+msgpack',
    'topicwire.v1+json',
    expect.stringMatching(/^topicwire\.bearer\./),
  ])
})

test('a frame that cannot be read is told, and harms neither the messages before it nor those of other frames', async () => {
  const { server, client, errors } = newWorld()
  const seen: number[] = []
  await client.quotes.subscribe('q', aapl, ({ bid }) => seen.push(bid))
  const update = (seq: number, bid: unknown): Uint8Array =>
    encode({ type: 'quotes.update', payload: { topic, seq, payload: { bid } } })
  const frame = (...packs: readonly Uint8Array[]): void => {
    const bytes = packs.flatMap((pack) => [...pack])
    server.connections[0]?.sendFrame(Uint8Array.from(bytes).buffer)
  }
  frame(update(1, 1), update(2, 2).subarray(0, 20))
  frame(Uint8Array.of(0xc1))
  frame(encode({ payload: 1 }), encode(null), encode([1]))
  frame(new Uint8Array(0))
  frame(encode({ type: 'hello', payload: {}, no: 'matter' }), update(2, 2))
  await server.settled()
  expect(seen).toEqual([1, 2])
  // Its size and why, in a sentence or without.
  const told = errors.map(([code, message]) => [
    code,
    parseInt(message.replace(/^\D*/, '')),
    /TypeError: /.test(message),
  ])
  expect(told).toEqual([20, 1, 10, 1, 2].map((bytes) => ['invalid_message', bytes, true]))
})

test('a whole number that JavaScript would round is told, and never passed on; what follows in the frame is', async () => {
  const { server, client, errors } = newWorld({ delivery: { quotes: 'latest' } })
  const seen: number[] = []
  await client.quotes.subscribe('q', aapl, ({ bid }) => seen.push(bid))
  const update = (seq: number, bid: number): number[] => [
    ...encode({ type: 'quotes.update', payload: { topic, seq, payload: { bid } } }),
  ]
  server.connections[0]?.sendFrame(
    Uint8Array.from([...update(1, 2 ** 53 - 1), ...update(2, 2 ** 53), ...update(3, 3)]).buffer,
  )
  await server.settled()
  expect(seen).toEqual([2 ** 53 - 1, 3])
  expect(errors).toEqual([['invalid_message', expect.stringMatching(/beyond 2\^53 - 1/)]])
})

test('clients of one constructor share a socket; JSON has another', async () => {
  const { server, clock } = newWorld()
  const share = { url: 'ws://test/ws', clock }
  const one = createClient<Routes>(routeNames, { ...share, webSocket: msgpack(server.WebSocket) })
  const two = createClient<Routes>(routeNames, { ...share, webSocket: msgpack(server.WebSocket) })
  const json = createClient<Routes>(routeNames, { ...share, webSocket: server.WebSocket })
  await Promise.all([one, two, json].map((client) => client.quotes.subscribe('q', aapl, () => undefined)))
  expect(server.connections.map(({ protocols }) => protocols.length)).toEqual([2, 1])
})

test('the page has its own, which is looked for when a connection is made', async () => {
  expect(msgpack()).toBe(msgpack())
  const client = createClient<Routes>(routeNames, { url: 'ws://page/ws', webSocket: msgpack() })
  const server = new FakeServer()
  vi.stubGlobal('WebSocket', server.WebSocket)
  await client.quotes.subscribe('q', aapl, () => undefined)
  expect(server.connections[0]?.protocols).toContain('topicwire.v1+msgpack')
  client.connection.close()
  vi.stubGlobal('WebSocket', undefined)
  const nowhere = createClient<Routes>(routeNames, { url: 'ws://nowhere/ws', webSocket: msgpack() })
  await expect(nowhere.quotes.subscribe('q', aapl, () => undefined)).rejects.toMatchObject({
    code: 'connection_failed',
  })
  vi.unstubAllGlobals()
})
