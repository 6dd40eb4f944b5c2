/**
 * What the types allow and refuse; compiled by `tsc`, never run. Each `@ts-expect-error` is a mistake that a user would
 * make: were it accepted, the compiler would say that the comment is unused.
 */
import {
  createClient,
  defineAdapter,
  type Accepted,
  type Client,
  type ConnectionStatus,
  type ErrorCode,
  type Gap,
  type Operation,
  type Route,
  type RouteName,
  type UpdateInfo,
} from '@topicwire/client'
import { batched, conflated, type BatchInfo } from '@topicwire/client/animation-frame'
import { latency } from '@topicwire/client/latency'
import { watched, type Staleness } from '@topicwire/client/stale'
import { stream } from '@topicwire/client/stream'
import { FakeServer } from '@topicwire/client/testing'
import { bearer, type TokenSource } from '@topicwire/client/token'

interface TradeSubscriptionRequest {
  symbols: string[]
}

interface Trade {
  symbol: string
  price: number
  quantity: number
}

interface Routes {
  trades: Route<TradeSubscriptionRequest, Trade>
  orders: Route<
    { account_id?: string },
    { id: string },
    'lossless',
    { preview: Operation<{ qty: string }, { fee: string }>; cancel_all: Operation<undefined, number> }
  >
}

const routeNames = ['trades', 'orders', 'orders.preview', 'orders.cancel_all'] as const

/** Equal to the letter: neither side may be `any`. */
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const isTrue = <T extends true>(..._of: unknown[]): T | undefined => undefined

const WsAdapter = defineAdapter<Routes>(routeNames, { url: '/api/v1/ws' })
type WsAdapter = InstanceType<typeof WsAdapter>

isTrue<Equal<WsAdapter, Client<Routes>>>()
isTrue<Equal<RouteName<Routes>, 'trades' | 'orders' | 'orders.preview' | 'orders.cancel_all'>>()

export class TradesService {
  private wsAdapter = new WsAdapter()

  async start(): Promise<void> {
    await this.wsAdapter.trades.subscribe(
      'trades-service',
      { symbols: ['AAPL', 'GOOGL'] },
      (trade: Trade) => {
        console.log('New trade:', trade.symbol, trade.price, trade.quantity)
      },
    )
    await this.wsAdapter.trades.unsubscribe('trades-service')
  }
}

const ws = new WsAdapter({ backoff: { maxMs: 5_000 } })
const params: TradeSubscriptionRequest = { symbols: [] }

isTrue<Equal<ReturnType<typeof ws.trades.subscribe>, Promise<Accepted>>>()
isTrue<Equal<ReturnType<typeof ws.orders.preview>, Promise<{ fee: string }>>>()
isTrue<Equal<ReturnType<typeof ws.orders.cancel_all>, Promise<number>>>()
isTrue<Equal<typeof ws.connection.status, ConnectionStatus>>()

void ws.trades.subscribe('id', params, (trade, info) => {
  isTrue<Equal<typeof trade, Trade>>(trade)
  isTrue<Equal<typeof info, UpdateInfo>>(info)
})
void ws.orders.subscribe('id', {}, ({ id }) => id.length, { onError: (error) => error.code, timeoutMs: 1 })
const loop = stream(ws.trades, params)
isTrue<Equal<typeof loop, AsyncIterableIterator<Trade, undefined>>>(loop)
export async function read(signal: AbortSignal): Promise<void> {
  for await (const trade of stream(ws.trades, params, { signal, maxBuffered: 10 })) {
    isTrue<Equal<typeof trade, Trade>>(trade)
  }
}
void ws.trades.subscribe('id', params, () => undefined, {
  onGap: (gap) => isTrue<Equal<typeof gap, Gap>>(gap),
})
void conflated(ws.trades, { by: ({ symbol }) => symbol }).subscribe('id', params, (trade, info) => {
  isTrue<Equal<typeof trade, Trade>>(trade)
  isTrue<Equal<typeof info, UpdateInfo>>(info)
})
void batched(ws.trades).subscribe('id', params, (trades, info) => {
  isTrue<Equal<typeof trades, readonly Trade[]>>(trades)
  isTrue<Equal<typeof info, BatchInfo>>(info)
})
const batches = stream(batched(ws.trades), params)
isTrue<Equal<typeof batches, AsyncIterableIterator<readonly Trade[], undefined>>>(batches)
latency(ws.connection, (ms) => ms?.toFixed(), { intervalMs: 1_000 })
isTrue<Equal<ReturnType<typeof ws.connection.call>, Promise<unknown>>>()
watched(ws.trades).on('stale', (staleness) => isTrue<Equal<typeof staleness, Staleness>>(staleness))
void watched(ws.trades).subscribe('id', params, () => undefined, {
  onStale: (stale, topic) => [stale, topic.length],
})
// @ts-expect-error: only what is watched tells of silence
void ws.trades.subscribe('id', params, () => undefined, { onStale: () => undefined })
export const tokens: TokenSource[] = ['fixed', () => 'got', () => Promise.resolve('fetched')]
const user = bearer(async () => (await fetch('/token')).text())
new WsAdapter({ token: user })
isTrue<Equal<ReturnType<typeof user.auth>, Promise<void>>>()
export type Quotes = Route<{ symbol: string }, Trade, 'latest'>
isTrue<Equal<Quotes['policy'], 'latest'>>()
isTrue<Equal<Routes['trades']['policy'], 'lossless'>>()

// @ts-expect-error: no such route
void ws.tardes
// @ts-expect-error: a required parameter is missing
void ws.trades.subscribe('id', {}, () => undefined)
// @ts-expect-error: of the wrong type
void ws.trades.subscribe('id', { symbols: 'AAPL' }, () => undefined)
// @ts-expect-error: one that the request does not have
void ws.trades.subscribe('id', { symbols: [], depth: 1 }, () => undefined)
// @ts-expect-error: undefined is not absent
void ws.orders.subscribe('id', { account_id: undefined }, () => undefined)
// @ts-expect-error: the callback wants another payload
void ws.trades.subscribe('id', params, (order: { id: string }) => order)
// @ts-expect-error: the payload has no such field
void ws.trades.subscribe('id', params, (trade) => void trade.amount)
// @ts-expect-error: the loop's parameters are the route's
void stream(ws.trades, { symbol: 'AAPL' })
// @ts-expect-error: a signal, not its controller
void stream(ws.trades, params, { signal: new AbortController() })
// @ts-expect-error: the route's own parameters, conflated or not
void conflated(ws.trades).subscribe('id', { symbol: 'AAPL' }, () => undefined)
// @ts-expect-error: a batch is no single trade
void batched(ws.trades).subscribe('id', params, (trade: Trade) => trade)
// @ts-expect-error: the payload has no such field
conflated(ws.trades, { by: (trade) => void trade.amount })
// @ts-expect-error: a listener must not change what others are given
void batched(ws.trades).subscribe('id', params, (trades) => void (trades.length = 0))
// @ts-expect-error: no callback
void ws.trades.subscribe('id', params)
// @ts-expect-error: the listener id is not left out
void ws.trades.subscribe(params, () => undefined)
// @ts-expect-error: an id is needed
void ws.trades.unsubscribe()
// @ts-expect-error: the operation's request
void ws.orders.preview({ qty: 1 })
// @ts-expect-error: it takes none
void ws.orders.cancel_all({})
// @ts-expect-error: an operation of another route
void ws.trades.preview
// @ts-expect-error: no such policy
export type Wrong = Route<{ symbol: string }, Trade, 'fastest'>
// @ts-expect-error: a token is text
new WsAdapter({ token: bearer(7) })
// @ts-expect-error: a token by itself logs nobody in
new WsAdapter({ token: 'text' })
// @ts-expect-error: nor does what gets one
new WsAdapter({ token: () => 'text' })
// @ts-expect-error: a route tells no status
watched(ws.trades).on('status', () => undefined)
// @ts-expect-error: no such event
ws.connection.on('state', () => undefined)
// @ts-expect-error: a status is no number
ws.connection.on('status', (status: number) => status)
// @ts-expect-error: the status is the connection's to set
ws.connection.status = 'open'
// @ts-expect-error: a name that is no route
createClient<Routes>(['trades', 'quotes'], { url: 'ws://x' })
// @ts-expect-error: the address is missing
createClient<Routes>(routeNames, {})
// @ts-expect-error: what is not a route
createClient<{ trades: Trade }>(['trades'], { url: 'ws://x' })

createClient<Routes>(routeNames, { url: () => 'ws://x', webSocket: new FakeServer().WebSocket })
createClient<Routes>(routeNames, { url: 'ws://x', webSocket: WebSocket })

export const codes: ErrorCode[] = ['forbidden', 'offline', 'one of the future']
