import type { TopicwireError } from './errors.js'
import type { Members } from './frames.js'
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
