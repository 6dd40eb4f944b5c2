import type { TopicwireError } from './errors.js'
import type { Members, Received } from './frames.js'
import type { NoticeListener, Wait } from './options.js'
import type { Gap, UpdateInfo } from './routes.js'

/** Who listens; or who calls or waits: to them comes an end alone. */
export interface Listener {
  readonly take?: (data: unknown, info: UpdateInfo) => void
  /** What comes next does not follow what came last. */
  readonly missed?: (gap: Gap) => void
  /** The server says something of a topic beside its updates. */
  readonly noted?: NoticeListener | undefined
  /** A listener accepted, a call answered, a wait over. */
  readonly settled: (value?: unknown) => void
  /** A listener or a call is over and forgotten. */
  readonly failed: (error: TopicwireError) => void
}

/** What a session asks of whoever has the socket and the timers. What it asks is done at once. */
export interface Performer {
  write(text: string): void
  /** As a listener of notices may wait. */
  readonly wait: Wait
  /** Calls `act` after a backoff of so many failures, instead of what was asked for this key before. */
  rest(key: string, failures: number, act: () => void): void
  /** The server has begun to speak, and says how often it is heard. */
  greeted(hello: Members): void
  /** The server will end the connection; another is to be made after so long. */
  closes(retryAfterMs?: number): void
  /**
   * A gap was seen: when the frame has been received, end the connection and make another, whose subscriptions resume from
   * where they stand.
   */
  resync(): void
  /** A fault that is nobody's answer; told in its turn. */
  blame(error: TopicwireError): void
}

/**
 * Somebody is to be told, after all that was before. Nobody is while a message is handled: whoever is told may ask and leave.
 * `act` is one of the token's own.
 */
export type Tell<Token> = <Values extends readonly unknown[]>(
  token: Token,
  act: ((...values: Values) => void) | undefined,
  ...values: Values
) => void

/**
 * What one connection has subscribed and asked, as a state machine without a socket or timers: events go in by the methods,
 * what follows goes to `host` and, for listeners, to `tell`. It outlives its sockets: `opened` and `lost` tell of them.
 */
export interface Session<Token> {
  /**
   * A listener of a subscription, whose `params` are JSON: those of one route with the same text are one. Or, where nothing
   * takes updates, a call: then the route is the full type of its request. Sent when there is a connection.
   */
  ask(token: Token, route: string, params: string | undefined): void
  /** Ends a listener, or a call not yet sent. `wait` is told when the server holds nothing of it any more. */
  leave(token: Token, wait?: Token): void
  /** A new connection: everything that has listeners is subscribed again, from where it stands. */
  opened(): void
  /**
   * The connection is gone. Subscriptions wait for the next one; calls that were sent are rejected, for nobody knows
   * whether they were carried out. After close code 1009 the largest unanswered command is refused as `too_large`:
   * at least that one was, and sent again it would end every connection to come. With an error nobody will connect
   * again: every listener and call is over.
   */
  lost(closeCode: number, error?: TopicwireError): void
  /** The messages of a frame. A bad one does not touch the others. */
  receive(messages: readonly Received[]): void
}
