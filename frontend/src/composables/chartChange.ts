import type { Bar } from '@/clients/ws-types-generated'

/** What a chart needs to be redrawn from one array of bars to the next. */
export type ChartChange =
  | { readonly kind: 'none' }
  /** Bars to be updated or appended, ascending; all before them are as they were. */
  | { readonly kind: 'tail'; readonly bars: readonly Bar[] }
  | { readonly kind: 'all' }

/** Beyond so many changed bars setting all of them is cheaper than one by one. */
const TAIL = 16

/** Compares by identity: an unchanged bar is the same object in both arrays. */
export function chartChange(before: readonly Bar[], after: readonly Bar[]): ChartChange {
  if (before === after) return { kind: 'none' }
  if (before.length === 0 || after.length < before.length || after.length - before.length > TAIL) {
    return { kind: 'all' }
  }
  const changed = before.findIndex((bar, index) => bar !== after[index])
  const from = changed < 0 ? before.length : changed
  if (from === after.length) return { kind: 'none' }
  // An update keeps its time; a bar put in between would shift all those after it.
  const shifted = before.slice(from).some((bar, index) => bar.time !== after[from + index]?.time)
  if (shifted || after.length - from > TAIL) return { kind: 'all' }
  return { kind: 'tail', bars: after.slice(from) }
}
