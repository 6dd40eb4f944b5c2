import type { Listener, Performer } from '../src/effects.js'
import type { TopicwireError } from '../src/errors.js'
import type { Gap, UpdateInfo } from '../src/routes.js'
import { newSession } from '../src/session.js'

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

/** A session whose tokens are numbers, and whose effects are data: as the vectors and the model see it. */
export interface Session {
  next(): Effect | undefined
  ask(token: number, route: string, params: string | undefined, isCall?: boolean): void
  leave(token: number, wait?: number): void
  retry(key: string): void
  silent(key: string, topic: string, now: number): void
  opened(): void
  lost(closeCode: number, error?: TopicwireError): void
  receive(frame: string, now?: number): void
}

export function newRecordedSession(): Session {
  const tokens = new Map<number, Listener>()
  const effects: Effect[] = []
  /** By key, or by key and topic: what is to be done then. */
  const timers = new Map<string, () => void>()
  let present = 0
  const note = (effect: Effect): void => {
    effects.push(effect)
  }
  const host: Performer = {
    write: (text) => {
      note({ kind: 'send', text })
    },
    now: () => present,
    watch: (key, topic, delayMs, act) => {
      timers.set(`${key} ${topic}`, act)
      note({ kind: 'watch', key, topic, delayMs })
    },
    rest: (key, failures, act) => {
      timers.set(key, act)
      note({ kind: 'retry', key, failures })
    },
    resync: () => {
      note({ kind: 'resync' })
    },
    greeted: (heartbeatMs, graceMs) => {
      note({ kind: 'hello', heartbeatMs, graceMs })
    },
    closes: (retryAfterMs) => {
      note({ kind: 'closing', retryAfterMs })
    },
    blame: (error) => {
      note({ kind: 'report', error })
    },
  }
  const session = newSession<Listener>(host, (_token, act, ...values) => {
    act?.(...values)
  })
  const tokenOf = (token: number): Listener => {
    const known = tokens.get(token) ?? {
      take: (data, info) => {
        note({ kind: 'update', token, data, info })
      },
      missed: (gap) => {
        note({ kind: 'gap', token, gap })
      },
      aged: (stale, topic) => {
        note({ kind: 'stale', token, topic, stale })
      },
      settled: (value) => {
        note({ kind: 'resolved', token, value })
      },
      failed: (error) => {
        note({ kind: 'rejected', token, error })
      },
    }
    tokens.set(token, known)
    return known
  }
  return {
    next: () => effects.shift(),
    ask: (token, ...of) => {
      session.ask(tokenOf(token), ...of)
    },
    leave: (token, wait) => {
      session.leave(tokenOf(token), wait === undefined ? undefined : tokenOf(wait))
    },
    retry: (key) => {
      timers.get(key)?.()
    },
    silent: (key, topic, now) => {
      present = now
      timers.get(`${key} ${topic}`)?.()
    },
    opened: () => {
      session.opened()
    },
    lost: (...of) => {
      session.lost(...of)
    },
    receive: (frame, now = 0) => {
      present = now
      session.receive(frame)
    },
  }
}

/** The effects since the last call. */
export function taken(session: Session): Effect[] {
  const effects: Effect[] = []
  for (let next = session.next(); next !== undefined; next = session.next()) effects.push(next)
  return effects
}
