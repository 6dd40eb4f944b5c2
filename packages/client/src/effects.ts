import type { TopicwireError } from './errors.js'
import type { Gap, UpdateInfo } from './routes.js'

/** What a listener, a call or a wait is told: the kind, then its values. */
interface Told {
  readonly update: readonly [data: unknown, info: UpdateInfo]
  /** What comes next does not follow what came last. */
  readonly gap: readonly [gap: Gap]
  /** A topic has become stale, or is no longer. */
  readonly stale: readonly [stale: boolean, topic: string]
  /** A listener accepted, a call answered, a wait over. */
  readonly resolve: readonly [value: unknown]
  /** A listener or a call is over and forgotten. */
  readonly reject: readonly [error: TopicwireError]
}

/** What whoever has the socket and the timers is to do. */
interface Asked {
  readonly send: readonly [text: string]
  /** Call `silent(key, topic, now)` after the delay, instead of what was asked for this key and topic before. */
  readonly watch: readonly [key: string, topic: string, delayMs: number]
  /** Call `retry(key)` after a backoff of so many failures. */
  readonly retry: readonly [key: string, failures: number]
  /** A gap was seen: end the connection and make another, whose subscriptions resume from where they stand. */
  readonly resync: readonly []
  /** The server has begun to speak; it is heard at least so often (0: it does not say), or so much later. */
  readonly hello: readonly [heartbeatMs: number, graceMs: number]
  /** The server will end the connection; another is to be made after so long. */
  readonly closing: readonly [retryAfterMs: number]
  /** A fault that is nobody's answer. */
  readonly report: readonly [error: TopicwireError]
}

type Methods<Messages extends Record<keyof Messages, readonly unknown[]>> = {
  readonly [Kind in keyof Messages]: (...values: Messages[Kind]) => void
}

/** Who can be told everything that a listener is told. */
export type Listener = Methods<Told>

/** Who can do everything that a session asks. */
export type Performer = Methods<Asked>

type MessageTo<Receiver, Messages extends Record<keyof Messages, readonly unknown[]>> = {
  readonly [Kind in keyof Messages]: readonly [to: Receiver, kind: Kind, ...values: Messages[Kind]]
}[keyof Messages]

/**
 * What a session's caller is to do, in order: a listener or its like is told something, or, where there is none, it is the
 * caller's own. The session itself touches no socket, no timer and no promise. `Token` names who listens, calls or waits:
 * anything but undefined, chosen by the caller, never twice.
 */
export type Effect<Token> = MessageTo<Token, Told> | MessageTo<undefined, Asked>

/** How the session's parts add an effect. */
export type Emit<Token> = (...effect: Effect<Token>) => void
