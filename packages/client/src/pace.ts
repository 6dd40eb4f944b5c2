import { fullJitterMs } from './backoff.js'
import type { BackoffOptions } from './options.js'

/** A connection that lasted so long ends the doubling of delays. */
const STABLE_MS = 30_000

/** A client that was closed as slow so often within the time cannot keep up. */
const SLOW_TIMES = 3
const SLOW_WITHIN_MS = 60_000

/** How long to wait before the next connection. */
export interface Pace {
  /** To be asked after each connection; it was open for `openMs` (0: never). */
  after(closeCode: number, openMs: number): readonly [delayMs: number, isSlow: boolean]
  /** Asked for by a server that is closing. */
  retryAfter(delayMs: number): void
  reset(): void
}

export function newPace(backoff: BackoffOptions | undefined): Pace {
  let retryAfterMs = 0
  let failures = 0
  /** How long there was a connection, in all: the longer waits must not make the third time look like the first. */
  let totalMs = 0
  /** When in that time the server closed it because updates were read too slowly. */
  let slowAt: number[] = []
  return {
    after: (closeCode, openMs) => {
      totalMs += openMs
      let isSlow = false
      if (closeCode === 4008) {
        slowAt = [...slowAt.slice(1 - SLOW_TIMES), totalMs]
        isSlow = totalMs - (slowAt.at(-SLOW_TIMES) ?? -Infinity) < SLOW_WITHIN_MS
      }
      if (openMs >= STABLE_MS) failures = 0
      let delayMs = retryAfterMs + fullJitterMs(failures, backoff)
      retryAfterMs = 0
      failures += 1
      // Nothing here is quicker than it was: not at once again, however the dice fall.
      if (isSlow) delayMs += fullJitterMs(failures, { ...backoff, random: () => 1 })
      return [delayMs, isSlow]
    },
    retryAfter: (delayMs) => {
      retryAfterMs = delayMs
    },
    reset: () => {
      retryAfterMs = failures = 0
    },
  }
}
