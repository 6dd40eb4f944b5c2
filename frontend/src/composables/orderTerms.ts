import type { Order, PlaceOrder } from './useOrders'

/** The broker's numbers in words. */
export const STATUS_NAMES: Readonly<Record<Order['status'], string>> = {
  1: 'Canceled',
  2: 'Filled',
  3: 'Inactive',
  4: 'Placing',
  5: 'Rejected',
  6: 'Working',
}

export const BUY = 1
export const SELL = -1
export const LIMIT = 1
export const MARKET = 2
export const WORKING = 6

/** What the ticket's fields hold, as typed. */
export interface TicketFields {
  readonly side: PlaceOrder['side']
  readonly type: typeof LIMIT | typeof MARKET
  readonly qty: string
  readonly limitPrice: string
}

/** What keeps the fields from being an order, in words for the person who typed them; undefined when nothing does. */
export function ticketFault(fields: TicketFields, tickSize: string, lotSize: string): string | undefined {
  if (!isPositive(fields.qty)) return 'Enter a quantity above zero.'
  if (!isMultiple(fields.qty, lotSize)) return `The quantity is a multiple of ${lotSize}.`
  if (fields.type === MARKET) return undefined
  if (!isPositive(fields.limitPrice)) return 'Enter a limit price above zero.'
  if (!isMultiple(fields.limitPrice, tickSize)) return `The price is a multiple of ${tickSize}.`
  return undefined
}

function isPositive(text: string): boolean {
  return /^\d*\.?\d+$/.test(text) && Number(text) > 0
}

/** Counted in the unit's last decimal place, as whole numbers: 0.3 is a multiple of 0.1. */
function isMultiple(text: string, unit: string): boolean {
  const decimals = unit.split('.')[1]?.length ?? 0
  if ((text.split('.')[1]?.replace(/0+$/, '').length ?? 0) > decimals) return false
  const scale = 10 ** decimals
  return Math.round(Number(text) * scale) % Math.round(Number(unit) * scale) === 0
}

let drawn = 0

/**
 * An id of our own for an order, so that asking again after a lost answer cannot place it twice.
 * `crypto.randomUUID` exists on secure pages alone, and this page may be opened over plain HTTP.
 */
export function newClientOrderId(): string {
  const random = crypto.getRandomValues(new Uint32Array(3))
  return `page-${[...random, ++drawn].map((number) => number.toString(36)).join('-')}`
}
