import type { Effect as Message } from '../src/effects.js'
import type { TopicwireError } from '../src/errors.js'
import type { Gap, UpdateInfo } from '../src/routes.js'
import type { Session } from '../src/session.js'

/** An effect with its values by name, as the vectors write them: `packages/vectors/README.md`. */
export type Effect =
  | { readonly kind: 'send'; readonly text: string }
  | { readonly kind: 'resolved'; readonly token: number; readonly value: unknown }
  | { readonly kind: 'rejected'; readonly token: number; readonly error: TopicwireError }
  | { readonly kind: 'update'; readonly token: number; readonly data: unknown; readonly info: UpdateInfo }
  | { readonly kind: 'gap'; readonly token: number; readonly gap: Gap }
  | { readonly kind: 'stale'; readonly token: number; readonly topic: string; readonly stale: boolean }
  | { readonly kind: 'watch'; readonly key: string; readonly topic: string; readonly delayMs: number }
  | { readonly kind: 'retry'; readonly key: string; readonly failures: number }
  | { readonly kind: 'resync' }
  | { readonly kind: 'hello'; readonly heartbeatMs: number; readonly graceMs: number }
  | { readonly kind: 'closing'; readonly retryAfterMs: number }
  | { readonly kind: 'report'; readonly error: TopicwireError }

/** The next effect, if there is one. */
export function nextOf(session: Session<number>): Effect | undefined {
  const message = session.next()
  return message && named(message)
}

/** The effects since the last call. */
export function taken(session: Session<number>): Effect[] {
  const effects: Effect[] = []
  for (let next = nextOf(session); next !== undefined; next = nextOf(session)) effects.push(next)
  return effects
}

function named(message: Message<number>): Effect {
  switch (message[1]) {
    case 'send':
      return { kind: 'send', text: message[2] }
    case 'resolve':
      return { kind: 'resolved', token: message[0], value: message[2] }
    case 'reject':
      return { kind: 'rejected', token: message[0], error: message[2] }
    case 'update':
      return { kind: 'update', token: message[0], data: message[2], info: message[3] }
    case 'gap':
      return { kind: 'gap', token: message[0], gap: message[2] }
    case 'stale':
      return { kind: 'stale', token: message[0], stale: message[2], topic: message[3] }
    case 'watch':
      return { kind: 'watch', key: message[2], topic: message[3], delayMs: message[4] }
    case 'retry':
      return { kind: 'retry', key: message[2], failures: message[3] }
    case 'hello':
      return { kind: 'hello', heartbeatMs: message[2], graceMs: message[3] }
    case 'closing':
      return { kind: 'closing', retryAfterMs: message[2] }
    case 'report':
      return { kind: 'report', error: message[2] }
    default:
      return { kind: message[1] }
  }
}
