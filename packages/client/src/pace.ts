import { fullJitterMs } from './backoff.js'
import type { BackoffOptions } from './options.js'

/** How long a server may be silent that has not said yet how often it is heard. */
export const HELLO_MS = 35_000

/** A connection that lasted so long ends the doubling of delays. */
const STABLE_MS = 30_000

/** A client that was closed as slow so often within the time cannot keep up. */
const SLOW_TIMES = 3
const SLOW_WITHIN_MS = 60_000

/** How long to wait before the next connection. */
export class Pace {
  /** Asked for by a server that is closing. */
  retryAfterMs = 0
  readonly #backoff: BackoffOptions | undefined
  #failures = 0
  /** How long there was a connection, in all: the longer waits must not make the third time look like the first. */
  #openMs = 0
  /** When in that time the server closed it because updates were read too slowly. */
  #slowAt: number[] = []

  constructor(backoff: BackoffOptions | undefined) {
    this.#backoff = backoff
  }

  /** Whether the client was closed as slow too often. To be asked after each connection, which was open for `openMs`. */
  isSlow(closeCode: number, openMs: number): boolean {
    const now = (this.#openMs += openMs)
    if (closeCode !== 4008) return false
    this.#slowAt = [...this.#slowAt.slice(1 - SLOW_TIMES), now]
    const first = this.#slowAt.at(-SLOW_TIMES)
    return first !== undefined && now - first < SLOW_WITHIN_MS
  }

  /** The delay after a connection that was open for `openMs` (0: never); one `slow` waits at least the ceiling. */
  next(openMs: number, slow: boolean): number {
    if (openMs >= STABLE_MS) this.#failures = 0
    const delayMs = this.retryAfterMs + fullJitterMs(this.#failures, this.#backoff)
    this.retryAfterMs = 0
    this.#failures += 1
    // Nothing here is quicker than it was: not at once again, however the dice fall.
    return slow ? delayMs + fullJitterMs(this.#failures, { ...this.#backoff, random: () => 1 }) : delayMs
  }

  reset(): void {
    this.#failures = 0
    this.retryAfterMs = 0
  }
}
