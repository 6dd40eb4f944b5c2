// @vitest-environment happy-dom
/// <reference lib="dom" />
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import {
  createApp,
  defineComponent,
  effectScope,
  h,
  nextTick,
  reactive,
  ref,
  shallowRef,
  type App,
} from 'vue'
import { createClient, TopicwireError, type Client, type UpdateInfo } from '@topicwire/client'
import { FakeServer, ManualClock, topicOf } from '@topicwire/client/testing'
import { useTopic, type TopicOptions, type UseTopic } from '@topicwire/client/vue'
import { routeNames, type Quote, type QuoteRequest, type Routes } from '../routes.js'

const quote = (bid: number): Quote => ({ bid, ask: bid + 1 })
const topicOfSymbol = (symbol: string): string => topicOf('quotes', { symbol })

let clock: ManualClock
let server: FakeServer
let client: Client<Routes>
const apps: App[] = []

beforeEach(() => {
  clock = new ManualClock()
  server = new FakeServer({ clock, staleAfterS: { quotes: 5 } })
  client = createClient<Routes>(routeNames, {
    url: 'ws://test/vue',
    webSocket: server.WebSocket,
    clock,
    idleMs: 0,
    backoff: { random: () => 1 },
  })
})

afterEach(() => {
  for (const app of apps.splice(0)) app.unmount()
  client.connection.close()
  vi.unstubAllGlobals()
})

/** A component that uses the topic; what it has rendered is the text of its element. */
function mounted(
  request: () => QuoteRequest | undefined,
  options?: TopicOptions<Quote>,
): { topic: UseTopic<Quote>; app: App; text: () => string } {
  const held: { topic?: UseTopic<Quote> } = {}
  const element = document.createElement('div')
  const app = createApp(
    defineComponent({
      setup() {
        const topic = (held.topic = useTopic(client.quotes, request, options))
        return () =>
          h('p', [
            `${topic.status.value} ${topic.data.value?.bid ?? '-'} ${topic.stale.value ? 'stale' : 'fresh'} `,
            topic.error.value?.code ?? 'fine',
          ])
      },
    }),
  )
  app.mount(element)
  apps.push(app)
  return { topic: held.topic as UseTopic<Quote>, app, text: () => element.textContent ?? '' }
}

const commands = (): string[] =>
  server.received
    .filter(({ type }) => type.startsWith('quotes.'))
    .map(({ type, payload }) => `${type.slice(7)} ${(payload as QuoteRequest).symbol}`)

async function publish(symbol: string, ...bids: number[]): Promise<void> {
  server.publish('quotes', topicOfSymbol(symbol), ...bids.map(quote))
  await server.settled()
  await nextTick()
}

test('the latest update is rendered, and the subscription ends with the component', async () => {
  const { app, text } = mounted(() => ({ symbol: 'AAPL' }))
  expect(text()).toBe('waiting - fresh fine')
  await server.settled()
  await nextTick()
  expect(text()).toBe('live - fresh fine')
  await publish('AAPL', 1, 2, 3)
  expect(text()).toBe('live 3 fresh fine')
  app.unmount()
  await server.settled()
  expect(commands()).toEqual(['subscribe AAPL', 'unsubscribe AAPL'])
})

test('another request replaces the subscription, and the old data goes before anything is rendered', async () => {
  const props = reactive({ symbol: 'AAPL' })
  const { topic, text } = mounted(() => ({ symbol: props.symbol }))
  await server.settled()
  await publish('AAPL', 1)
  props.symbol = 'IBM'
  await nextTick()
  expect(text()).toBe('waiting - fresh fine')
  await server.settled()
  await publish('AAPL', 2)
  expect(topic.data.value).toBeUndefined()
  await publish('IBM', 3)
  expect(text()).toBe('live 3 fresh fine')
  expect(commands().sort()).toEqual(['subscribe AAPL', 'subscribe IBM', 'unsubscribe AAPL'])
})

test('a request that is equal in value keeps the subscription and its data', async () => {
  const request = ref<Record<string, unknown>>({ symbol: 'AAPL', depth: 1 })
  const { topic } = mounted(() => request.value as unknown as QuoteRequest)
  await server.settled()
  await publish('AAPL')
  server.publish('quotes', topicOf('quotes', { symbol: 'AAPL', depth: 1 }), quote(1))
  await server.settled()
  request.value = { depth: 1, symbol: 'AAPL' }
  await nextTick()
  await server.settled()
  expect(topic.data.value).toEqual(quote(1))
  expect(commands()).toEqual(['subscribe AAPL'])
})

test('keepPrevious keeps the data until the first update of the new request', async () => {
  const symbol = ref('AAPL')
  const { topic } = mounted(() => ({ symbol: symbol.value }), { keepPrevious: true })
  await server.settled()
  await publish('AAPL', 1)
  symbol.value = 'IBM'
  await nextTick()
  expect(topic.data.value).toEqual(quote(1))
  expect(topic.status.value).toBe('waiting')
  await server.settled()
  await publish('IBM', 2)
  expect(topic.data.value).toEqual(quote(2))
})

test('without a request nothing is subscribed; refs are taken as well as functions', async () => {
  const request = shallowRef<QuoteRequest>()
  const scope = effectScope()
  const topic = scope.run(() => useTopic(client.quotes, request))
  expect(topic?.status.value).toBe('idle')
  await server.settled()
  expect(server.attempts).toBe(0)
  request.value = { symbol: 'AAPL' }
  await nextTick()
  await server.settled()
  expect(topic?.status.value).toBe('live')
  request.value = undefined
  await nextTick()
  await server.settled()
  expect(topic?.status.value).toBe('idle')
  expect(topic?.data.value).toBeUndefined()
  expect(commands()).toEqual(['subscribe AAPL', 'unsubscribe AAPL'])
  scope.stop()
})

test('onUpdate is called for each update, data is the last of them', async () => {
  const seen: [number, UpdateInfo][] = []
  const { topic } = mounted(() => ({ symbol: 'AAPL' }), {
    onUpdate: ({ bid }, info) => seen.push([bid, info]),
  })
  await server.settled()
  await publish('AAPL', 1, 2, 3)
  expect(seen.map(([bid, { seq }]) => [bid, seq])).toEqual([
    [1, 1],
    [2, 2],
    [3, 3],
  ])
  expect(topic.data.value?.bid).toBe(3)
})

test('a silent topic is stale, and heard again it is not; another request is not stale', async () => {
  const symbol = ref('AAPL')
  const { topic } = mounted(() => ({ symbol: symbol.value }))
  await server.settled()
  await publish('AAPL', 1)
  await clock.advance(5_001)
  expect(topic.stale.value).toBe(true)
  expect(topic.data.value?.bid).toBe(1)
  await publish('AAPL', 2)
  expect(topic.stale.value).toBe(false)
  await clock.advance(5_001)
  expect(topic.stale.value).toBe(true)
  symbol.value = 'IBM'
  await nextTick()
  expect(topic.stale.value).toBe(false)
})

test('a refusal is a typed error, and retry asks again', async () => {
  server.script('quotes.subscribe', () => {
    throw new TopicwireError('forbidden', 'Not yours')
  })
  const { topic, text } = mounted(() => ({ symbol: 'AAPL' }))
  await server.settled()
  await nextTick()
  expect(text()).toBe('failed - fresh forbidden')
  expect(topic.error.value).toBeInstanceOf(TopicwireError)
  server.script('quotes.subscribe', undefined)
  topic.retry()
  expect(topic.status.value).toBe('waiting')
  await server.settled()
  expect(topic.status.value).toBe('live')
  expect(topic.error.value).toBeUndefined()
  topic.retry()
  await server.settled()
  expect(commands()).toEqual(['subscribe AAPL', 'subscribe AAPL'])
})

test('a subscription that the server has ended keeps its data and says why', async () => {
  const { topic } = mounted(() => ({ symbol: 'AAPL' }))
  await server.settled()
  await publish('AAPL', 1)
  const payload = { topic: topicOfSymbol('AAPL'), code: 'forbidden', message: 'Over', retry: false }
  server.connections[0]?.send({ type: 'quotes.closed', payload })
  await server.settled()
  expect(topic.status.value).toBe('failed')
  expect(topic.error.value?.code).toBe('forbidden')
  expect(topic.data.value).toEqual(quote(1))
})

test('a server that is not there is said so, and waited for', async () => {
  server.refuse()
  const { topic } = mounted(() => ({ symbol: 'AAPL' }), { timeoutMs: 1_000 })
  await clock.advance(1_000)
  expect(topic.status.value).toBe('waiting')
  expect(topic.error.value?.code).toBe('offline')
  server.accept()
  await clock.advance(5_000)
  expect(topic.status.value).toBe('live')
  expect(topic.error.value).toBeUndefined()
})

test('a lost connection changes nothing but what it brings', async () => {
  const { topic } = mounted(() => ({ symbol: 'AAPL' }))
  await server.settled()
  await publish('AAPL', 1)
  server.cut()
  await server.settled()
  expect(topic.status.value).toBe('live')
  expect(topic.data.value).toEqual(quote(1))
  server.publish('quotes', topicOfSymbol('AAPL'), quote(2))
  await clock.advance(1_000)
  expect(topic.data.value).toEqual(quote(2))
})

test('what was missed for good goes to onGap, with the newest function', async () => {
  const gaps: string[] = []
  const { topic } = mounted(() => ({ symbol: 'AAPL' }), { onGap: ({ reason }) => gaps.push(reason) })
  await server.settled()
  await publish('AAPL', 1)
  server.reset('quotes', topicOfSymbol('AAPL'))
  await server.settled()
  expect(gaps).toHaveLength(1)
  expect(topic.status.value).toBe('live')
})

test('what cannot be sent is an error, not a crash', async () => {
  const { topic } = mounted(() => ({ symbol: 'AAPL', depth: Number.NaN }))
  await server.settled()
  await nextTick()
  expect(topic.status.value).toBe('failed')
  expect(topic.error.value?.code).toBe('invalid_request')
})

test('two components of one request share one subscription on the wire', async () => {
  const [one, two] = [mounted(() => ({ symbol: 'AAPL' })), mounted(() => ({ symbol: 'AAPL' }))]
  await server.settled()
  await publish('AAPL', 1)
  expect([one.topic.data.value, two.topic.data.value]).toEqual([quote(1), quote(1)])
  one.app.unmount()
  await publish('AAPL', 2)
  expect(two.topic.data.value).toEqual(quote(2))
  expect(one.topic.data.value).toEqual(quote(1))
  expect(commands()).toEqual(['subscribe AAPL'])
})

test('where nothing would end the subscription it is refused', () => {
  expect(() => useTopic(client.quotes, { symbol: 'AAPL' })).toThrow('outside of setup()')
  expect(server.attempts).toBe(0)
})

test('where there is no page nothing is subscribed', async () => {
  // happy-dom's window is the global object itself.
  const { window: page } = globalThis
  Reflect.deleteProperty(globalThis, 'window')
  try {
    const scope = effectScope()
    const topic = scope.run(() => useTopic(client.quotes, { symbol: 'AAPL' }))
    await server.settled()
    expect(topic?.status.value).toBe('waiting')
    expect(server.attempts).toBe(0)
    scope.stop()
  } finally {
    Object.assign(globalThis, { window: page })
  }
})
