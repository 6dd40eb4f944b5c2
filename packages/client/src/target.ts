import type { Places } from './place.js'

/** Nothing is under way. */
export const FREE = 0
/** States that were asked for are on their way. */
export const ANSWERED = 1
/** Refused for now: until `again`. */
export const RESTING = 2
/** A `subscribe` is under way. */
export const ASKED = 3
/** An `unsubscribe` is under way. */
export const ENDING = 4

/**
 * What is asked of the server: a subscription, which is one request, its listeners and where they stand; or a call. There is
 * never a second command of one under way, so the server holds at most one subscription of a key. While it is on, the same
 * command asks once more for the states that listeners lack.
 */
export interface Target<Token> {
  /** `route:params` of a subscription; a number of a call. */
  readonly key: string
  /** A call's full message type. */
  readonly route: string
  readonly params: string | undefined
  readonly isCall: boolean
  /**
   * Nothing until each was told that it is accepted; then the topics whose states it waits for, of which nothing else
   * goes to it.
   */
  readonly listeners: Map<Token, Set<string> | undefined>
  /** The command that was sent last: its type, and all of it. */
  type?: string
  text?: string
  leaving: Token[]
  /** The server holds it on this connection, and nothing ends it. */
  live?: boolean
  /** The route and its topics: equal where two subscriptions may be one to the server. */
  reach?: string
  busy: number
  /** It outlives the connection, to resume from. */
  places: Places
  /** Since it was accepted last; nothing until it was once. Then a refusal that may pass is retried instead of told. */
  failures?: number
  /** How the route delivers where it is not lossless: then a number left out is no gap. */
  delivery?: string | undefined
  /** How long a topic may be silent, where a rate was promised. */
  staleAfterS?: number | undefined
}

/** Who is not accepted, or, `all`, waits for a state; everybody where it is not on. */
export function waiting<Token>(
  { listeners, live }: Target<Token>,
  all: boolean,
): (readonly [Token, Set<string> | undefined])[] {
  return [...listeners].filter(([, waits]) => !live || !waits || (all && waits.size))
}
