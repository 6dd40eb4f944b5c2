/** The page's side, with the real script beside it; and the whole client through both. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createClient, type TopicwireError, type WebSocketLike } from '../../src/index.js'
import { encode } from '../../src/msgpack/encode.js'
import { msgpack, MSGPACK_SUBPROTOCOL } from '../../src/msgpack/index.js'
import { FakeServer, ManualClock, topicOf } from '../../src/testing/index.js'
import { UNSEEN_MS } from '../../src/worker/gather.js'
import { workerSocket, type WorkerSocketOptions } from '../../src/worker/index.js'
import { ManualFrames } from '../animation-frame/manual-frames.js'
import { routeNames, type Quote, type Routes } from '../routes.js'
import { FakeWorker, ScopeSocket } from './fake-worker.js'

const START_MS = 5_000
let frames: ManualFrames
let workers: FakeWorker[]
let told: string[]
let fallbacks: TopicwireError[]
let onPage: ScopeSocket[]

beforeEach(() => {
  frames = new ManualFrames()
  workers = []
  told = []
  fallbacks = []
  onPage = []
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  vi.stubGlobal('requestAnimationFrame', (callback: () => void) => frames.request(callback))
  vi.stubGlobal(
    'WebSocket',
    class extends ScopeSocket {
      constructor(url: string, protocols: readonly string[]) {
        super(url, protocols)
        onPage.push(this)
      }
    },
  )
})

afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

test('it is opened, told, sent through and closed as any socket', async () => {
  const socket = made(options(), ['one'])
  await settled()
  const { scope } = worker()
  expect([scope.socket.url, scope.socket.protocols]).toEqual(['ws://shop/', ['one']])
  scope.socket.opens('one')
  await settled()
  socket.send('hello')
  scope.socket.receives('a', 'b')
  await settled()
  frames.frame()
  await settled()
  socket.close(4010, 'unheard')
  scope.socket.receives('c')
  await settled()
  expect([scope.socket.sent, scope.socket.closes]).toEqual([['hello'], [[4010, 'unheard']]])
  scope.socket.closed(4010)
  await settled()
  expect(told).toEqual(['open one', 'a', 'b', 'close 4010'])
  expect([scope.isClosed, fallbacks, vi.getTimerCount()]).toEqual([true, [], 0])
})

test('MessagePack goes through it, in both directions', async () => {
  const socket = listened(new (msgpack(workerSocket(options())))('ws://shop/', ['topicwire.v1+json']))
  const messages: unknown[] = []
  socket.onmessage = ({ data }: { readonly data: readonly { readonly type: string }[] }) => {
    messages.push(data.map(({ type }) => type))
  }
  await settled()
  const { scope } = worker()
  expect(scope.socket.protocols).toEqual([MSGPACK_SUBPROTOCOL, 'topicwire.v1+json'])
  scope.socket.opens(MSGPACK_SUBPROTOCOL)
  await settled()
  socket.send('{"type":"pong"}')
  for (const type of ['one', 'two', 'three']) scope.socket.receives(encode({ type }).slice().buffer)
  await settled()
  frames.frame()
  await settled()
  expect(scope.socket.sent).toEqual([encode({ type: 'pong' })])
  expect([told, messages]).toEqual([['open topicwire.v1+json'], [['one'], ['two'], ['three']]])
})

test('a frame of the page is asked for once, however often something comes', async () => {
  await opened()
  for (let piece = 0; piece < 3; piece += 1) {
    worker().scope.socket.receives('a')
    await settled()
    await worker().scope.clock.advance(UNSEEN_MS)
  }
  expect([told.length, frames.requested]).toEqual([4, 1])
})

test('what a handler throws holds up nothing', async () => {
  const socket = await opened()
  socket.onmessage = () => {
    socket.onmessage = heard
    throw new Error('mine')
  }
  const thrown: unknown[] = []
  const { onmessage } = worker()
  worker().onmessage = (event: unknown) => {
    try {
      ;(onmessage as (event: unknown) => void)(event)
    } catch (error) {
      thrown.push(error)
    }
  }
  worker().scope.socket.receives('a', 'b')
  await settled()
  frames.frame()
  await settled()
  expect([thrown, told]).toEqual([[new Error('mine')], ['open one', 'b']])
})

test('what comes in one message after it was closed is not told', async () => {
  const socket = await opened()
  socket.onmessage = (event: { readonly data: unknown }) => {
    heard(event)
    socket.close()
  }
  worker().scope.socket.receives('first')
  await settled()
  worker().scope.socket.receives(new ArrayBuffer(1), 'b')
  frames.frame()
  await settled()
  expect(told).toEqual(['open one', 'first'])
})

test.each<[string, () => Promise<void>]>([
  [
    'cannot be made',
    async () => {
      made({ ...options(), start: refuse }, ['one'])
      await settled()
    },
  ],
  [
    'cannot be loaded',
    async () => {
      made(options(false), ['one'])
      worker().fails()
      await settled()
    },
  ],
  [
    'never begins',
    async () => {
      made(options(false), ['one'])
      await vi.advanceTimersByTimeAsync(START_MS)
    },
  ],
])('where a worker %s the socket is on the page, and that is told once', async (_, begin) => {
  await begin()
  expect(fallbacks.map(({ code, message }) => [code, message])).toEqual([
    [
      'connection_failed',
      expect.stringMatching(/^No worker for the socket, which is on the page instead: \S/) as unknown,
    ],
  ])
  expect(workers.every(({ isTerminated }) => isTerminated)).toBe(true)
  const [own] = onPage
  own?.opens('one')
  own?.receives('a')
  own?.closed(1001)
  expect(told).toEqual(['open one', 'a', 'close 1001'])
  expect([own?.url, own?.protocols, own?.binaryType]).toEqual(['ws://shop/', ['one'], 'arraybuffer'])
})

test('after that no worker is tried again', async () => {
  const Socket = workerSocket(options(false))
  for (const round of [1, 2]) {
    const socket = new Socket('ws://shop/', ['one'])
    if (round === 1) worker().fails('blocked')
    await settled()
    expect([workers.length, onPage.length, fallbacks.length]).toEqual([1, round, 1])
    onPage.at(-1)?.opens('one')
    socket.send('hello')
    socket.close(1000)
    expect([onPage.at(-1)?.sent, onPage.at(-1)?.closes]).toEqual([['hello'], [[1000, '']]])
  }
})

test('closed before the worker has begun it is not opened on the page', async () => {
  made(options(false), ['one']).close()
  worker().fails('blocked')
  await settled()
  expect([onPage, told]).toEqual([[], ['close 1006']])
})

test('where the worker can make no socket the page tries; where it cannot either, that is the end', async () => {
  const socket = made(options(), [], 'ws://refused/')
  const errors: unknown[] = []
  socket.onerror = ({ error }: { readonly error: unknown }) => errors.push(error)
  await settled()
  expect([told, errors]).toEqual([['close 1006'], [new SyntaxError('no such address')]])
  expect([fallbacks, worker().isTerminated]).toEqual([[], true])
})

test('a worker that fails later has lost the connection, and the next one is in a worker again', async () => {
  const Socket = workerSocket(options())
  listened(new Socket('ws://shop/', 'one'))
  await settled()
  worker().scope.socket.opens('one')
  await settled()
  worker().fails('out of memory')
  expect([told, fallbacks, worker().isTerminated]).toEqual([['open one', 'close 1006'], [], true])
  listened(new Socket('ws://shop/', 'one'))
  await settled()
  expect([workers.length, onPage]).toEqual([2, []])
})

test('without anything else a warning says that there is no worker', () => {
  const warn = vi.spyOn(console, 'warn').mockReturnValue(undefined)
  // As in Node: there is none.
  const socket = listened(new (workerSocket())('ws://shop/', 'one'))
  expect(warn.mock.calls).toEqual([
    [expect.stringMatching(/^No worker for the socket, which is on the page instead: TypeError/)],
  ])
  onPage[0]?.opens('one')
  expect([told, socket.protocol]).toEqual([['open one'], 'one'])
})

test('a client through it has every update once, in order, over a lost connection', async () => {
  const clock = new ManualClock()
  const server = new FakeServer({ clock, replay: 1_000 })
  const start = (): FakeWorker => {
    const one = new FakeWorker()
    Object.assign(one.scope, { WebSocket: server.WebSocket })
    workers.push(one)
    return one
  }
  const client = createClient<Routes>(routeNames, {
    url: 'ws://shop/',
    webSocket: workerSocket({ start, onFallback: (error) => fallbacks.push(error) }),
    backoff: { random: () => 0 },
    clock,
  })
  const seqs: number[] = []
  const subscribing = client.quotes.subscribe('badge', { symbol: 'AAPL' }, (_: Quote, { seq }) => {
    seqs.push(seq)
  })
  await passed(clock)
  await subscribing
  for (let number = 1; number <= 300; number += 1) {
    server.publish('quotes', topicOf('quotes', { symbol: 'AAPL' }), { bid: number, ask: number })
    if (number % 7 === 0) await passed(clock)
    if (number % 100 === 50) worker().fails('out of memory')
  }
  for (let times = 0; times < 40; times += 1) await passed(clock, 500)
  expect(seqs).toEqual(Array.from({ length: 300 }, (_, at) => at + 1))
  expect([workers.length, fallbacks]).toEqual([4, []])
  client.connection.close()
  await passed(clock)
  expect(worker().scope.isClosed).toBe(true)
})

function options(runs = true): WorkerSocketOptions {
  const start = (): FakeWorker => {
    const one = new FakeWorker(runs)
    workers.push(one)
    return one
  }
  return { start, onFallback: (error) => fallbacks.push(error) }
}

function refuse(): never {
  throw new Error('none here')
}

function made(given: WorkerSocketOptions, protocols: string[], url = 'ws://shop/'): WebSocketLike {
  return listened(new (workerSocket(given))(url, protocols))
}

async function opened(): Promise<WebSocketLike> {
  const socket = made(options(), ['one'])
  await settled()
  worker().scope.socket.opens('one')
  await settled()
  return socket
}

function heard({ data }: { readonly data: unknown }): void {
  told.push(typeof data === 'string' ? data : 'binary')
}

function listened(socket: WebSocketLike): WebSocketLike {
  socket.onopen = () => told.push(`open ${socket.protocol}`)
  socket.onmessage = heard
  socket.onclose = ({ code }: { readonly code: number }) => told.push(`close ${code}`)
  return socket
}

function worker(): FakeWorker {
  const last = workers.at(-1)
  if (!last) throw new Error('No worker was started.')
  return last
}

/** Lets what was posted arrive, and what is posted in answer. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve()
}

/** Time goes by for the client, its server and its workers, and the page is painted. */
async function passed(clock: ManualClock, ms = 20): Promise<void> {
  await clock.advance(ms)
  for (const { scope } of workers) await scope.clock.advance(ms)
  frames.frame()
  await settled()
}
