import type { Token } from './effects.js'
import type { Handle } from './handle.js'
import type { Clock } from './options.js'

/** Somebody who waits, until when, and whether the listener was accepted. */
export interface Held extends Handle {
  deadline: unknown
  accepted: boolean
}

/** Of every link: a client that has changed its link names nobody else's by a token that it still has. */
let lastToken = 0

/** Who waits for what, by token. */
export class HeldHandles {
  readonly all: Map<Token, Held> = new Map()
  readonly #clock: Clock

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** `expire` is called with the token after `timeoutMs`, unless it is dropped or accepted before. */
  hold(handle: Handle, timeoutMs: number, expire: (token: Token) => void): Token {
    const token = (lastToken += 1)
    const deadline = this.#clock.setTimeout(() => {
      expire(token)
    }, timeoutMs)
    this.all.set(token, { ...handle, deadline, accepted: false })
    return token
  }

  /** A listener has no deadline any more. */
  accept(held: Held): void {
    held.accepted = true
    this.#clock.clearTimeout(held.deadline)
  }

  drop(token: Token): Held | undefined {
    const held = this.all.get(token)
    this.all.delete(token)
    this.#clock.clearTimeout(held?.deadline)
    return held
  }
}
