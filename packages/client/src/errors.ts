import { sentence } from './sentences.js'

/** Codes that a server sends. Stable strings; a newer server may send others. */
export type ServerErrorCode =
  | 'invalid_json'
  | 'invalid_message'
  | 'no_matching_type'
  | 'validation_error'
  | 'not_subscribed'
  | 'unauthenticated'
  | 'token_expired'
  | 'forbidden'
  | 'producer_failed'
  | 'too_many_subscriptions'
  | 'rate_limited'
  | 'timeout'
  | 'too_large'
  | 'draining'
  | 'internal'

/**
 * Codes that the client itself gives.
 *
 * - `offline`: no connection within the time allowed.
 * - `disconnected`: the connection was lost after a request was sent, so whether it was carried out is unknown.
 * - `cancelled`: replaced by the same listener id, or unsubscribed, before the server had accepted.
 * - `closed`: `connection.close()` was called.
 * - `connection_failed`: no socket could be made at all (bad address, no WebSocket here).
 * - `gap`: updates were missed for good, and nobody took `onGap`.
 * - `slow_consumer`: the server closed the connection three times, each after less than 30 s, because updates are read too slowly;
 *   only ever reported. It goes on, after ever longer waits.
 * - `too_slow`: a stream was read more slowly than updates came, until its buffer was full.
 * - `invalid_data`: what the server sent is not what its document says, as the option `validate` found. Later updates
 *   may build on it, so that listener or stream has ended.
 * - `invalid_request`: what was given to `useTopic` cannot be sent, such as NaN.
 * - `listener_failed`: a listener threw; only ever reported, never a rejection.
 */
export type ClientErrorCode =
  | 'offline'
  | 'disconnected'
  | 'cancelled'
  | 'closed'
  | 'connection_failed'
  | 'gap'
  | 'slow_consumer'
  | 'too_slow'
  | 'invalid_data'
  | 'invalid_request'
  | 'listener_failed'

/** Every known code, completing in editors, and any code that a newer server may send. */
export type ErrorCode = ServerErrorCode | ClientErrorCode | (string & Record<never, never>)

/** One fault of a `validation_error`: where in the request, what kind, in words. Never the value itself. */
export interface ErrorDetail {
  readonly path?: string | readonly (string | number)[]
  readonly message?: string
  readonly kind?: string
}

/** What is known beside the code and the message. */
export interface TopicwireErrorFields {
  /** The message type or route that failed, such as `trades.subscribe`. */
  readonly type?: string | undefined
  readonly topic?: string | undefined
  readonly details?: readonly ErrorDetail[] | undefined
  readonly cause?: unknown
}

/** The one kind of error that this package rejects with and reports. Tell them apart by `code`. */
export class TopicwireError extends Error {
  override readonly name: string = 'TopicwireError'
  declare readonly code: ErrorCode
  /** The message type or route that failed, such as `trades.subscribe`. */
  declare readonly type: string | undefined
  declare readonly topic: string | undefined
  /** The faults of a `validation_error`; empty for other codes. */
  declare readonly details: readonly ErrorDetail[]

  constructor(code: ErrorCode, message: string, fields: TopicwireErrorFields = {}) {
    super(message, fields)
    Object.assign(this, fields, { code, details: fields.details ?? [] })
  }
}

/**
 * A fault, in words: whole sentences in development, the code and `what` in production (`sentences.ts`). `what` is the
 * server's own message, or a value that says more than the code.
 */
export function fault(
  code: ErrorCode,
  what: string | number = '',
  fields: TopicwireErrorFields = {},
): TopicwireError {
  return new TopicwireError(code, sentence(code, what, fields), fields)
}
