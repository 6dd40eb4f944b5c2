import type { Places } from './place.js'

/**
 * What is asked of the server: a subscription, which is one canonical request, its listeners and where they stand; or a
 * call. `state` is what the wire knows: a command is in flight in the two states that end in -scribing, never a second
 * one, so the server holds at most one subscription of a key. While it is on, the same command asks once more for the
 * states that listeners lack. `question` is `answered` when these are on their way, and `resting` until a `retry`.
 */
export interface Target<Token> {
  /** `route:params` of a subscription; a number of a call. */
  readonly key: string
  /** A call's full message type. */
  readonly route: string
  readonly params: string | undefined
  readonly isCall: boolean | undefined
  /**
   * Nothing until each was told that it is accepted; then the topics whose states it waits for, of which nothing else
   * goes to it.
   */
  readonly listeners: Map<Token, Set<string> | undefined>
  leaving: Token[]
  state: 'off' | 'subscribing' | 'on' | 'unsubscribing'
  question?: 'asked' | 'resting' | 'answered' | undefined
  /** It outlives the connection, to resume from. */
  places: Places
  /** Since it was accepted last; nothing until it was once. Then a refusal that may pass is retried instead of told. */
  failures?: number
  /** How the route delivers where it is not lossless: then a number left out is no gap. */
  delivery?: string
  /** How long a topic may be silent; 0 where no rate was promised. */
  staleAfterMs?: number
}

export function newTarget<Token>(
  key: string,
  route: string,
  params: string | undefined,
  isCall?: boolean,
): Target<Token> {
  return {
    key,
    route,
    params,
    isCall,
    listeners: new Map(),
    leaving: [],
    state: 'off',
    places: new Map(),
  }
}

/** Who is not accepted, or, `all`, waits for a state; everybody where it is not on. */
export function waiting<Token>({ listeners, state }: Target<Token>, all: boolean): Token[] {
  const tokens: Token[] = []
  for (const [token, waits] of listeners)
    if (state !== 'on' || !waits || (all && waits.size > 0)) tokens.push(token)
  return tokens
}
