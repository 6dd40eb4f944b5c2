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
  /** Call `retry(key)` after a backoff of so many failures. */
  | { readonly kind: 'retry'; readonly key: string; readonly failures: number }
  /** A gap was seen: end the connection and make another, whose subscriptions resume from where they stand. */
  | { readonly kind: 'resync' }
  | { readonly kind: 'pong' }
  /** A fault that is nobody's answer. */
  | { readonly kind: 'report'; readonly error: TopicwireError }
