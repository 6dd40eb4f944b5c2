import type { Listener, Performer } from '../src/effects.js'
import type { TopicwireError } from '../src/errors.js'
import type { Gap, UpdateInfo } from '../src/routes.js'
import { newSession } from '../src/session.js'
import { Listener as Watcher } from '../src/stale/watch.js'

/** An effect with its values by name, as the vectors write them: `packages/vectors/README.md`. */
export type Effect =
  | { readonly kind: 'send'; readonly text: string }
  | { readonly kind: 'resolved'; readonly token: number; readonly value: unknown }
  | { readonly kind: 'rejected'; readonly token: number; readonly error: TopicwireError }
  | { readonly kind: 'update'; readonly token: number; readonly data: unknown; readonly info: UpdateInfo }
  | { readonly kind: 'gap'; readonly token: number; readonly gap: Gap }
  | { readonly kind: 'stale'; readonly token: number; readonly topic: string; readonly stale: boolean }
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
  /** It is so late: whatever waited for that happens. */
  silent(now: number): void
  opened(): void
  lost(closeCode: number, error?: TopicwireError): void
  receive(frame: string, now?: number): void
}

export function newRecordedSession(): Session {
  const tokens = new Map<number, Listener>()
  const effects: Effect[] = []
  /** By key: what is to be done then. */
  const rests = new Map<string, () => void>()
  /** Of the watches of silent topics: `@topicwire/client/stale` listens beside each token. */
  const alarms = new Map<unknown, { readonly dueMs: number; readonly act: () => void }>()
  let present = 0
  const note = (effect: Effect): void => {
    effects.push(effect)
  }
  const host: Performer = {
    write: (text) => {
      note({ kind: 'send', text })
    },
    wait: (name, delayMs = 0, act) => {
      if (act) alarms.set(name, { dueMs: present + delayMs, act })
      else alarms.delete(name)
    },
    rest: (key, failures, act) => {
      rests.set(key, act)
      note({ kind: 'retry', key, failures })
    },
    resync: () => {
      note({ kind: 'resync' })
    },
    greeted: ({ heartbeat_s = 0, limits }) => {
      const graceMs = (limits?.heartbeat_grace_s ?? 10) * 1_000
      note({ kind: 'hello', heartbeatMs: heartbeat_s * 1_000, graceMs })
    },
    closes: (retryAfterMs = 0) => {
      note({ kind: 'closing', retryAfterMs })
    },
    blame: (error) => {
      note({ kind: 'report', error })
    },
  }
  const session = newSession<Listener>(host, (_token, act, ...values) => {
    act?.(...values)
  })
  const watchers = new Map<number, Watcher>()
  const tokenOf = (token: number, isCall = false): Listener => {
    const watcher = new Watcher((stale, topic) => {
      note({ kind: 'stale', token, topic, stale })
    })
    if (!tokens.has(token)) watchers.set(token, watcher)
    const updates: Pick<Listener, 'take' | 'noted'> = {
      take: (data, info) => {
        watcher.heard(info.topic)
        note({ kind: 'update', token, data, info })
      },
      noted: watcher.noted,
    }
    const known = tokens.get(token) ?? {
      ...(!isCall && updates),
      missed: (gap) => {
        note({ kind: 'gap', token, gap })
      },
      settled: (value) => {
        note({ kind: 'resolved', token, value })
      },
      failed: (error) => {
        watcher.end()
        note({ kind: 'rejected', token, error })
      },
    }
    tokens.set(token, known)
    return known
  }
  return {
    next: () => effects.shift(),
    ask: (token, route, params, isCall) => {
      session.ask(tokenOf(token, isCall), route, params)
    },
    leave: (token, wait) => {
      watchers.get(token)?.end()
      session.leave(tokenOf(token), wait === undefined ? undefined : tokenOf(wait))
    },
    retry: (key) => {
      rests.get(key)?.()
    },
    silent: (now) => {
      present = now
      for (const [alarm, { dueMs, act }] of alarms) if (dueMs <= now && alarms.delete(alarm)) act()
    },
    opened: () => {
      session.opened()
    },
    lost: (...of) => {
      alarms.clear()
      session.lost(...of)
    },
    receive: (frame, now = 0) => {
      present = now
      session.receive(frame.split('\n'))
    },
  }
}

/** The effects since the last call. */
export function taken(session: Session): Effect[] {
  const effects: Effect[] = []
  for (let next = session.next(); next !== undefined; next = session.next()) effects.push(next)
  return effects
}
