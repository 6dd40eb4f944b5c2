/** A page's code against the installed package; `test/package.test.ts` compiles it and runs what comes of it. */
import { createClient, defineAdapter, TopicwireError } from '@topicwire/client'
import type { AdapterConstructor, Client, Route, UpdateInfo } from '@topicwire/client'
import { FakeServer, ManualClock, topicOf } from '@topicwire/client/testing'

export interface Routes {
  quotes: Route<{ symbol: string }, { bid: number }, 'latest'>
}

export const WsAdapter: AdapterConstructor<Routes> = defineAdapter<Routes>(['quotes'], {
  url: 'ws://test/ws',
})

const clock: ManualClock = new ManualClock()
const server: FakeServer = new FakeServer({ clock })
const ws: Client<Routes> = new WsAdapter({ webSocket: server.WebSocket, clock })
const aapl: { symbol: string } = { symbol: 'AAPL' }
const seen: number[] = []

await ws.quotes.subscribe('q', aapl, ({ bid }: { readonly bid: number }, { seq }: UpdateInfo): void => {
  seen.push(seq, bid)
})
server.publish('quotes', topicOf('quotes', aapl), { bid: 7 })
await server.settled()
server.script('quotes.subscribe', () => {
  throw new TopicwireError('forbidden', 'No')
})
const refused: unknown = await ws.quotes
  .subscribe('r', { symbol: 'MSFT' }, () => undefined)
  .catch((error: unknown) => error)
const isTyped: boolean = refused instanceof TopicwireError && refused.code === 'forbidden'
ws.connection.close()
console.log(JSON.stringify({ seen, isTyped, status: ws.connection.status, makes: typeof createClient }))
