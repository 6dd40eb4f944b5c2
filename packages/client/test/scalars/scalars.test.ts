import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Operation, Route } from '@topicwire/client'
import {
  createClient,
  decoded,
  defineAdapter,
  encoded,
  type Client,
  type Codec,
  type ConvertedRoute,
  type RouteCodecs,
  type RouteEntry,
  type Scalar,
} from '@topicwire/client/scalars'
import { stream } from '@topicwire/client/stream'
import { FakeServer, topicOf } from '@topicwire/client/testing'
import { sentKey } from '../../src/ui/request-key.js'

interface Trade {
  symbol: string
  at: Date
  legs?: { at: Date | null }[]
}

interface Routes {
  trades: ConvertedRoute<
    { since: Date },
    Trade,
    'lossless',
    { preview: Operation<{ at: Date }, Date>; cancel: Operation<undefined, { count: number }> }
  >
  plain: Route<{ symbol: string }, { bid: number }>
}

/** As strict as a decoder should be: `new Date('x')` is a date that is none. */
const moment: Scalar<Date, string> = {
  decode: (text) => {
    const date = new Date(text)
    if (Number.isNaN(date.getTime())) throw new RangeError(`${text} is no moment`)
    return date
  },
  encode: (date) => date.toISOString(),
}
const TradeCodec: Codec = {
  fields: { at: moment, legs: { list: { fields: { at: { either: { scalar: moment, wire: 'string' } } } } } },
}
const trades: RouteCodecs<'trades'> = {
  route: 'trades',
  request: { fields: { since: moment } },
  data: { named: () => TradeCodec },
  operations: { preview: { request: { fields: { at: moment } }, reply: moment }, cancel: {} },
}
const routeNames: readonly RouteEntry<Routes>[] = [trades, 'plain']

const noon = '2026-01-31T12:00:00.000Z'
const since = new Date(noon)
const topic = topicOf('trades', { since: noon })
let server: FakeServer
let client: Client<Routes>

beforeEach(() => {
  server = new FakeServer()
  client = createClient<Routes>(routeNames, {
    url: 'ws://scalars.test/ws',
    webSocket: server.WebSocket,
  })
})

afterEach(() => {
  client.connection.close()
  vi.unstubAllGlobals()
})

test('what is sent travels as text, what is received is converted at any depth', async () => {
  const seen: Trade[] = []
  await client.trades.subscribe('a', { since }, (trade) => seen.push(trade))
  expect(server.received.find(({ type }) => type === 'trades.subscribe')?.payload).toEqual({ since: noon })
  server.publish('trades', topic, { symbol: 'A', at: noon, legs: [{ at: noon }, { at: null }] })
  await server.settled()
  expect(seen).toEqual([{ symbol: 'A', at: since, legs: [{ at: since }, { at: null }] }])
})

test('listeners of one client share what was converted, and other routes pass as they are', async () => {
  const seen: Trade[] = []
  const quotes: unknown[] = []
  await client.trades.subscribe('a', { since }, (trade) => seen.push(trade))
  await client.trades.subscribe('b', { since }, (trade) => seen.push(trade))
  await client.plain.subscribe('a', { symbol: 'A' }, (quote) => quotes.push(quote))
  server.publish('trades', topic, { symbol: 'A', at: noon })
  server.publish('plain', topicOf('plain', { symbol: 'A' }), { bid: 1, at: noon })
  await server.settled()
  expect(seen).toHaveLength(2)
  expect(seen[0]).toBe(seen[1])
  expect(quotes).toEqual([{ bid: 1, at: noon }])
})

test('streams and calls are converted both ways', async () => {
  const updates = stream(client.trades, { since })
  await server.settled()
  server.publish('trades', topic, { symbol: 'A', at: noon })
  expect(await updates.next()).toEqual({ value: { symbol: 'A', at: since }, done: false })
  await updates.return?.()
  server.script('trades.preview', ({ payload }) => (payload as { at: string }).at)
  server.script('trades.cancel', () => ({ count: 1 }))
  expect(await client.trades.preview({ at: since })).toEqual(since)
  expect(await client.trades.cancel()).toEqual({ count: 1 })
})

test('what cannot be decoded ends its listener with invalid_data, and no other', async () => {
  const faults: unknown[] = []
  const seen: Trade[] = []
  await client.trades.subscribe('a', { since }, (trade) => seen.push(trade), {
    onError: (error) => faults.push(error),
  })
  server.publish('trades', topic, { symbol: 'A', at: noon }, { symbol: 'A', at: 'noon' })
  await server.settled()
  expect(seen).toHaveLength(1)
  expect(faults).toMatchObject([{ code: 'invalid_data', type: 'trades.update', topic }])
  server.script('trades.preview', () => 'noon')
  await expect(client.trades.preview({ at: since })).rejects.toMatchObject({ code: 'invalid_data' })
})

test('what cannot be encoded is thrown at whoever asked, and nothing is sent', async () => {
  const never = new Date(NaN)
  await expect(client.trades.subscribe('a', { since: never }, () => undefined)).rejects.toThrow(RangeError)
  await expect(client.trades.preview({ at: never })).rejects.toThrow(RangeError)
  expect(() => stream(client.trades, { since: never })).toThrow(RangeError)
  expect(server.attempts).toBe(0)
})

test('requests are compared as they travel, whatever they are held in', () => {
  const big: Scalar<bigint, string> = { decode: BigInt, encode: String }
  const counts: RouteCodecs<'counts'> = { route: 'counts', request: { record: big }, operations: {} }
  interface Counts {
    counts: ConvertedRoute<Record<string, bigint>, number>
  }
  const own = createClient<Counts>([counts], { url: 'ws://scalars.test/ws', webSocket: server.WebSocket })
  expect(sentKey(own.counts, { n: 1n })).toBe('{"n":"1"}')
  expect(sentKey(client.trades, { since })).toBe(sentKey(client.trades, { since: new Date(since) }))
  expect(sentKey(client.trades, undefined)).toBeUndefined()
  expect(sentKey(client.trades, { since: 'never' })).toBe('{"since":"never"}')
  expect(sentKey(client.plain, { symbol: 'A' })).toBe('{"symbol":"A"}')
  expect(() => stream(own.counts, { n: 1n })).not.toThrow()
  own.connection.close()
})

test('validation sees what travels', async () => {
  const checked: unknown[] = []
  const own = createClient<Routes>([trades], {
    url: 'ws://scalars.test/ws',
    webSocket: server.WebSocket,
    validate: (inner) => {
      const route = (inner as unknown as Client<Routes>).trades
      const subscribe: typeof route.subscribe = (id, params, callback, options) =>
        route.subscribe(id, params, (data, info) => callback((checked.push(data), data), info), options)
      return { ...inner, trades: { ...route, subscribe } }
    },
  })
  await own.trades.subscribe('a', { since }, () => undefined)
  server.publish('trades', topic, { symbol: 'A', at: noon })
  await server.settled()
  expect(checked).toEqual([{ symbol: 'A', at: noon }])
  own.connection.close()
})

test('an adapter of such routes is constructed without touching anything', async () => {
  const Adapter = defineAdapter<Routes>(routeNames, { url: 'ws://scalars.test/other' })
  const adapter = new Adapter({ webSocket: server.WebSocket })
  expect(server.attempts).toBe(0)
  await adapter.trades.subscribe('a', { since }, () => undefined)
  expect(server.attempts).toBe(1)
  adapter.connection.close()
})

const price: Scalar<{ readonly cents: bigint }, string> = {
  decode: (text) => ({ cents: BigInt(text) }),
  encode: ({ cents }) => String(cents),
}
class Price {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}
const held: Scalar<Price, string> = { decode: (text) => new Price(text), encode: ({ text }) => text }
const one = { at: noon }
const other = { at: since }

test.each<[string, Codec, unknown, unknown]>([
  ['a tuple', { items: [null, moment], rest: price }, [1, noon, '2'], [1, since, { cents: 2n }]],
  ['a record', { record: moment }, { a: noon, b: noon }, { a: since, b: since }],
  [
    'what is not declared',
    { fields: { name: null }, others: moment },
    { name: 'x', a: noon },
    { name: 'x', a: since },
  ],
  ['an absent field', { fields: { at: moment } }, { b: 1 }, { b: 1 }],
  [
    'a tag',
    { list: { tag: 'kind', cases: [['a', { fields: { at: moment } }]] } },
    [{ kind: 'a', ...one }, { kind: 'b', ...one }, {}],
    [{ kind: 'a', ...other }, { kind: 'b', ...one }, {}],
  ],
  [
    'a constant beside a scalar',
    { list: { either: { scalar: moment, wire: 'string', values: ['now'] } } },
    ['now', noon, null],
    ['now', since, null],
  ],
  [
    'a number beside a scalar',
    { list: { either: { scalar: held, wire: 'string', kinds: ['number', 'boolean'] } } },
    [1, true, '2', null],
    [1, true, new Price('2'), null],
  ],
  [
    'a scalar on the wire as a number',
    {
      list: {
        either: {
          scalar: { decode: (ms: number) => new Date(ms), encode: (at: Date) => at.getTime() },
          wire: 'number',
          kinds: ['string'],
        },
      },
    },
    [since.getTime(), 'x'],
    [since, 'x'],
  ],
  [
    'a list, an object or a scalar',
    {
      list: {
        either: { scalar: held, wire: 'string', list: { list: moment }, object: { fields: { at: moment } } },
      },
    },
    ['2', [noon], one],
    [new Price('2'), [since], other],
  ],
  [
    'objects that stay as they are beside a scalar',
    { list: { either: { scalar: held, wire: 'string', kinds: ['object', 'list'] } } },
    ['2', one, [noon]],
    [new Price('2'), one, [noon]],
  ],
])('%s', (_, codec, wire, value) => {
  const before = structuredClone(wire)
  expect(decoded(codec, wire)).toEqual(value)
  expect(encoded(codec, value)).toEqual(wire)
  expect(wire).toEqual(before)
})

test('a key `__proto__` is one like any other', () => {
  const wire: unknown = JSON.parse(`{ "__proto__": "${noon}" }`)
  const value = decoded({ record: moment }, wire)
  expect(Object.getOwnPropertyNames(value)).toEqual(['__proto__'])
  expect(JSON.stringify(encoded({ record: moment }, value))).toBe(JSON.stringify(wire))
  const fields = Object.fromEntries([['__proto__', moment]])
  expect(JSON.stringify(encoded({ fields }, decoded({ fields }, wire)))).toBe(JSON.stringify(wire))
})

test('a member that is given as undefined stays so', () => {
  expect(encoded({ fields: { at: moment } }, { at: undefined })).toEqual({ at: undefined })
})

test('what is of another kind than its type is passed on, for validation to find', () => {
  for (const codec of [{ list: moment }, { items: [moment] }, { record: moment }, { tag: 'a', cases: [] }])
    for (const wire of [1, 'x', null, true]) expect(decoded(codec, wire)).toBe(wire)
  expect(decoded({ record: moment }, [noon])).toEqual([noon])
  expect(decoded({ list: moment }, one)).toEqual(one)
})
