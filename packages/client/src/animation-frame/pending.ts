import type { UpdateInfo } from '@topicwire/client'

/** An update, as it came. */
export type Update<Data> = readonly [data: Data, info: UpdateInfo]

/** What waits for a frame, in the server's order. */
export interface Pending<Data> {
  /** Returns how many wait now. */
  add(data: Data, info: UpdateInfo): number
  /** Empties it. */
  take(): readonly Update<Data>[]
}

/** All that comes. */
export function allOf<Data>(): Pending<Data> {
  let updates: Update<Data>[] = []
  return {
    add: (data, info) => updates.push([data, info]),
    take: () => {
      const taken = updates
      updates = []
      return taken
    },
  }
}

/**
 * The newest of each key, each where it came itself. In the place of the one that it replaces, it would come before others
 * that are older.
 */
export function newestOf<Data>(by: (data: Data, info: UpdateInfo) => unknown): Pending<Data> {
  const newest = new Map<unknown, Update<Data>>()
  return {
    add: (data, info) => {
      const key = by(data, info)
      newest.delete(key)
      return newest.set(key, [data, info]).size
    },
    take: () => {
      const taken = [...newest.values()]
      newest.clear()
      return taken
    },
  }
}
