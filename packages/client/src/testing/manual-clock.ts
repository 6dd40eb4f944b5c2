import type { Clock } from '../options.js'

interface Timer {
  readonly dueMs: number
  readonly callback: () => void
}

/** Time that passes only when told to. Timers due at one moment run in the order in which they were set. */
export class ManualClock implements Clock {
  readonly #timers: Map<number, Timer> = new Map()
  #nowMs = 0
  #lastId = 0

  /** How many timers are set. */
  get pending(): number {
    return this.#timers.size
  }

  now(): number {
    return this.#nowMs
  }

  setTimeout(callback: () => void, delayMs: number): number {
    this.#lastId += 1
    this.#timers.set(this.#lastId, { dueMs: this.#nowMs + Math.max(0, delayMs), callback })
    return this.#lastId
  }

  clearTimeout(timer: unknown): void {
    this.#timers.delete(timer as number)
  }

  /**
   * Lets `ms` pass and runs every timer that falls due, timers set by timers included. What promises do in between
   * is done too: each timer's microtasks run before the next timer.
   */
  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms
    await microtasks()
    for (let next = this.#next(endMs); next !== undefined; next = this.#next(endMs)) {
      const [id, timer] = next
      this.#timers.delete(id)
      this.#nowMs = timer.dueMs
      timer.callback()
      await microtasks()
    }
    this.#nowMs = endMs
  }

  #next(endMs: number): [number, Timer] | undefined {
    const due = [...this.#timers].filter(([, timer]) => timer.dueMs <= endMs)
    return due.sort(([a, one], [b, other]) => one.dueMs - other.dueMs || a - b)[0]
  }
}

/** Enough turns of the microtask queue for a frame to arrive, be answered, and its promise to be continued. */
export async function microtasks(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve()
}
