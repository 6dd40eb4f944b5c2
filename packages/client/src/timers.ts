import type { Clock } from './options.js'

/** Timers by name: setting one again replaces it. */
export interface Timers {
  has(name: string): boolean
  set(name: string, delayMs: number, callback: () => void): void
  clear(name: string): void
  clearAll(): void
}

/** `after` is called after each. */
export function newTimers(clock: Clock, after: () => void): Timers {
  const running = new Map<string, unknown>()
  const clear = (name: string): void => {
    clock.clearTimeout(running.get(name))
    running.delete(name)
  }
  return {
    has: (name) => running.has(name),
    set: (name, delayMs, callback) => {
      clear(name)
      const timer = clock.setTimeout(() => {
        running.delete(name)
        callback()
        after()
      }, delayMs)
      running.set(name, timer)
    },
    clear,
    clearAll: () => {
      for (const name of running.keys()) clear(name)
    },
  }
}
