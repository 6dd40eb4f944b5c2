import type { TopicwireError } from './errors.js'
import type { Gap, UpdateInfo } from './routes.js'

/** Names a listener, a call or a wait; chosen by the caller, never twice. */
export type Token = number

/** What a session's caller is to do. In order; the session itself touches no socket, no timer and no promise. */
export type Effect =
  | { readonly kind: 'send'; readonly text: string }
  /** A listener accepted, a call answered, a wait over. */
  | { readonly kind: 'resolved'; readonly token: Token; readonly value: unknown }
  /** A listener or a call is over and forgotten. */
  | { readonly kind: 'rejected'; readonly token: Token; readonly error: TopicwireError }
  | { readonly kind: 'update'; readonly token: Token; readonly data: unknown; readonly info: UpdateInfo }
  /** What comes next does not follow what came last. */
  | { readonly kind: 'gap'; readonly token: Token; readonly gap: Gap }
  /** A topic has become stale, or is no longer. */
  | { readonly kind: 'stale'; readonly token: Token; readonly topic: string; readonly stale: boolean }
  /** Call `silent(key, topic, now)` after `delayMs`, instead of what was asked for this key and topic before. */
  | { readonly kind: 'watch'; readonly key: string; readonly topic: string; readonly delayMs: number }
  /** Call `retry(key)` after a backoff of so many failures. */
  | { readonly kind: 'retry'; readonly key: string; readonly failures: number }
  /** A gap was seen: end the connection and make another, whose subscriptions resume from where they stand. */
  | { readonly kind: 'resync' }
  /** The server has begun to speak; it is heard at least so often (0: it does not say), or so much later. */
  | { readonly kind: 'hello'; readonly heartbeatMs: number; readonly graceMs: number }
  /** The server will end the connection; another is to be made after so long. */
  | { readonly kind: 'closing'; readonly retryAfterMs: number }
  | { readonly kind: 'pong' }
  /** A fault that is nobody's answer. */
  | { readonly kind: 'report'; readonly error: TopicwireError }
