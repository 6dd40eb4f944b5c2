import type { Clock } from './options.js'

/** Timers by name: setting one again replaces it. */
export class Timers {
  readonly #clock: Clock
  readonly #running = new Map<string, unknown>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  has(name: string): boolean {
    return this.#running.has(name)
  }

  set(name: string, delayMs: number, callback: () => void): void {
    this.clear(name)
    const timer = this.#clock.setTimeout(() => {
      this.#running.delete(name)
      callback()
    }, delayMs)
    this.#running.set(name, timer)
  }

  clear(name: string): void {
    this.#clock.clearTimeout(this.#running.get(name))
    this.#running.delete(name)
  }

  clearAll(): void {
    for (const name of this.#running.keys()) this.clear(name)
  }
}
