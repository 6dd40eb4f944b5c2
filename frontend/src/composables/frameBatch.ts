import { onScopeDispose } from 'vue'

/**
 * Collects values by key in a plain Map and hands them over once an animation frame, the newest of each key:
 * however many updates the socket brings, the page renders at most once a frame.
 */
export class FrameBatch<K, V> {
  readonly #flush: (values: ReadonlyMap<K, V>) => void
  #pending = new Map<K, V>()
  #frame: number | undefined

  constructor(flush: (values: ReadonlyMap<K, V>) => void) {
    this.#flush = flush
  }

  /** Replaces what is pending for the key. */
  set(key: K, value: V): void {
    this.#pending.set(key, value)
    this.#frame ??= requestAnimationFrame(() => {
      const values = this.#pending
      this.#pending = new Map()
      this.#frame = undefined
      this.#flush(values)
    })
  }

  /** Forgets what is pending. */
  clear(): void {
    if (this.#frame !== undefined) cancelAnimationFrame(this.#frame)
    this.#frame = undefined
    this.#pending = new Map()
  }
}

/** A batch that ends with the component or effect scope that makes it. */
export function useFrameBatch<K, V>(flush: (values: ReadonlyMap<K, V>) => void): FrameBatch<K, V> {
  const batch = new FrameBatch<K, V>(flush)
  onScopeDispose(() => {
    batch.clear()
  })
  return batch
}
