import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { createClient, type BackoffOptions, type Clock, type WebSocketLike } from '../src/index.js'
import { routeNames, type Routes } from './routes.js'

/** How long is waited after each of so many failures in a row, where every draw is the largest. */
function delaysOf(failures: number, backoff: BackoffOptions): number[] {
  const sockets: WebSocketLike[] = []
  class Unanswered implements WebSocketLike {
    readonly protocol = ''
    onopen: unknown
    onmessage: unknown
    onclose: unknown
    onerror: unknown
    constructor() {
      sockets.push(this)
    }
    send(): void {
      return undefined
    }
    close(): void {
      return undefined
    }
  }
  const timers: { act: () => void; delayMs: number }[] = []
  const clock: Clock = {
    now: () => 0,
    setTimeout: (act, delayMs) => timers.push({ act, delayMs }),
    clearTimeout: () => undefined,
  }
  const options = {
    url: 'ws://test/ws',
    webSocket: Unanswered,
    clock,
    backoff: { random: () => 1, ...backoff },
  }
  const client = createClient<Routes>(routeNames, options)
  client.quotes.subscribe('q', { symbol: 'AAPL' }, () => undefined).catch(() => undefined)
  return Array.from({ length: failures }, () => {
    const { onclose } = sockets.at(-1) as { onclose: (event: object) => void }
    onclose({ code: 1006, reason: '' })
    const { act, delayMs } = timers.at(-1) as (typeof timers)[number]
    act()
    return delayMs
  })
}

test('pitfall 22: the delay has a ceiling that doubles', () => {
  expect(delaysOf(8, {})).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 20_000, 20_000])
})

test('no number of failures leaves the range', () => {
  fc.assert(
    fc.property(fc.nat(1_500), fc.nat(1_000), fc.nat(60_000), (failures, baseMs, maxMs) => {
      const delays = delaysOf(failures, { baseMs, maxMs })
      expect(delays).toHaveLength(failures)
      expect(delays.filter((delayMs) => !(delayMs >= 0 && delayMs <= maxMs))).toEqual([])
    }),
    { numRuns: 30 },
  )
  // Nothing doubled for ever is no number.
  expect(new Set(delaysOf(1_100, { baseMs: 0 }))).toEqual(new Set([0]))
})
