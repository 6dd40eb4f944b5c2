/**
 * A page that takes the same quotes three ways: each as it comes, the newest of a frame, all of a frame. It notes in which
 * frame it was called.
 */
import { batched, conflated } from '@topicwire/client/animation-frame'
import { ws } from './quote'

export interface Seen {
  /** The numbers of all updates, as they came. */
  readonly all: number[]
  /** By call: the frame in which it was, and the number. */
  readonly newest: [frame: number, seq: number][]
  readonly batches: [frame: number, seqs: number[]][]
  frame: number
}

const seen: Seen = { all: [], newest: [], batches: [], frame: 0 }
const request = { symbol: 'AAPL' }

requestAnimationFrame(function count() {
  seen.frame += 1
  requestAnimationFrame(count)
})

async function begin(): Promise<void> {
  await ws.quotes.subscribe('all', request, (_quote, { seq }) => seen.all.push(seq))
  await conflated(ws.quotes).subscribe('newest', request, (_quote, { seq }) => {
    seen.newest.push([seen.frame, seq])
  })
  await batched(ws.quotes).subscribe('batches', request, (_quotes, { each }) => {
    seen.batches.push([seen.frame, each.map(({ seq }) => seq)])
  })
}

async function end(): Promise<void> {
  await conflated(ws.quotes).unsubscribe('newest')
  await batched(ws.quotes).unsubscribe('batches')
}

Object.assign(window, { seen, end })
void begin()
