/** Updates that wait for a frame, as `@topicwire/client/animation-frame` passes them on. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { batched, conflated, type FrameOptions } from '../../src/animation-frame/index.js'
import { createClient, type Client, type SubscribeOptions } from '../../src/index.js'
import { watched } from '../../src/stale/index.js'
import { stream } from '../../src/stream/index.js'
import { FakeServer, ManualClock, topicOf } from '../../src/testing/index.js'
import { TopicWatch } from '../../src/ui/topic-watch.js'
import { routeNames, type Quote, type Routes, type Trade } from '../routes.js'
import { ManualFrames } from './manual-frames.js'

let clock: ManualClock
let server: FakeServer
let client: Client<Routes>
let frames: ManualFrames

const aapl = { symbol: 'AAPL' }
const topic = topicOf('quotes', aapl)
const symbols = { symbols: ['AAPL', 'GOOG'] }
const tape = topicOf('trades', symbols)
const quote = (bid: number): Quote => ({ bid, ask: bid + 1 })

const publish = async (...bids: number[]): Promise<void> => {
  server.publish('quotes', topic, ...bids.map(quote))
  await server.settled()
}
const trade = async (...trades: readonly (readonly [symbol: string, price: number])[]): Promise<void> => {
  server.publish('trades', tape, ...trades.map(([symbol, price]) => ({ symbol, price })))
  await server.settled()
}

beforeEach(() => {
  clock = new ManualClock()
  frames = new ManualFrames()
  server = new FakeServer({ clock, replay: 2 })
  const options = { url: 'ws://test/ws', webSocket: server.WebSocket, clock, backoff: { random: () => 1 } }
  client = createClient<Routes>(routeNames, options)
})

afterEach(() => {
  client.connection.close()
  vi.unstubAllGlobals()
})

/** The bids that a listener of conflated quotes has been given. */
const conflating = async (
  options: FrameOptions<Quote> = {},
  subscription?: SubscribeOptions,
): Promise<number[]> => {
  const seen: number[] = []
  const quotes = conflated(client.quotes, { frames, ...options })
  await quotes.subscribe('q', aapl, ({ bid }) => seen.push(bid), subscription)
  return seen
}

/** The bids that a listener of batched quotes has been given, by call. */
const batching = async (
  options: FrameOptions<Quote> = {},
  subscription?: SubscribeOptions,
): Promise<number[][]> => {
  const seen: number[][] = []
  const quotes = batched(client.quotes, { frames, ...options })
  await quotes.subscribe('q', aapl, (batch) => seen.push(batch.map(({ bid }) => bid)), subscription)
  return seen
}

test('conflated: the newest of a frame, and nothing where nothing came', async () => {
  const seen = await conflating()
  await publish(1, 2, 3)
  await publish(4)
  expect(seen).toEqual([])
  frames.frame()
  frames.frame()
  expect(seen).toEqual([4])
  expect(frames.pending).toBe(0)
  await publish(5)
  frames.frame()
  expect(seen).toEqual([4, 5])
})

test('conflated: by a key, in the order in which the newest came, with where each stands', async () => {
  const seen: unknown[] = []
  const trades = conflated(client.trades, { frames, by: ({ symbol }) => symbol })
  await trades.subscribe('t', symbols, ({ symbol, price }, { seq }) => seen.push([symbol, price, seq]))
  await trade(['AAPL', 1], ['GOOG', 2], ['AAPL', 3], ['MSFT', 4])
  frames.frame()
  expect(seen).toEqual([
    ['GOOG', 2, 2],
    ['AAPL', 3, 3],
    ['MSFT', 4, 4],
  ])
})

test('conflated: of each topic, and of each source of a pattern, where no key is named', async () => {
  const seen: unknown[] = []
  await conflated(client.trades, { frames }).subscribe('t', symbols, ({ price }) => seen.push(price))
  const send = (seq: number, price: number, source?: string): void => {
    const payload: object = { topic: tape, seq, payload: { symbol: 'A', price }, ...(source && { source }) }
    server.connections[0]?.send({ type: 'trades.update', payload })
  }
  send(1, 10, 'one')
  send(2, 20, 'two')
  send(3, 30, 'one')
  send(4, 40)
  await server.settled()
  frames.frame()
  expect(seen).toEqual([20, 30, 40])
})

test('batched: all of a frame in one call, with where each stands', async () => {
  const onBatch = vi.fn()
  await batched(client.quotes, { frames }).subscribe('q', aapl, onBatch)
  await publish(1, 2)
  await publish(3)
  expect(onBatch).not.toHaveBeenCalled()
  frames.frame()
  frames.frame()
  const each = [1, 2, 3].map((seq) => ({ topic, seq }))
  expect(onBatch).toHaveBeenCalledExactlyOnceWith([quote(1), quote(2), quote(3)], { topic, seq: 3, each })
})

test('batched by a key: the newest of each in one call', async () => {
  const seen: Trade[][] = []
  const trades = batched(client.trades, { frames, by: ({ symbol }) => symbol })
  await trades.subscribe('t', symbols, (batch) => seen.push([...batch]))
  await trade(['AAPL', 1], ['GOOG', 2], ['AAPL', 3])
  frames.frame()
  expect(seen).toEqual([
    [
      { symbol: 'GOOG', price: 2 },
      { symbol: 'AAPL', price: 3 },
    ],
  ])
})

test('what waits is passed on when as much waits as may, frame or not; nothing is lost', async () => {
  const all = await batching({ maxBuffered: 3 })
  await publish(1, 2, 3, 4)
  expect(all).toEqual([[1, 2, 3]])
  await publish(5, 6)
  expect(all).toEqual([
    [1, 2, 3],
    [4, 5, 6],
  ])
  expect(frames.pending).toBe(0)
  await publish(7)
  frames.frame()
  expect(all).toEqual([[1, 2, 3], [4, 5, 6], [7]])
})

test('conflated: keys are what is counted', async () => {
  const seen: number[] = []
  const trades = conflated(client.trades, { frames, by: ({ symbol }) => symbol, maxBuffered: 2 })
  await trades.subscribe('t', symbols, ({ price }) => seen.push(price))
  await trade(['A', 1], ['A', 2], ['A', 3])
  expect(seen).toEqual([])
  await trade(['B', 4], ['A', 5])
  expect(seen).toEqual([3, 4])
  frames.frame()
  expect(seen).toEqual([3, 4, 5])
})

test.each(['unsubscribe', 'close', 'replace'] as const)('%s drops what waits, and its frame', async (how) => {
  const quotes = conflated(client.quotes, { frames })
  const listener = vi.fn()
  const onClose = vi.fn()
  await quotes.subscribe('q', aapl, listener, { onClose })
  await publish(1)
  expect(frames.pending).toBe(1)
  if (how === 'unsubscribe') await quotes.unsubscribe('q')
  else if (how === 'close') client.connection.close()
  else await quotes.subscribe('q', aapl, () => undefined)
  expect(frames.pending).toBe(0)
  frames.frame()
  expect(listener).not.toHaveBeenCalled()
  expect(onClose).toHaveBeenCalledTimes(how === 'close' ? 1 : 0)
})

test('a listener that ends its subscription, or another, is the last one called', async () => {
  const seen: string[] = []
  const trades = conflated(client.trades, { frames, by: ({ symbol }) => symbol })
  for (const id of ['one', 'other']) {
    await trades.subscribe(id, symbols, ({ symbol }) => {
      seen.push(`${id} ${symbol}`)
      void trades.unsubscribe('one')
      void trades.unsubscribe('other')
    })
  }
  await trade(['A', 1], ['B', 2])
  frames.frame()
  expect(seen).toEqual(['one A'])
})

test('what comes while listeners are called is for the next frame', async () => {
  const seen: number[] = []
  const quotes = conflated(client.quotes, { frames })
  await quotes.subscribe('q', aapl, ({ bid }) => {
    seen.push(bid)
    if (bid < 3) {
      const info = { topic, seq: bid + 1, payload: quote(bid + 1) }
      server.connections[0]?.send({ type: 'quotes.update', payload: info })
    }
  })
  await publish(1)
  for (const expected of [[1], [1, 2], [1, 2, 3], [1, 2, 3]]) {
    frames.frame()
    await server.settled()
    expect(seen).toEqual(expected)
  }
})

test('a thousand subscriptions ask for one frame', async () => {
  const quotes = conflated(client.quotes, { frames })
  let calls = 0
  for (let n = 0; n < 1_000; n += 1) await quotes.subscribe(`q${n}`, aapl, () => (calls += 1))
  await publish(1)
  frames.frame()
  expect([calls, frames.requested]).toEqual([1_000, 1])
})

test('a gap is told between what came before it and what follows', async () => {
  const seen: unknown[] = []
  const quotes = batched(client.quotes, { frames })
  await quotes.subscribe('q', aapl, (batch) => seen.push(batch.map(({ bid }) => bid)), {
    onGap: ({ after, seq }) => seen.push(`gap ${after} ${seq}`),
  })
  await publish(1)
  server.cut()
  await publish(2, 3, 4, 5)
  await clock.advance(500)
  await publish(6)
  expect(seen).toEqual([[1], 'gap 1 5'])
  frames.frame()
  expect(seen).toEqual([[1], 'gap 1 5', [6]])
})

test('a reset is told before its state, which is a snapshot', async () => {
  server = new FakeServer({ clock, snapshots: ['quotes'] })
  client = createClient<Routes>(routeNames, { url: 'ws://test/ws', webSocket: server.WebSocket, clock })
  const seen: unknown[] = []
  server.publish('quotes', topic, quote(1))
  const quotes = batched(client.quotes, { frames })
  const onBatch = (batch: readonly Quote[], { each }: { each: readonly { snapshot?: true }[] }): void => {
    seen.push(batch.map(({ bid }, at) => [bid, each[at]?.snapshot ?? false]))
  }
  await quotes.subscribe('q', aapl, onBatch, { onGap: ({ reason }) => seen.push(reason) })
  await publish(2)
  frames.frame()
  expect(seen.splice(0)).toEqual([
    [
      [1, true],
      [2, false],
    ],
  ])
  await publish(3)
  server.reset('quotes', topic)
  await server.settled()
  frames.frame()
  expect(seen).toEqual([[[3, false]], 'restarted', [[3, true]]])
})

test('without `onGap` the connection is told, as ever', async () => {
  const onError = vi.fn()
  client.connection.on('error', onError)
  const trades = batched(client.trades, { frames })
  await trades.subscribe('t', symbols, () => undefined)
  server.cut()
  await trade(['A', 1], ['A', 2], ['A', 3])
  await clock.advance(500)
  expect(onError).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ code: 'gap', topic: tape }))
})

test('what came before the end of the subscription is passed on before the end is told', async () => {
  const seen: unknown[] = []
  const quotes = conflated(client.quotes, { frames })
  await quotes.subscribe('q', aapl, ({ bid }) => seen.push(bid), { onError: ({ code }) => seen.push(code) })
  await publish(1)
  server.script('quotes.subscribe', () => ({ status: 'error', code: 'forbidden', message: 'No', topic }))
  server.cut()
  await clock.advance(500)
  frames.frame()
  expect(seen).toEqual([1, 'forbidden'])
})

test('a listener that throws harms no other, and no later call of its own', async () => {
  const reportError = vi.fn()
  vi.stubGlobal('reportError', reportError)
  const seen: string[] = []
  const fault = new Error('mine')
  const trades = conflated(client.trades, { frames, by: ({ symbol }) => symbol })
  for (const id of ['one', 'other']) {
    await trades.subscribe(id, symbols, ({ symbol }) => {
      seen.push(`${id} ${symbol}`)
      if (id === 'one' && symbol === 'A') throw fault
    })
  }
  await trade(['A', 1], ['B', 2])
  frames.frame()
  expect(seen).toEqual(['one A', 'one B', 'other A', 'other B'])
  expect(reportError).toHaveBeenCalledExactlyOnceWith(
    expect.objectContaining({ code: 'listener_failed', cause: fault }),
  )
})

test('a refusal rejects, and what cannot be asked for replaces nobody', async () => {
  const seen: number[] = []
  const quotes = conflated(client.quotes, { frames })
  await quotes.subscribe('q', aapl, ({ bid }) => seen.push(bid))
  const impossible = { symbol: 'A', depth: Number.NaN }
  await expect(quotes.subscribe('q', impossible, () => undefined)).rejects.toThrow(RangeError)
  await publish(1)
  frames.frame()
  expect(seen).toEqual([1])
  server.script('quotes.subscribe', () => ({ status: 'error', code: 'forbidden', message: 'No', topic }))
  await expect(quotes.subscribe('r', { symbol: 'GOOG' }, () => undefined)).rejects.toMatchObject({
    code: 'forbidden',
  })
})

test('ids are those of the object that began it; staleness is told by them', async () => {
  server = new FakeServer({ clock })
  client = createClient<Routes>(routeNames, { url: 'ws://test/ws', webSocket: server.WebSocket, clock })
  const [one, other] = [watched(conflated(client.quotes, { frames })), batched(client.quotes, { frames })]
  const stale: unknown[] = []
  one.on('stale', ({ listenerId, stale: isStale }) => stale.push([listenerId, isStale]))
  const listeners = [vi.fn(), vi.fn(), vi.fn()] as const
  await one.subscribe('q', aapl, listeners[0])
  await other.subscribe('q', aapl, listeners[1])
  await client.quotes.subscribe('q', aapl, listeners[2])
  server.interrupt('quotes', topic)
  await server.settled()
  expect(stale).toEqual([['q', true]])
  await client.quotes.unsubscribe('q')
  await publish(1)
  frames.frame()
  expect(listeners.map(({ mock }) => mock.calls.length)).toEqual([1, 1, 0])
})

test('without options it is the same object each time', () => {
  expect(conflated(client.quotes)).toBe(conflated(client.quotes))
  expect(batched(client.quotes)).toBe(batched(client.quotes))
  expect(conflated(client.quotes)).not.toBe(conflated(client.trades))
  expect(conflated(client.quotes, {})).not.toBe(conflated(client.quotes, {}))
})

test('is a route like any other: to a loop, and to `useTopic`', async () => {
  const loop = stream(batched(client.quotes, { frames }), aapl)
  const watch = new TopicWatch(
    conflated(client.quotes, { frames }),
    aapl,
    () => ({}),
    () => (changes += 1),
    undefined,
  )
  let changes = 0
  watch.start()
  await server.settled()
  expect(watch.state.status).toBe('live')
  changes = 0
  await publish(1, 2, 3)
  expect(changes).toBe(0)
  frames.frame()
  await expect(loop.next()).resolves.toEqual({ value: [quote(1), quote(2), quote(3)], done: false })
  expect([watch.state.data, changes]).toEqual([quote(3), 1])
  watch.stop()
  await loop.return?.()
})
