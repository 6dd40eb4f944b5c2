import { createApp, defineComponent } from 'vue'
import { FakeServer, ManualClock } from '@topicwire/client/testing'
import type { FakeServerOptions } from '@topicwire/client/testing'
import { createRestClient } from '@/clients/openapi-generated'
import type { Schemas } from '@/clients/openapi-generated'
import type { AccountPosition, Bar, Order, QuoteData } from '@/clients/ws-types-generated'
import { provideServices } from '@/composables/services'
import type { Services } from '@/composables/services'
import { WsAdapter } from '@/plugins/wsAdapter'

/** A REST call that has arrived and waits for its answer. */
export interface Call {
  readonly method: string
  readonly url: URL
  readonly body: unknown
  readonly signal: AbortSignal
  answer(body: unknown, status?: number): Promise<void>
  /** As when the server cannot be reached. */
  fail(): Promise<void>
}

let markets = 0

/**
 * Both ways to the server, in this process: WebSocket by the client's fake server on a manual clock, REST by calls
 * that wait until the test answers them. Nothing waits for real time.
 */
export class FakeMarket {
  readonly clock: ManualClock = new ManualClock()
  readonly server: FakeServer
  /** REST calls not answered yet, oldest first. */
  readonly calls: Call[] = []
  readonly services: Services
  /** Answers at once what the function knows; what it returns undefined for waits in `calls`. */
  reply: (call: Call) => unknown = () => undefined

  constructor(options: FakeServerOptions = {}) {
    this.server = new FakeServer({ ...options, clock: this.clock })
    this.services = {
      ws: new WsAdapter({
        url: `ws://market-${++markets}.test`,
        webSocket: this.server.WebSocket,
        clock: this.clock,
        backoff: { random: () => 1 },
      }),
      clock: this.clock,
      rest: createRestClient({ baseUrl: 'http://market.test', fetch: (request) => this.#fetch(request) }),
    }
  }

  /** Runs a composable as a component's setup would. `end` unmounts it. */
  run<T>(composable: () => T): { result: T; end: () => void } {
    const held: { result?: T } = {}
    const Host = defineComponent({
      setup() {
        held.result = composable()
        return () => null
      },
    })
    const app = createApp(Host)
    provideServices(this.services, app)
    app.mount(document.createElement('div'))
    return {
      result: held.result as T,
      end: () => {
        app.unmount()
      },
    }
  }

  /** Takes the oldest waiting call whose path ends so. */
  call(pathEnd: string): Call {
    const index = this.calls.findIndex((call) => call.url.pathname.endsWith(pathEnd))
    const [found] = index < 0 ? [] : this.calls.splice(index, 1)
    if (found !== undefined) return found
    const waiting = this.calls.map((call) => call.url.pathname).join(', ')
    throw new Error(`No call to …${pathEnd} is waiting; waiting: ${waiting || 'none'}.`)
  }

  /** Ends every connection and lets the client come back. */
  async reconnect(): Promise<void> {
    this.server.cut()
    await this.clock.advance(1_000)
  }

  async #fetch(request: Request): Promise<Response> {
    const text = request.method === 'GET' ? '' : await request.text()
    return new Promise((resolve, reject) => {
      const call: Call = {
        method: request.method,
        url: new URL(request.url),
        body: text === '' ? undefined : (JSON.parse(text) as unknown),
        signal: request.signal,
        answer: (body, status = 200) => {
          resolve(Response.json(body, { status }))
          return this.#settled()
        },
        fail: () => {
          reject(new TypeError('fetch failed'))
          return this.#settled()
        },
      }
      const reply = this.reply(call)
      if (reply === undefined) this.calls.push(call)
      else resolve(Response.json(reply))
    })
  }

  /** Reading a body takes a turn of the event loop, which fake servers' microtasks do not give. */
  async #settled(): Promise<void> {
    const { port1, port2 } = new MessageChannel()
    await new Promise((resolve) => {
      port1.onmessage = resolve
      port2.postMessage(undefined)
    })
    port1.close()
    await this.server.settled()
  }
}

/** Animation frames that come when they are called. */
export class Frames {
  #requested = new Map<number, FrameRequestCallback>()
  #last = 0

  readonly request = (callback: FrameRequestCallback): number => {
    this.#requested.set(++this.#last, callback)
    return this.#last
  }

  readonly cancel = (frame: number): void => {
    this.#requested.delete(frame)
  }

  /** Runs what was requested. Returns how many there were. */
  next(): number {
    const due = [...this.#requested.values()]
    this.#requested.clear()
    for (const callback of due) callback(0)
    return due.length
  }
}

export function bar(minute: number, revision = 0, close = 100): Bar {
  return {
    time: minute * 60_000,
    open: 100,
    high: Math.max(100, close),
    low: Math.min(100, close),
    close,
    volume: 10 + revision,
    closed: false,
    revision,
    last_trade_id: minute * 100 + revision,
  }
}

export function quote(symbol: string, last: number, time = 1): QuoteData {
  return {
    symbol,
    bid: last - 0.01,
    ask: last + 0.01,
    bid_size: 100,
    ask_size: 200,
    last,
    change: last - 100,
    change_percent: last - 100,
    day_open: 100,
    day_high: 110,
    day_low: 90,
    prev_close: 100,
    volume: 1000,
    time,
  }
}

export function symbolInfo(symbol: string): Schemas['SymbolInfo'] {
  return {
    symbol,
    description: `${symbol} Inc.`,
    exchange: 'SIM',
    type: 'stock',
    currency: 'USD',
    timezone: 'Etc/UTC',
    session: '24x7',
    tick_size: '0.01',
    lot_size: '1',
    price_decimals: 2,
    supported_resolutions: ['1', '5', '15', '60', '1D'],
    first_time: 0,
    simulated: true,
  }
}

export function order(id: string, version: number, change: Partial<Order> = {}): Order {
  return {
    id,
    version,
    account_id: 'demo',
    client_order_id: null,
    symbol: 'AAPL',
    side: 1,
    type: 1,
    status: 6,
    qty: '10',
    limit_price: '100.00',
    filled_qty: '0',
    leaves_qty: '10',
    avg_price: null,
    reason: null,
    placed_time: 1,
    updated_time: version,
    ...change,
  }
}

export function position(symbol: string, qty: string, time: number, unrealized = '0.00'): AccountPosition {
  return {
    id: symbol,
    account_id: 'demo',
    symbol,
    side: 1,
    qty,
    avg_price: qty === '0' ? null : '100.0000',
    mark: '100.00',
    realized: '0.00',
    unrealized,
    updated_time: time,
  }
}
