import { defineAdapter, type Route } from '@topicwire/client'

/** What these pages read of a quote. */
export interface Quote {
  readonly symbol: string
  readonly last: number
}

interface Routes {
  quotes: Route<{ symbol: string }, Quote, 'latest'>
}

const WsAdapter = defineAdapter<Routes>(['quotes'], { url: '/api/v1/ws' })

/** A client of the running backend, by the page's own address. */
export const ws = new WsAdapter()
