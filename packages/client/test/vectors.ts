/** The shared vectors of the session (`packages/vectors`): events as they are written there, and effects as data. */

import { TopicwireError } from '../src/errors.js'
import { newRecordedSession, taken, type Effect, type Session } from './taken.js'

export interface Vector {
  readonly name: string
  readonly about: string
  readonly steps: readonly Step[]
}

export interface Step {
  readonly do: VectorEvent
  readonly effects: readonly unknown[]
}

export type VectorEvent =
  | readonly ['subscribe', token: number, route: string, params: string]
  | readonly ['leave', token: number, wait?: number]
  | readonly ['call', token: number, type: string, payload?: string]
  | readonly ['opened']
  | readonly ['lost', code: number]
  /** A list of messages is one frame of as many lines; a string is the frame itself. */
  | readonly ['receive', frame: string | readonly unknown[], now?: number]
  | readonly ['retry', key: string]
  | readonly ['silent', key: string, topic: string, now: number]
  | readonly ['fail', code: string]

/** The effects of each event, on a session of its own. */
export function effectsOf(events: readonly VectorEvent[]): unknown[][] {
  const session = newRecordedSession()
  return events.map((event) => {
    apply(session, event)
    // Through JSON: a number that the server did not give is null there.
    return taken(session).map((effect) => JSON.parse(JSON.stringify(plain(effect))) as unknown)
  })
}

function apply(session: Session, event: VectorEvent): void {
  switch (event[0]) {
    case 'subscribe':
      session.ask(event[1], event[2], event[3])
      break
    case 'leave':
      session.leave(event[1], event[2])
      break
    case 'call':
      session.ask(event[1], event[2], event[3], true)
      break
    case 'opened':
      session.opened()
      break
    case 'lost':
      session.lost(event[1])
      break
    case 'receive': {
      const [, frame, now = 0] = event
      const text =
        typeof frame === 'string' ? frame : frame.map((message) => JSON.stringify(message)).join('\n')
      session.receive(text, now)
      break
    }
    case 'retry':
      session.retry(event[1])
      break
    case 'silent':
      session.silent(event[3])
      break
    case 'fail':
      session.lost(0, new TopicwireError(event[1], 'Over.'))
      break
  }
}

/** As the vectors write it: a message as a value, an error as its code, names with underscores, nothing as null. */
function plain(effect: Effect): unknown {
  switch (effect.kind) {
    case 'send':
      return { kind: 'send', message: JSON.parse(effect.text) as unknown }
    case 'rejected':
      return { kind: 'rejected', token: effect.token, code: effect.error.code }
    case 'report':
      return { kind: 'report', code: effect.error.code }
    case 'resolved':
      return { ...effect, value: effect.value ?? null }
    case 'hello':
      return { kind: 'hello', heartbeat_ms: effect.heartbeatMs, grace_ms: effect.graceMs }
    case 'closing':
      return { kind: 'closing', retry_after_ms: effect.retryAfterMs }
    default:
      return effect
  }
}
