/** What joining needs of a bar; any model with these two fields will do. */
export interface Revised {
  /** Open time: the bar's identity within its symbol and resolution. */
  readonly time: number
  /** Higher is newer; the server counts it per bar. */
  readonly revision: number
}

/**
 * Joins bars from history with live ones: ascending by time, each time once, without a gap.
 *
 * The order of calls that guarantees it: `begin()`, then subscribe, then fetch history, then `join()`. Live
 * bars that arrive in between are buffered and merged at `join()`. Of two bars with the same time the higher
 * revision wins; of equals the later one to arrive.
 */
export class BarSeries<B extends Revised> {
  #bars: readonly B[] = []
  #buffer: B[] | undefined

  /** All bars, ascending. The array is replaced on change, never altered. */
  get bars(): readonly B[] {
    return this.#bars
  }

  /**
   * Starts buffering live bars until the next `join()`. What is held stays readable, as it does on the screen
   * while a lost connection recovers. Called again before that, it starts over with an empty buffer: what was
   * buffered came from an older connection.
   */
  begin(): void {
    this.#buffer = []
  }

  /** Takes live bars in the order received. Returns whether `bars` changed. */
  live(bars: readonly B[]): boolean {
    if (this.#buffer !== undefined) {
      this.#buffer.push(...bars)
      return false
    }
    return this.#replace(upsert(this.#bars, bars))
  }

  /**
   * Puts history under the buffered live bars and ends buffering.
   *
   * History is the authority for the time it covers: held bars of that time are dropped, whatever their
   * revision, because a restarted server counts revisions afresh. Held bars before it are kept only if the
   * newest of them reaches into it; otherwise there might be a gap, and they go.
   *
   * @param history - bars from some time up to now, in any order
   */
  join(history: readonly B[]): boolean {
    const buffered = this.#buffer ?? []
    this.#buffer = undefined
    const fresh = upsert([], history)
    const first = fresh[0]
    if (first === undefined) return this.#replace(upsert(this.#bars, buffered))
    const last = this.#bars.at(-1)
    const connected = last !== undefined && last.time >= first.time
    const kept = connected ? this.#bars.filter((bar) => bar.time < first.time) : []
    return this.#replace(upsert([...kept, ...fresh], buffered))
  }

  /** Puts older history in front: bars at or after the first one held are ignored. Returns how many were new. */
  older(history: readonly B[]): number {
    const first = this.#bars[0]
    const added = upsert([], history).filter((bar) => first === undefined || bar.time < first.time)
    if (added.length > 0) this.#bars = [...added, ...this.#bars]
    return added.length
  }

  #replace(bars: readonly B[]): boolean {
    if (bars === this.#bars) return false
    this.#bars = bars
    return true
  }
}

/** Returns `held` itself when nothing in `incoming` changes it. */
function upsert<B extends Revised>(held: readonly B[], incoming: readonly B[]): readonly B[] {
  let result: B[] | undefined
  for (const bar of incoming) {
    const bars = result ?? held
    const index = position(bars, bar.time)
    const same = bars[index]
    if (same?.time === bar.time) {
      if (bar.revision < same.revision) continue
      result ??= [...held]
      result[index] = bar
    } else {
      result ??= [...held]
      result.splice(index, 0, bar)
    }
  }
  return result ?? held
}

/** The index of the first bar at or after `time`. */
function position(bars: readonly Revised[], time: number): number {
  let low = 0
  let high = bars.length
  // Live bars are nearly always the newest one or the one after it.
  const last = bars[high - 1]
  if (last === undefined || time > last.time) return high
  if (time === last.time) return high - 1
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((bars[middle] as Revised).time < time) low = middle + 1
    else high = middle
  }
  return low
}
