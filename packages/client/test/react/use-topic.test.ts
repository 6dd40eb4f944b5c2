// @vitest-environment happy-dom
/// <reference lib="dom" />
import { act, createElement, startTransition, StrictMode, useState, type ReactNode } from 'react'
import { createRoot, hydrateRoot, type Root } from 'react-dom/client'
import { renderToString } from 'react-dom/server'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createClient, TopicwireError, type Client } from '@topicwire/client'
import { FakeServer, ManualClock, topicOf } from '@topicwire/client/testing'
import { useTopic, type TopicOptions, type UseTopic } from '@topicwire/client/react'
import { routeNames, type Quote, type QuoteRequest, type Routes } from '../routes.js'

const quote = (bid: number): Quote => ({ bid, ask: bid + 1 })
const topicOfSymbol = (symbol: string): string => topicOf('quotes', { symbol })

let clock: ManualClock
let server: FakeServer
let client: Client<Routes>
let element: HTMLElement
let root: Root | undefined

beforeEach(() => {
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true)
  clock = new ManualClock()
  server = new FakeServer({ clock, staleAfterS: { quotes: 5 } })
  client = createClient<Routes>(routeNames, {
    url: 'ws://test/react',
    webSocket: server.WebSocket,
    clock,
    idleMs: 0,
    backoff: { random: () => 1 },
  })
  element = document.createElement('div')
})

afterEach(() => {
  act(() => root?.unmount())
  root = undefined
  client.connection.close()
  vi.unstubAllGlobals()
})

interface Props {
  readonly request: QuoteRequest | undefined
  readonly options?: TopicOptions<Quote>
  readonly onRender?: (topic: UseTopic<Quote>) => void
}

function Badge({ request, options, onRender }: Props): ReactNode {
  const topic = useTopic(client.quotes, request, options)
  onRender?.(topic)
  const { data, status, stale, error } = topic
  return `${status} ${data?.bid ?? '-'} ${stale ? 'stale' : 'fresh'} ${error?.code ?? 'fine'}`
}

async function render(node: ReactNode): Promise<void> {
  root ??= createRoot(element)
  await act(async () => {
    root?.render(node)
    await server.settled()
  })
}

const badge = (props: Props): ReactNode => createElement(Badge, props)
const text = (): string => element.textContent ?? ''

const commands = (): string[] =>
  server.received
    .filter(({ type }) => type.startsWith('quotes.'))
    .map(({ type, payload }) => `${type.slice(7)} ${(payload as QuoteRequest).symbol}`)

async function publish(symbol: string, ...bids: number[]): Promise<void> {
  await act(async () => {
    server.publish('quotes', topicOfSymbol(symbol), ...bids.map(quote))
    await server.settled()
  })
}

test('the latest update is rendered, and the subscription ends with the component', async () => {
  const rendered: string[] = []
  await render(badge({ request: { symbol: 'AAPL' }, onRender: ({ status }) => rendered.push(status) }))
  expect(rendered).toEqual(['waiting', 'live'])
  await publish('AAPL', 1, 2, 3)
  expect(text()).toBe('live 3 fresh fine')
  act(() => root?.unmount())
  root = undefined
  await server.settled()
  expect(commands()).toEqual(['subscribe AAPL', 'unsubscribe AAPL'])
})

test('StrictMode’s double mount makes one subscription on the wire, and no update comes twice', async () => {
  const seen: number[] = []
  const options = { onUpdate: ({ bid }: Quote) => seen.push(bid) }
  await render(createElement(StrictMode, null, badge({ request: { symbol: 'AAPL' }, options })))
  expect(commands()).toEqual(['subscribe AAPL'])
  await publish('AAPL', 1, 2)
  expect(seen).toEqual([1, 2])
  expect(text()).toBe('live 2 fresh fine')
  expect(commands()).toEqual(['subscribe AAPL'])
  expect(server.attempts).toBe(1)
})

test('the request counts by value: made anew in each rendering it keeps the subscription', async () => {
  await render(badge({ request: { symbol: 'AAPL', depth: 1 } }))
  await act(async () => {
    server.publish('quotes', topicOf('quotes', { symbol: 'AAPL', depth: 1 }), quote(7))
    await server.settled()
  })
  await render(badge({ request: { depth: 1, symbol: 'AAPL' } }))
  expect(text()).toBe('live 7 fresh fine')
  expect(commands()).toEqual(['subscribe AAPL'])
})

test('another request never shows the data of the former one, in any rendering', async () => {
  const rendered: [string, number | undefined][] = []
  const show = (symbol: string): Promise<void> =>
    render(
      badge({
        request: { symbol },
        onRender: ({ status, data }) => rendered.push([symbol + status, data?.bid]),
      }),
    )
  await show('AAPL')
  await publish('AAPL', 1)
  await show('IBM')
  await publish('AAPL', 2)
  await publish('IBM', 3)
  expect(rendered).toEqual([
    ['AAPLwaiting', undefined],
    ['AAPLlive', undefined],
    ['AAPLlive', 1],
    ['IBMwaiting', undefined],
    ['IBMlive', undefined],
    ['IBMlive', 3],
  ])
  expect(commands().sort()).toEqual(['subscribe AAPL', 'subscribe IBM', 'unsubscribe AAPL'])
})

test('keepPrevious keeps the data until the first update of the new request', async () => {
  const options = { keepPrevious: true }
  await render(badge({ request: { symbol: 'AAPL' }, options }))
  await publish('AAPL', 1)
  await render(badge({ request: { symbol: 'IBM' }, options }))
  expect(text()).toBe('live 1 fresh fine')
  await publish('IBM', 2)
  expect(text()).toBe('live 2 fresh fine')
})

test('without a request nothing is subscribed', async () => {
  await render(badge({ request: undefined }))
  expect(text()).toBe('idle - fresh fine')
  expect(server.attempts).toBe(0)
  await render(badge({ request: { symbol: 'AAPL' } }))
  await publish('AAPL', 1)
  await render(badge({ request: undefined }))
  await server.settled()
  expect(text()).toBe('idle - fresh fine')
  expect(commands()).toEqual(['subscribe AAPL', 'unsubscribe AAPL'])
})

test('onUpdate may be another function in each rendering: the newest is called, for every update', async () => {
  const seen: string[] = []
  const using = (name: string): ReactNode =>
    badge({
      request: { symbol: 'AAPL' },
      options: { onUpdate: ({ bid }, { seq }) => seen.push(`${name} ${bid} #${seq}`) },
    })
  await render(using('a'))
  await publish('AAPL', 1, 2)
  await render(using('b'))
  await publish('AAPL', 3)
  expect(seen).toEqual(['a 1 #1', 'a 2 #2', 'b 3 #3'])
  expect(commands()).toEqual(['subscribe AAPL'])
})

test('a silent topic is stale, and heard again it is not', async () => {
  await render(badge({ request: { symbol: 'AAPL' } }))
  await publish('AAPL', 1)
  await act(() => clock.advance(5_001))
  expect(text()).toBe('live 1 stale fine')
  await publish('AAPL', 2)
  expect(text()).toBe('live 2 fresh fine')
})

test('a refusal is a typed error; retry, the same function for the same request, asks again', async () => {
  server.script('quotes.subscribe', () => {
    throw new TopicwireError('forbidden', 'Not yours')
  })
  const retries = new Set<() => void>()
  await render(badge({ request: { symbol: 'AAPL' }, onRender: ({ retry }) => retries.add(retry) }))
  expect(text()).toBe('failed - fresh forbidden')
  server.script('quotes.subscribe', undefined)
  const [retry] = retries
  await act(async () => {
    retry?.()
    await server.settled()
  })
  expect(text()).toBe('live - fresh fine')
  expect(retries.size).toBe(1)
})

test('all of one rendering sees one state: what comes during a transition tears nothing', async () => {
  const pairs: string[] = []
  let advance: (n: number) => void = () => undefined
  // Between two siblings of a concurrent rendering an update arrives.
  let between: (() => void) | undefined
  function Reader({ name, seen }: { name: string; seen: Map<string, number | undefined> }): ReactNode {
    const { data } = useTopic(client.quotes, { symbol: 'AAPL' })
    seen.set(name, data?.bid)
    if (name === 'first') between?.()
    return `${name}=${data?.bid ?? '-'} `
  }
  function Page(): ReactNode {
    const [n, setN] = useState(0)
    advance = setN
    const seen = new Map<string, number | undefined>()
    return [
      createElement(Reader, { key: 'a', name: 'first', seen }),
      createElement(Reader, { key: 'b', name: 'second', seen }),
      String(n),
    ]
  }
  await render(createElement(Page))
  await publish('AAPL', 1)
  const observer = new MutationObserver(() => pairs.push(text()))
  observer.observe(element, { childList: true, characterData: true, subtree: true })
  await act(async () => {
    between = () => {
      between = undefined
      server.connections[0]?.send({
        type: 'quotes.update',
        payload: { topic: topicOfSymbol('AAPL'), seq: 2, payload: quote(2) },
      })
    }
    startTransition(() => {
      advance(1)
    })
    await server.settled()
  })
  observer.disconnect()
  expect(text()).toBe('first=2 second=2 1')
  expect(pairs.filter((pair) => /first=1 second=2|first=2 second=1/.test(pair))).toEqual([])
})

test('a page rendered on a server opens no socket, and the same HTML is taken over in the browser', async () => {
  const node = createElement(StrictMode, null, badge({ request: { symbol: 'AAPL' } }))
  const html = renderToString(node)
  expect(html).toBe('waiting - fresh fine')
  await server.settled()
  expect(server.attempts).toBe(0)
  element.innerHTML = html
  const faults: unknown[] = []
  await act(async () => {
    root = hydrateRoot(element, node, { onRecoverableError: (error) => faults.push(error) })
    await server.settled()
  })
  await publish('AAPL', 1)
  expect(text()).toBe('live 1 fresh fine')
  expect(faults).toEqual([])
  expect(commands()).toEqual(['subscribe AAPL'])
})

test('two components of one request share one subscription on the wire', async () => {
  await render([
    createElement(Badge, { key: 1, request: { symbol: 'AAPL' } }),
    createElement(Badge, { key: 2, request: { symbol: 'AAPL' } }),
  ])
  await publish('AAPL', 4)
  expect(text()).toBe('live 4 fresh finelive 4 fresh fine')
  expect(commands()).toEqual(['subscribe AAPL'])
})
