import type { FrameScheduler } from '../../src/animation-frame/index.js'

/** Frames that come only when told to. */
export class ManualFrames implements FrameScheduler {
  readonly #requests: Map<number, () => void> = new Map()
  /** How often a frame was asked for. */
  requested = 0

  get pending(): number {
    return this.#requests.size
  }

  request(callback: () => void): number {
    this.requested += 1
    this.#requests.set(this.requested, callback)
    return this.requested
  }

  cancel(handle: unknown): void {
    this.#requests.delete(handle as number)
  }

  /** Paints once. */
  frame(): void {
    const callbacks = [...this.#requests.values()]
    this.#requests.clear()
    for (const callback of callbacks) callback()
  }
}
