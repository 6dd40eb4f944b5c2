import type { Operation, Route } from '../src/index.js'

export interface TradesRequest {
  symbols: string[]
}

export interface Trade {
  symbol: string
  price: number
}

export interface QuoteRequest {
  symbol: string
  /** Has a default on the server. */
  depth?: number
}

export interface Quote {
  bid: number
  ask: number
}

export interface OrderOperations {
  preview: Operation<{ symbol: string; qty: string }, { fee: string }>
  cancel_all: Operation<undefined, { cancelled: number }>
}

/** What a generator writes for three routes, one of them with operations of its own. */
export interface Routes {
  trades: Route<TradesRequest, Trade>
  /** The best bid and ask. */
  quotes: Route<QuoteRequest, Quote, 'latest'>
  orders: Route<{ account_id: string }, { id: string }, 'lossless', OrderOperations>
}

export const routeNames = ['trades', 'quotes', 'orders', 'orders.preview', 'orders.cancel_all'] as const
