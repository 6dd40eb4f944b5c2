import { failed, TopicwireError, type ErrorCode, type ErrorDetail } from './errors.js'

/** Offered at the handshake; a server that chooses it sends `hello` and answers `ping`. */
export const SUBPROTOCOL = 'topicwire.v1+json'

export const PONG = '{"type":"pong"}'

/** The members of a JSON object, none of them trusted yet. */
export type Members = Readonly<Record<string, unknown>>

/** One message of the server, its envelope checked. */
export interface ServerMessage {
  readonly type: string
  readonly id: unknown
  readonly payload: unknown
}

/** A command as it goes on the wire. `payload` is JSON already, so what was asked cannot change on its way. */
export function encodeCommand(
  type: string,
  id: number,
  payload: string | undefined,
  resume?: object,
): string {
  const body = payload === undefined ? '' : `,"payload":${payload}`
  return `${JSON.stringify({ type, id, resume }).slice(0, -1)}${body}}`
}

/** One line of a text frame. Raises `TopicwireError` (`invalid_json`, `invalid_message`). */
export function decodeMessage(line: string): ServerMessage {
  const fault = (code: ErrorCode, lacks: string): TopicwireError =>
    new TopicwireError(code, `The server sent ${line.length} characters that are ${lacks}.`)
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    throw fault('invalid_json', 'not JSON')
  }
  const { type, id, payload } = membersOf(value)
  if (typeof type !== 'string') throw fault('invalid_message', 'no message')
  return { type, id, payload }
}

/** The value's members where it is an object; none otherwise. */
export function membersOf(value: unknown): Members {
  return Object(value) as Members
}

export function textOf(value: unknown, otherwise: string): string {
  return typeof value === 'string' ? value : otherwise
}

export function numberOf(value: unknown, otherwise = 0): number {
  return typeof value === 'number' ? value : otherwise
}

/** Seconds of the wire, in ms. */
export function msOf(seconds: unknown, otherwise?: number): number {
  return numberOf(seconds, otherwise) * 1_000
}

/** The error that a server's payload describes. */
export function errorOf(payload: unknown, type: string): TopicwireError {
  const { code, message, topic, details } = membersOf(payload)
  return failed(type, textOf(code, 'internal'), textOf(message, 'refused'), {
    topic: typeof topic === 'string' ? topic : undefined,
    details: Array.isArray(details) ? (details as readonly ErrorDetail[]) : undefined,
  })
}
