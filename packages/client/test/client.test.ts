import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createClient, defineAdapter, TopicwireError, type Client, type ClientOptions } from '../src/index.js'
import { FakeServer, topicOf } from '../src/testing/index.js'
import { routeNames, type Quote, type Routes, type Trade } from './routes.js'

let server: FakeServer

const aapl = { symbol: 'AAPL' }
const quotesOfAapl = topicOf('quotes', aapl)
const quote = (bid: number): Quote => ({ bid, ask: bid + 1 })
const nothing = (): void => undefined

const newClient = (options: Partial<ClientOptions> = {}): Client<Routes> =>
  createClient<Routes>(routeNames, {
    url: 'ws://test/ws',
    webSocket: server.WebSocket,
    ...options,
  })

const typesReceived = (): string[] => server.received.map(({ type }) => type)

beforeEach(() => {
  server = new FakeServer()
})

afterEach(() => {
  vi.unstubAllGlobals()
})

describe('subscribe', () => {
  test('resolves when the server has accepted, and calls back with each update and its place', async () => {
    const client = newClient()
    const seen: unknown[] = []
    const accepted = await client.quotes.subscribe('badge', aapl, (data, info) => seen.push([data, info]))
    expect(accepted).toEqual({ topics: [quotesOfAapl] })
    server.publish('quotes', quotesOfAapl, quote(1), quote(2))
    await server.settled()
    expect(seen).toEqual([
      [quote(1), { topic: quotesOfAapl, seq: 1 }],
      [quote(2), { topic: quotesOfAapl, seq: 2 }],
    ])
  })

  test('routes by the topics that the reply named: one request, several topics', async () => {
    server.script('trades.subscribe', () => ({
      status: 'ok',
      message: 'Subscribed',
      topic: 'AAPL',
      topics: [{ topic: 'AAPL' }, { topic: 'GOOG' }],
    }))
    const symbols: string[] = []
    const accepted = await newClient().trades.subscribe(
      'tape',
      { symbols: ['AAPL', 'GOOG'] },
      (trade: Trade) => {
        symbols.push(trade.symbol)
      },
    )
    expect(accepted.topics).toEqual(['AAPL', 'GOOG'])
    for (const symbol of ['GOOG', 'AAPL', 'IBM']) server.publish('trades', symbol, { symbol, price: 1 })
    await server.settled()
    expect(symbols).toEqual(['GOOG', 'AAPL'])
  })

  test('rejects with the code and the details of a refusal, which is not retried', async () => {
    const details = [{ path: 'symbol', message: 'Unknown symbol', kind: 'value_error' }]
    server.script('quotes.subscribe', () => {
      throw new TopicwireError('validation_error', 'Unknown symbol', { details })
    })
    const client = newClient()
    const refusal = await client.quotes
      .subscribe('q', { symbol: '?' }, nothing)
      .catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(TopicwireError)
    expect(refusal).toMatchObject({ code: 'validation_error', type: 'quotes.subscribe', details })
    server.cut()
    await server.settled()
    expect(typesReceived()).toEqual(['quotes.subscribe'])
  })

  test('with equal parameters is one subscription on the wire, across clients of the page', async () => {
    const [one, other] = [newClient(), newClient()]
    const seen: string[] = []
    await one.quotes.subscribe('same id', { symbol: 'AAPL', depth: 1 }, () => seen.push('one'))
    await one.quotes.subscribe('b', { depth: 1, symbol: 'AAPL' }, () => seen.push('b'))
    await other.quotes.subscribe('same id', { symbol: 'AAPL', depth: 1 }, () => seen.push('other'))
    expect(server.attempts).toBe(1)
    expect(server.publish('quotes', topicOf('quotes', { symbol: 'AAPL', depth: 1 }), quote(1))).toBe(1)
    await server.settled()
    expect(seen).toEqual(['one', 'b', 'other'])
    await one.quotes.unsubscribe('same id')
    await one.quotes.unsubscribe('b')
    expect(typesReceived()).toEqual(['quotes.subscribe'])
    await other.quotes.unsubscribe('same id')
    expect(typesReceived()).toEqual(['quotes.subscribe', 'quotes.unsubscribe'])
  })

  test('again with the same id replaces, and ends what nobody uses any more', async () => {
    const client = newClient()
    const seen: string[] = []
    await client.quotes.subscribe('chart', aapl, () => seen.push('AAPL'))
    await client.trades.subscribe('chart', { symbols: [] }, nothing)
    await client.quotes.subscribe('chart', { symbol: 'IBM' }, () => seen.push('IBM'))
    await server.settled()
    expect(typesReceived()).toEqual([
      'quotes.subscribe',
      'trades.subscribe',
      'quotes.subscribe',
      'quotes.unsubscribe',
    ])
    server.publish('quotes', quotesOfAapl, quote(1))
    server.publish('quotes', topicOf('quotes', { symbol: 'IBM' }), quote(2))
    await server.settled()
    expect(seen).toEqual(['IBM'])
  })

  test('again with the same id and parameters changes the callback alone', async () => {
    const client = newClient()
    const seen: string[] = []
    await client.quotes.subscribe('chart', aapl, () => seen.push('old'))
    await client.quotes.subscribe('chart', aapl, () => seen.push('new'))
    server.publish('quotes', quotesOfAapl, quote(1))
    await server.settled()
    expect(seen).toEqual(['new'])
    expect(typesReceived()).toEqual(['quotes.subscribe'])
  })

  test('that is replaced or ended before it was accepted is rejected as cancelled', async () => {
    const client = newClient()
    server.hold()
    const first = client.quotes.subscribe('chart', aapl, nothing)
    const second = client.quotes.subscribe('chart', { symbol: 'IBM' }, nothing)
    await expect(first).rejects.toMatchObject({ code: 'cancelled' })
    const ended = client.quotes.unsubscribe('chart')
    await expect(second).rejects.toMatchObject({ code: 'cancelled' })
    server.release()
    await ended
    expect(server.connections[0]?.subscriptions.size ?? 0).toBe(0)
  })

  test('keeps what was asked, whatever becomes of the parameters', async () => {
    const params = { symbols: ['AAPL'] }
    const pending = newClient().trades.subscribe('tape', params, nothing)
    params.symbols.push('GOOG')
    expect((await pending).topics).toEqual([topicOf('trades', { symbols: ['AAPL'] })])
  })

  test('refuses parameters that JSON cannot carry', async () => {
    const pending = newClient().quotes.subscribe('q', { symbol: 'A', depth: Number.NaN }, nothing)
    await expect(pending).rejects.toThrow(RangeError)
    await expect(pending).rejects.toThrow('NaN')
    expect(server.attempts).toBe(0)
  })
})

describe('unsubscribe', () => {
  test('ends the calls at once, within a batch too, and resolves when the server has confirmed', async () => {
    const client = newClient()
    const seen: string[] = []
    await client.quotes.subscribe('a', aapl, () => {
      seen.push('a')
      void client.quotes.unsubscribe('b')
    })
    await client.quotes.subscribe('b', aapl, () => seen.push('b'))
    server.publish('quotes', quotesOfAapl, quote(1), quote(2))
    await server.settled()
    expect(seen).toEqual(['a', 'a'])
    await client.quotes.unsubscribe('a')
    expect(server.connections[0]?.subscriptions.size).toBe(0)
  })

  test('and subscribing from within a callback never calls another callback inside it', async () => {
    const client = newClient()
    const log: string[] = []
    await client.quotes.subscribe('b', aapl, ({ bid }) => log.push(`b ${bid}`))
    await client.quotes.subscribe('a', aapl, ({ bid }) => {
      log.push(`a ${bid} begins`)
      void client.trades.subscribe(`tape ${bid}`, { symbols: [] }, nothing)
      void client.quotes.unsubscribe('nobody')
      log.push(`a ${bid} ends`)
    })
    server.connections[0]?.send(
      { type: 'quotes.update', payload: { topic: quotesOfAapl, seq: 1, payload: quote(1) } },
      { type: 'quotes.update', payload: { topic: quotesOfAapl, seq: 2, payload: quote(2) } },
    )
    await server.settled()
    expect(log).toEqual(['b 1', 'a 1 begins', 'a 1 ends', 'b 2', 'a 2 begins', 'a 2 ends'])
  })

  test('and whatever else a callback sends follows what its frame had already caused', async () => {
    server.script('orders.cancel_all', () => ({ cancelled: 0 }))
    const client = newClient()
    await client.quotes.subscribe('a', aapl, () => void client.orders.cancel_all())
    const update = { type: 'quotes.update', payload: { topic: quotesOfAapl, seq: 1, payload: quote(1) } }
    server.connections[0]?.send(update, { type: 'ping' })
    await server.settled()
    expect(typesReceived()).toEqual(['quotes.subscribe', 'pong', 'orders.cancel_all'])
  })

  test('of an unknown id, or before anything was subscribed, is done at once', async () => {
    const client = newClient()
    await client.quotes.unsubscribe('nobody')
    await client.quotes.subscribe('a', aapl, nothing)
    await client.trades.unsubscribe('a')
    await client.quotes.unsubscribe('a')
    await client.quotes.unsubscribe('a')
    expect(typesReceived()).toEqual(['quotes.subscribe', 'quotes.unsubscribe'])
  })
})

describe('pitfall 22: a listener that throws', () => {
  test('stops no other, and its client is told', async () => {
    const [one, other] = [newClient(), newClient()]
    const seen: string[] = []
    const [ofOne, ofOther] = [vi.fn(), vi.fn()]
    one.connection.on('error', ofOne)
    other.connection.on('error', ofOther)
    await one.quotes.subscribe('bad', aapl, () => {
      throw new Error('mine')
    })
    await one.quotes.subscribe('good', aapl, () => seen.push('good'))
    await other.quotes.subscribe('good', aapl, () => seen.push('other'))
    server.publish('quotes', quotesOfAapl, quote(1), quote(2))
    await server.settled()
    expect(seen).toEqual(['good', 'other', 'good', 'other'])
    expect(ofOne.mock.calls).toMatchObject([
      [{ code: 'listener_failed', cause: new Error('mine') }],
      [{ code: 'listener_failed' }],
    ])
    expect(ofOther).not.toHaveBeenCalled()
  })

  test('is reported to the page when nobody handles errors', async () => {
    const reportError = vi.fn()
    vi.stubGlobal('reportError', reportError)
    const client = newClient()
    client.connection.on('status', () => {
      throw new Error('badge')
    })
    await client.quotes.subscribe('bad', aapl, () => {
      throw new Error('mine')
    })
    server.publish('quotes', quotesOfAapl, quote(1))
    await server.settled()
    const causes = reportError.mock.calls.map(
      ([error]: unknown[]) => error instanceof TopicwireError && error.cause,
    )
    expect(causes).toEqual([new Error('badge'), new Error('badge'), new Error('mine')])
  })

  test('is written to the console where there is no page', async () => {
    const error = vi.spyOn(console, 'error').mockImplementation(nothing)
    const client = newClient()
    await client.quotes.subscribe('bad', aapl, () => {
      throw new Error('mine')
    })
    server.publish('quotes', quotesOfAapl, quote(1))
    await server.settled()
    expect(error).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ code: 'listener_failed' }))
    error.mockRestore()
  })
})

describe('operations', () => {
  test('are calls with typed requests and replies', async () => {
    server.script('orders.preview', ({ payload }) => ({ fee: `fee of ${(payload as { qty: string }).qty}` }))
    server.script('orders.cancel_all', () => ({ cancelled: 2 }))
    const client = newClient()
    const [preview, cancelled] = await Promise.all([
      client.orders.preview({ symbol: 'AAPL', qty: '10' }),
      client.orders.cancel_all(),
    ])
    expect(preview.fee).toBe('fee of 10')
    expect(cancelled).toEqual({ cancelled: 2 })
    expect(server.received).toEqual([
      { type: 'orders.preview', id: 1, payload: { symbol: 'AAPL', qty: '10' } },
      { type: 'orders.cancel_all', id: 2 },
    ])
  })

  test('reject with what the server answers', async () => {
    await expect(newClient().orders.cancel_all()).rejects.toMatchObject({
      code: 'no_matching_type',
      type: 'orders.cancel_all',
    })
  })
})

describe('an adapter', () => {
  test('is a class with every route as a property, made without side effects', async () => {
    const url = vi.fn(() => 'ws://test/ws')
    const WsAdapter = defineAdapter<Routes>(routeNames, {
      url,
      webSocket: server.WebSocket,
    })
    const adapter = new WsAdapter()
    expect(adapter).toBeInstanceOf(WsAdapter)
    expect(Object.keys(adapter).sort()).toEqual(['connection', 'orders', 'quotes', 'trades'])
    expect(Object.keys(adapter.orders).sort()).toEqual(['cancel_all', 'preview', 'subscribe', 'unsubscribe'])
    expect(adapter.connection.status).toBe('idle')
    expect(url).not.toHaveBeenCalled()
    await adapter.quotes.subscribe('q', aapl, nothing)
    await new WsAdapter().quotes.subscribe('q', aapl, nothing)
    expect(server.attempts).toBe(1)
    await new WsAdapter({ url: 'ws://elsewhere' }).quotes.subscribe('q', aapl, nothing)
    expect(server.attempts).toBe(2)
  })
})
