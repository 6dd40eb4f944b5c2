/**
 * Whole clients against a fake server, at random: what the application does, from within callbacks too, while connections
 * are cut, refused, drained, fall silent and log in anew. Two clients share a socket.
 */
import * as fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createClient, TopicwireError, type Client } from '../src/index.js'
import { stream } from '../src/stream/index.js'
import { FakeServer, ManualClock, topicOf } from '../src/testing/index.js'
import { bearer, type Bearer } from '../src/token/index.js'
import { runs } from './model/runs.js'
import { routeNames, type Routes } from './routes.js'

const SYMBOLS = ['A', 'B', 'C'] as const
const IDS = ['one', 'two', 'three'] as const
const LOSSES = [1001, 1006, 1011, 1012, 4001, 4008, 4010, 4029] as const

/** A listener as the application knows it, and whether what it is given follows what it was given. */
class Listener {
  accepted = false
  over = false
  last: number | undefined
  readonly topic: string
  #toldGap = false

  constructor(topic: string) {
    this.topic = topic
  }

  take(bid: number, isSnapshot: boolean): void {
    expect(this.over, 'is not called after its end').toBe(false)
    if (this.last !== undefined && !this.#toldGap) expect(bid).toBe(this.last + (isSnapshot ? 0 : 1))
    this.last = bid
    this.#toldGap = false
  }

  gap(): void {
    this.#toldGap = true
  }

  end(): void {
    this.over = true
  }
}

class World {
  readonly clock = new ManualClock()
  readonly server: FakeServer
  readonly clients: readonly Client<Routes>[]
  readonly faults: unknown[] = []
  readonly #choose: <T>(...of: readonly T[]) => T
  readonly #listeners = new Map<string, Listener>()
  readonly #published = new Map<string, number>()
  #depth = 0
  #tokens = 0
  readonly #user: Bearer | undefined

  constructor(choose: <T>(...of: readonly T[]) => T) {
    this.#choose = choose
    const snapshots = choose([], ['quotes'])
    this.server = new FakeServer({ clock: this.clock, replay: choose(0, 3, 300), snapshots })
    const token = (this.#user = choose(
      undefined,
      bearer(() => this.#token()),
    ))
    this.clients = ['one', 'other'].map((name) => {
      const random = (): number => choose(0, 0.5, 0.9)
      const options = { idleMs: choose(0, 5_000), backoff: { random }, ...(token && { token }) }
      const shared = { url: 'ws://test/ws', webSocket: this.server.WebSocket, clock: this.clock }
      const client = createClient<Routes>(routeNames, { ...shared, ...options })
      client.connection.on('error', ({ code, cause }) => {
        if (code === 'listener_failed') this.faults.push(name, cause)
      })
      return client
    })
  }

  #token(): string | Promise<string> {
    this.#tokens += 1
    const kind = this.#choose('got', 'got', 'got', 'none', 'late')
    if (kind === 'none') throw new Error('No token')
    return kind === 'late' ? new Promise(() => undefined) : `token-${this.#tokens}`
  }

  /** What an application does, or nothing where it is within too many of its own callbacks. */
  act(): void {
    if (this.#depth > 2) return
    this.#depth += 1
    const client = this.#choose(...this.clients)
    const id = this.#choose(...IDS)
    const key = `${this.clients.indexOf(client)} ${id}`
    const symbol = this.#choose(...SYMBOLS)
    switch (
      this.#choose('subscribe', 'subscribe', 'unsubscribe', 'close', 'stream', 'publish', 'publish', 'auth')
    ) {
      case 'subscribe':
        this.#subscribe(client, id, key, symbol)
        break
      case 'unsubscribe':
        this.#end(key)
        client.quotes.unsubscribe(id).catch((error: unknown) => this.faults.push(error))
        break
      case 'close':
        for (const other of this.#listeners.keys()) if (other.startsWith(key[0] ?? '')) this.#end(other)
        client.connection.close()
        break
      case 'stream':
        void this.#read(stream(client.quotes, { symbol }, { maxBuffered: this.#choose(0, 1, 100) }))
        break
      case 'publish':
        this.publish(symbol)
        break
      case 'auth':
        this.#user?.auth('given').catch(() => undefined)
    }
    this.#depth -= 1
  }

  #subscribe(client: Client<Routes>, id: string, key: string, symbol: string): void {
    this.#end(key)
    const listener = new Listener(topicOf('quotes', { symbol }))
    this.#listeners.set(key, listener)
    const sometimes = (): void => {
      if (this.#choose(true, ...new Array<boolean>(9).fill(false))) this.act()
    }
    const onUpdate = ({ bid }: { bid: number }, { snapshot = false }: { snapshot?: boolean }): void => {
      listener.take(bid, snapshot)
      sometimes()
    }
    const onGap = (): void => {
      listener.gap()
      sometimes()
    }
    const onError = (): void => {
      listener.end()
      sometimes()
    }
    client.quotes.subscribe(id, { symbol }, onUpdate, { onGap, onError }).then(
      () => (listener.accepted = true),
      () => {
        listener.end()
      },
    )
  }

  #end(key: string): void {
    this.#listeners.get(key)?.end()
    this.#listeners.delete(key)
  }

  async #read(quotes: AsyncIterableIterator<unknown>): Promise<void> {
    let left = this.#choose(0, 1, 3)
    try {
      for await (const _quote of quotes) if ((left -= 1) < 0) break
    } catch (error) {
      if (!(error instanceof TopicwireError)) this.faults.push(error)
    }
  }

  publish(symbol: string): void {
    const topic = topicOf('quotes', { symbol })
    const bid = (this.#published.get(topic) ?? 0) + 1
    this.#published.set(topic, bid)
    this.server.publish('quotes', topic, { bid, ask: 0 })
  }

  /** What the network, the server and time do. */
  async happen(): Promise<void> {
    const { server } = this
    switch (this.#choose('cut', 'drain', 'refuse', 'accept', 'hold', 'release', 'silent', 'expire', 'time')) {
      case 'cut':
        server.cut(this.#choose(...LOSSES))
        break
      case 'drain':
        server.drain(this.#choose(0, 5_000))
        await server.settled()
        server.cut(1001)
        server.accept()
        break
      case 'refuse':
        server.refuse(this.#choose(1006, 1011))
        break
      case 'silent':
        server.silent = true
        break
      case 'expire':
        for (const one of server.connections) one.send({ type: 'error', payload: { code: 'token_expired' } })
        break
      case 'time':
        await this.clock.advance(this.#choose(100, 6_000, 40_000))
        break
      case 'accept':
        this.#recover()
        break
      case 'hold':
        server.hold()
        break
      case 'release':
        server.release()
    }
    await server.settled()
  }

  #recover(): void {
    // What was lost in the silence is lost: no connection outlives it.
    if (this.server.silent) this.server.cut()
    this.server.silent = false
    this.server.accept()
  }

  /** Whoever listens hears; and when all are closed nothing is left. */
  async finish(): Promise<void> {
    this.#recover()
    this.server.release()
    await this.clock.advance(120_000)
    this.#depth = 3
    const listening = [...this.#listeners.values()].filter(({ accepted, over }) => accepted && !over)
    for (const symbol of SYMBOLS) this.publish(symbol)
    await this.server.settled()
    for (const { topic, last } of listening) expect(last, topic).toBe(this.#published.get(topic))
    for (const client of this.clients) client.connection.close()
    await this.server.settled()
    expect(this.server.connections.length).toBe(0)
  }
}

const unhandled: unknown[] = []
const note = (error: unknown): void => void unhandled.push(error)

beforeEach(() => {
  process.on('unhandledRejection', note)
})

afterEach(() => {
  process.off('unhandledRejection', note)
})

test('who listens is told everything or the gap, whatever anybody does meanwhile, and nothing is left', async () => {
  const property = fc.asyncProperty(fc.gen(), async (generate) => {
    const world = new World(<T>(...of: readonly T[]) => generate(fc.constantFrom<T[]>, ...of))
    for (let step = 0; step < 60; step += 1) {
      if (generate(fc.integer, { min: 0, max: 9 }) < 6) world.act()
      else await world.happen()
    }
    await world.finish()
    expect(world.faults).toEqual([])
    expect(unhandled).toEqual([])
  })
  await fc.assert(property, runs(200))
})
