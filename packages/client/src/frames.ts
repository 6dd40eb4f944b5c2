import type { UpdateInfo } from './routes.js'
import { fault, type TopicwireError, type TopicwireErrorFields } from './errors.js'

/** Offered at the handshake; a server that chooses it sends `hello` and answers `ping`. */
export const SUBPROTOCOL = 'topicwire.v1+json'

/**
 * What may be in a payload that the server makes, by the protocol. It is trusted to keep that: what else it may send ends in
 * an exception while it is read, and is reported as `invalid_message`.
 */
export interface Members extends TopicwireErrorFields {
  readonly status?: string
  readonly code?: string
  readonly message?: string
  readonly topic?: string
  readonly topics?: readonly Members[]
  readonly epoch?: string
  readonly seq?: number
  readonly snapshot?: boolean
  readonly full_state?: boolean
  readonly recovered?: boolean
  readonly delivery?: string
  readonly stale_after_s?: number
  readonly reason?: string
  readonly retry?: boolean
  readonly retry_after_ms?: number
  readonly heartbeat_s?: number
  readonly limits?: { readonly heartbeat_grace_s?: number }
}

/** One message of the server; nothing of it is certain before it is used. */
export interface ServerMessage {
  readonly type: string
  readonly id: unknown
  readonly payload: unknown
}

/** A message that the socket has read already: one that did so gives an array of them in place of a text frame. */
export interface ReadMessage extends ServerMessage {
  /** In bytes, as it came. */
  readonly length: number
}

/** A line of JSON, which is not read yet; or a message. */
export type Received = string | ReadMessage

/** The payload of an update. */
export interface UpdateMembers extends UpdateInfo {
  readonly payload?: unknown
}

/** The error that a server's payload describes. */
export function errorOf(payload: Members, type: string): TopicwireError {
  const { code = 'internal', message = 'refused', topic, details } = payload
  return fault(code, message, { type, topic, details })
}
