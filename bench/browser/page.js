/**
 * What runs in the page: each way of taking updates, with a listener that does the same little in all of them: it counts, and
 * checks the number. One text is drawn in each frame, so that frames there are.
 */
import { createClient } from '@topicwire/client'
import { batched, conflated } from '@topicwire/client/animation-frame'
import { workerSocket } from '@topicwire/client/worker'

const { document, performance, requestAnimationFrame, PerformanceObserver, WebSocket } = globalThis

/** By topic: the number of the update that came last. */
const seqs = new Map()
let calls = 0
let wrong = 0
let sum = 0

/** Every update is to be the next of its topic; where some are left out, a later one. */
function take(quote, topic, seq, leavesOut) {
  const last = seqs.get(topic) ?? 0
  if (leavesOut ? seq <= last : seq !== last + 1) wrong += 1
  seqs.set(topic, seq)
  sum += quote.bid
}

/** No library: what any page has to do that takes JSON from a WebSocket. */
function floor(url, topics) {
  return new Promise((resolve) => {
    const socket = new WebSocket(url, ['topicwire.v1+json'])
    let asked = 0
    let accepted = 0
    // A server lets so many commands wait.
    const ask = () => {
      for (; asked < topics.length && asked - accepted < 32; asked += 1)
        socket.send(JSON.stringify({ type: 'quotes.subscribe', payload: { n: topics[asked] } }))
    }
    socket.onopen = ask
    socket.onmessage = ({ data }) => {
      for (const line of data.split('\n')) {
        const { type, payload } = JSON.parse(line)
        if (type === 'quotes.update') {
          calls += 1
          take(payload.payload, payload.topic, payload.seq, false)
        } else if (type === 'quotes.subscribe.response') {
          accepted += 1
          ask()
          if (accepted === topics.length) resolve()
        } else if (type === 'ping') socket.send('{"type":"pong"}')
      }
    }
  })
}

const one = (quote, { topic, seq }) => {
  calls += 1
  take(quote, topic, seq, false)
}
const newest = (quote, { topic, seq }) => {
  calls += 1
  take(quote, topic, seq, true)
}
const several = (quotes, { each }) => {
  calls += 1
  for (const [at, { topic, seq }] of each.entries()) take(quotes[at], topic, seq, false)
}

/** A worker that cannot be had is an error here. */
const InWorker = workerSocket({
  onFallback: () => {
    wrong += 1
  },
})

/** By the client: a subscription for each topic. */
async function subscribed(url, topics, routeOf, listener, options) {
  const client = createClient(['quotes'], { url, timeoutMs: 60_000, ...options })
  client.connection.on('error', () => {
    wrong += 1
  })
  const route = routeOf(client.quotes)
  await Promise.all(topics.map((n) => route.subscribe(`q${n}`, { n }, listener)))
}

const WAYS = {
  'nothing comes': () => undefined,
  'plain socket': floor,
  'every update': (url, topics) => subscribed(url, topics, (route) => route, one),
  conflated: (url, topics) => subscribed(url, topics, conflated, newest),
  batched: (url, topics) => subscribed(url, topics, batched, several),
  'conflated, worker': (url, topics) => subscribed(url, topics, conflated, newest, { webSocket: InWorker }),
  'batched, worker': (url, topics) => subscribed(url, topics, batched, several, { webSocket: InWorker }),
}

let frames = 0
let longestFrameMs = 0
let longestTaskMs = 0
let lastFrame = performance.now()
const output = document.querySelector('output')
requestAnimationFrame(function draw(now) {
  frames += 1
  longestFrameMs = Math.max(longestFrameMs, now - lastFrame)
  lastFrame = now
  output.textContent = `${calls} ${Math.round(sum)}`
  requestAnimationFrame(draw)
})
new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) longestTaskMs = Math.max(longestTaskMs, duration)
}).observe({ entryTypes: ['longtask'] })

globalThis.bench = {
  begin: (way, url, first, count) =>
    WAYS[way](
      url,
      Array.from({ length: count }, (_, n) => first + n),
    ),
  /** What was seen since the last reading; numbers that are sums go on. */
  read: () => {
    const arrived = [...seqs.values()].reduce((all, seq) => all + seq, 0)
    const seen = { arrived, calls, wrong, frames, longestFrameMs, longestTaskMs, now: performance.now() }
    longestFrameMs = longestTaskMs = 0
    return seen
  },
}
