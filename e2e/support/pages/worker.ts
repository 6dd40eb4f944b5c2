/** A page that takes the same quotes twice: by a socket of its own, and by one in a worker. */
import { defineAdapter, type ConnectionStatus, type Route } from '@topicwire/client'
import { workerSocket } from '@topicwire/client/worker'
import type { Quote } from './quote'

export interface Taken {
  /** The numbers of all updates, as they came. */
  readonly onPage: number[]
  readonly inWorker: number[]
  readonly statuses: ConnectionStatus[]
  /** Why there is no worker. */
  readonly fallbacks: string[]
}

interface Routes {
  quotes: Route<{ symbol: string }, Quote, 'latest'>
}

const WsAdapter = defineAdapter<Routes>(['quotes'], { url: '/api/v1/ws', idleMs: 0 })
const fallbacks: string[] = []
const given = new URLSearchParams(location.search)
const webSocket = workerSocket({
  onFallback: ({ message }) => {
    fallbacks.push(message)
  },
  ...(given.has('file') && {
    start: () => new Worker(new URL('@topicwire/client/worker/script', import.meta.url), { type: 'module' }),
  }),
})
const [plain, worker] = [new WsAdapter(), new WsAdapter({ webSocket, backoff: { baseMs: 50, maxMs: 200 } })]
const request = { symbol: 'AAPL' }
const seen: Taken = { onPage: [], inWorker: [], statuses: [], fallbacks }

worker.connection.on('status', (status) => {
  seen.statuses.push(status)
})

async function begin(): Promise<void> {
  await Promise.all([
    plain.quotes.subscribe('one', request, (_quote, { seq }) => seen.onPage.push(seq)),
    worker.quotes.subscribe('other', request, (_quote, { seq }) => seen.inWorker.push(seq)),
  ])
}

async function end(): Promise<void> {
  await worker.quotes.unsubscribe('other')
}

Object.assign(window, { taken: seen, leave: end })
void begin()
