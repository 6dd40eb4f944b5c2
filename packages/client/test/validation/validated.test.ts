import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createClient, TopicwireError, type Client } from '@topicwire/client'
import { stream } from '@topicwire/client/stream'
import { FakeServer, topicOf } from '@topicwire/client/testing'
import { validated, type NamedSchema, type Validators } from '@topicwire/client/validation'
import { routeNames, type Routes } from '../routes.js'

const Price: NamedSchema = { name: 'Price', schema: { type: 'number', minimum: 0 } }
const Quote: NamedSchema = {
  name: 'Quote',
  uses: () => [Price, Quote],
  schema: {
    type: 'object',
    required: ['bid', 'ask'],
    properties: {
      bid: { $ref: '#/definitions/Price' },
      ask: { $ref: '#/definitions/Price' },
      before: { $ref: '#/definitions/Quote' },
      'a/b': { type: 'array', items: { type: 'string', pattern: '^(?P<letter>[a-z])\\Z' } },
    },
  },
}
const quotes: Validators = { 'quotes.update': Quote }
const orders: Validators = {
  'orders.preview': {
    name: 'Preview',
    schema: { type: 'object', required: ['fee'], properties: { fee: { type: 'string' } } },
  },
}

const aapl = { symbol: 'AAPL' }
const ibm = { symbol: 'IBM' }
const topic = topicOf('quotes', aapl)
let server: FakeServer
let client: Client<Routes>

beforeEach(() => {
  server = new FakeServer()
  client = createClient<Routes>(routeNames, {
    url: 'ws://test/ws',
    webSocket: server.WebSocket,
    validate: validated({ ...quotes, ...orders }),
  })
})

afterEach(() => {
  vi.unstubAllGlobals()
})

test('valid data is passed on as it is, with all that the schema does not name', async () => {
  const seen: unknown[] = []
  await client.quotes.subscribe('a', aapl, (data, info) => seen.push([data, info.seq]))
  const sent = { bid: 1, ask: 2, more: 'x', before: { bid: 0, ask: 0 }, 'a/b': ['anything'] }
  server.publish('quotes', topic, sent)
  await server.settled()
  expect(seen).toEqual([[sent, 1]])
})

test('invalid data ends the listener that it is for, with a typed error, and no other', async () => {
  const seen: string[] = []
  const faults: TopicwireError[] = []
  await client.quotes.subscribe('a', aapl, ({ bid }) => seen.push(`a ${bid}`), {
    onError: (error) => faults.push(error),
  })
  await client.quotes.subscribe('b', ibm, ({ bid }) => seen.push(`b ${bid}`))
  server.publish('quotes', topic, { bid: 1, ask: 2 }, { bid: 'high', ask: -1 }, { bid: 3, ask: 4 })
  server.publish('quotes', topicOf('quotes', ibm), { bid: 5, ask: 6 })
  await server.settled()
  expect(seen).toEqual(['a 1', 'b 5'])
  expect(faults).toHaveLength(1)
  expect(faults[0]).toBeInstanceOf(TopicwireError)
  expect(faults[0]).toMatchObject({ code: 'invalid_data', type: 'quotes.update', topic })
  expect(faults[0]?.details).toEqual([
    { path: 'bid', kind: 'type', message: "does not keep the schema's 'type'" },
  ])
  expect(faults[0]?.message).not.toContain('high')
  expect(
    server.received.map(({ type }) => type).filter((type) => type === 'quotes.unsubscribe'),
  ).toHaveLength(1)
})

test('where a fault lies deeper, its path says where', async () => {
  const faults: TopicwireError[] = []
  await client.quotes.subscribe('a', aapl, () => undefined, { onError: (error) => faults.push(error) })
  server.publish('quotes', topic, { bid: 1, ask: 2, before: { bid: 1 }, 'a/b': [] })
  await server.settled()
  expect(faults[0]?.details).toMatchObject([{ path: 'before', kind: 'required' }])
  await client.quotes.subscribe('a', aapl, () => undefined, { onError: (error) => faults.push(error) })
  server.publish('quotes', topic, { bid: 1, ask: 2, 'a/b': ['x', 7] })
  await server.settled()
  expect(faults[1]?.details).toMatchObject([{ path: 'a/b.1', kind: 'type' }])
})

test('the same listener can be subscribed again from within its onError', async () => {
  const seen: number[] = []
  const again = (): void => {
    void client.quotes.subscribe('a', aapl, ({ bid }) => seen.push(bid), { onError: again })
  }
  again()
  await server.settled()
  server.publish('quotes', topic, { bid: 'x' })
  await server.settled()
  server.publish('quotes', topic, { bid: 2, ask: 3 })
  await server.settled()
  expect(seen).toEqual([2])
})

test('without onError the connection is told; without a handler the page is', async () => {
  const reported = vi.fn()
  vi.stubGlobal('reportError', reported)
  await client.quotes.subscribe('a', aapl, () => undefined)
  server.publish('quotes', topic, null)
  await server.settled()
  expect(reported).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ code: 'invalid_data' }))

  const told = vi.fn()
  const off = client.connection.on('error', told)
  await client.quotes.subscribe('a', aapl, () => undefined)
  server.publish('quotes', topic, null)
  await server.settled()
  expect(told).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ code: 'invalid_data' }))
  expect(reported).toHaveBeenCalledOnce()
  off()
  expect(client.connection.status).toBe('open')
  client.connection.close()
  expect(client.connection.status).toBe('closed')
})

test('a stream ends with the error, after what came before it', async () => {
  const updates = stream(client.quotes, aapl)
  await server.settled()
  server.publish('quotes', topic, { bid: 1, ask: 2 }, { bid: 1 }, { bid: 3, ask: 4 })
  const read = [updates.next(), updates.next(), updates.next()]
  const [first, second, third] = await Promise.allSettled(read)
  expect(first).toMatchObject({ value: { value: { bid: 1, ask: 2 }, done: false } })
  expect(second).toMatchObject({ status: 'rejected', reason: { code: 'invalid_data' } })
  expect(third).toMatchObject({ value: { done: true } })
  await server.settled()
  expect(server.received.at(-1)?.type).toBe('quotes.unsubscribe')
})

test('a call is rejected when its reply is not valid', async () => {
  server.script('orders.preview', () => ({ fee: 1 }))
  const request = { symbol: 'AAPL', qty: '1' }
  await expect(client.orders.preview(request)).rejects.toMatchObject({
    code: 'invalid_data',
    type: 'orders.preview',
    details: [{ path: 'fee' }],
  })
  server.script('orders.preview', () => ({ fee: '1.00' }))
  await expect(client.orders.preview(request)).resolves.toEqual({ fee: '1.00' })
})

test('a function of one’s own may change what is passed on, and what it throws is a typed error', async () => {
  const own = createClient<Routes>(routeNames, {
    url: 'ws://test/own',
    webSocket: server.WebSocket,
    validate: validated({
      'quotes.update': (data) => {
        const { bid } = data as { bid: number }
        if (bid < 0) throw new RangeError('a bid below zero')
        return { bid: bid * 2 }
      },
    }),
  })
  const seen: unknown[] = []
  const faults: TopicwireError[] = []
  await own.quotes.subscribe('a', aapl, (data) => seen.push(data), { onError: (error) => faults.push(error) })
  server.publish('quotes', topic, { bid: 1 }, { bid: -1 })
  await server.settled()
  expect(seen).toEqual([{ bid: 2 }])
  expect(faults[0]).toMatchObject({ code: 'invalid_data', cause: expect.any(RangeError) as unknown })
})

test('every listener of an update has the same object, and a schema is compiled once', async () => {
  let checks = 0
  const counted: NamedSchema = {
    name: 'Counted',
    get schema() {
      checks += 1
      return { type: 'object' as const }
    },
  }
  const own = createClient<Routes>(routeNames, {
    url: 'ws://test/once',
    webSocket: server.WebSocket,
    validate: validated({ 'quotes.update': counted }),
  })
  const seen: unknown[] = []
  for (const id of ['a', 'b']) await own.quotes.subscribe(id, aapl, (data) => seen.push(data))
  server.publish('quotes', topic, { bid: 1 })
  await server.settled()
  expect(seen[0]).toBe(seen[1])
  expect(checks).toBe(1)
})

test('a client without the option checks nothing', async () => {
  const plain = createClient<Routes>(routeNames, {
    url: 'ws://test/plain',
    webSocket: server.WebSocket,
  })
  const seen: unknown[] = []
  await plain.quotes.subscribe('a', aapl, (data) => seen.push(data))
  server.publish('quotes', topic, 'nonsense')
  await server.settled()
  expect(seen).toEqual(['nonsense'])
})
