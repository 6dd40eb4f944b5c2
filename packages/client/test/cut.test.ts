/**
 * Cut everywhere: a session of 200 messages over real sockets, ended once before, inside and after each frame, in both
 * directions. The application sees every update once and in order.
 */
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { createClient } from '../src/index.js'
import { CuttingProxy, type Cut, type Direction, type Where } from './cutting-proxy.js'
import { LONG } from './model/runs.js'
import { routeNames, type Routes } from './routes.js'

/** Each is an update and a call that answers it. */
const ROUNDS = 100
const TOPIC = 'quotes:AAPL'

let server: ReplayingServer

beforeEach(async () => {
  server = await ReplayingServer.start()
})

afterEach(() => server.stop())

interface Outcome {
  readonly seen: readonly unknown[]
  readonly gaps: readonly unknown[]
  readonly proxy: CuttingProxy
}

/** The whole session, with at most one cut. */
async function session(cut?: Cut): Promise<Outcome> {
  server.forget()
  const proxy = await CuttingProxy.to(server.port, cut)
  const client = createClient<Routes>(routeNames, {
    url: `ws://127.0.0.1:${proxy.port}`,
    webSocket: WebSocket,
    backoff: { baseMs: 1, maxMs: 2 },
  })
  const seen: unknown[] = []
  const gaps: unknown[] = []
  const waiting: (() => void)[] = []
  const onUpdate = (data: unknown): void => {
    seen.push(data)
    waiting.shift()?.()
  }
  await client.quotes.subscribe('q', { symbol: 'AAPL' }, onUpdate, { onGap: (gap) => gaps.push(gap) })
  for (let round = 1; round <= ROUNDS; round += 1) {
    const heard = new Promise<void>((resolve) => waiting.push(resolve))
    server.publish(round)
    await heard
    const answered = client.orders.cancel_all().catch((error: unknown) => error)
    if (round === ROUNDS) await answered
  }
  client.connection.close()
  await proxy.close()
  return { seen, gaps, proxy }
}

const everything = Array.from({ length: ROUNDS }, (_, index) => index + 1)

test('the session without a cut has 200 messages from the server and 100 from the client', async () => {
  const { seen, proxy } = await session()
  expect(seen).toEqual(everything)
  // `hello` and a reply; a command; at the end a close frame.
  expect(proxy.passed['to client']).toBeGreaterThanOrEqual(2 + 2 * ROUNDS)
  expect(proxy.passed['to server']).toBeGreaterThanOrEqual(1 + ROUNDS)
})

const frames: readonly [Direction, number][] = [
  ['to client', 2 + 2 * ROUNDS],
  ['to server', 1 + ROUNDS],
]
const places: readonly Where[] = ['before', 'inside', 'after']

test.each(frames.flatMap(([direction, count]) => places.map((where) => [where, direction, count] as const)))(
  'cut %s each frame %s',
  async (where, direction, count) => {
    // The first frames, which make the subscription, each time; of the others some, and all in the long run.
    for (let frame = 1; frame <= count; frame += LONG || frame < 4 ? 1 : 17) {
      const { seen, gaps, proxy } = await session({ direction, frame, where })
      expect(proxy.cuts, `${frame}`).toBe(1)
      expect(seen, `${frame}`).toEqual(everything)
      expect(gaps, `${frame}`).toEqual([])
    }
  },
)

/** A server of one topic that holds everything for those who resume. */
class ReplayingServer {
  #ring: number[] = []
  readonly #sockets: WebSocketServer

  private constructor(sockets: WebSocketServer) {
    this.#sockets = sockets
    sockets.on('connection', (socket) => {
      const send = (message: object): void => {
        socket.send(JSON.stringify(message))
      }
      send({ type: 'hello', payload: { version: 1, session: 's', heartbeat_s: 25, limits: {} } })
      socket.on('error', () => undefined)
      socket.on('message', (data: Buffer) => {
        const { type, id, resume } = JSON.parse(data.toString()) as Command
        if (type !== 'quotes.subscribe') {
          send({ type: `${type}.response`, id, payload: { cancelled: 0 } })
          return
        }
        const position = resume?.[TOPIC]
        const seq = position?.seq ?? this.#ring.length
        const recovered = position && { recovered: position.epoch === 'e' }
        const reply = { status: 'ok', message: '', topic: TOPIC, epoch: 'e', seq, ...recovered }
        send({ type: 'quotes.subscribe.response', id, payload: reply })
        for (const payload of this.#ring.slice(seq)) send(updateOf(payload))
        subscribed.add(socket)
      })
    })
    const subscribed = new WeakSet<WebSocket>()
    this.#isSubscribed = (socket) => subscribed.has(socket)
  }

  readonly #isSubscribed: (socket: WebSocket) => boolean

  static async start(): Promise<ReplayingServer> {
    const sockets = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false })
    await new Promise((resolve) => sockets.once('listening', resolve))
    return new ReplayingServer(sockets)
  }

  get port(): number {
    return (this.#sockets.address() as AddressInfo).port
  }

  forget(): void {
    this.#ring = []
  }

  publish(payload: number): void {
    this.#ring.push(payload)
    for (const socket of this.#sockets.clients) {
      if (this.#isSubscribed(socket)) socket.send(JSON.stringify(updateOf(payload)))
    }
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets.clients) socket.terminate()
    await new Promise((resolve) => this.#sockets.close(resolve))
  }
}

interface Command {
  readonly type: string
  readonly id: number
  readonly resume?: Readonly<Record<string, { readonly epoch: string; readonly seq: number }>>
}

function updateOf(payload: number): object {
  return { type: 'quotes.update', payload: { topic: TOPIC, seq: payload, payload } }
}
