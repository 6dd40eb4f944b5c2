import { TopicwireError } from '@topicwire/client'
import type { NoticeListener, TopicMark, Wait } from '@topicwire/client'
import { reportToPage } from '../host.js'

/** One subscription, as the watches of its topics see it. */
export class Listener {
  readonly told: (stale: boolean, topic: string) => void
  ended = false
  readonly #watches: Map<string, Watch> = new Map()

  constructor(told: (stale: boolean, topic: string) => void) {
    this.told = told
  }

  readonly noted: NoticeListener = (mark, isInterrupted, staleAfterS = 0, wait) => {
    if (!mark || !wait) this.end()
    if (!mark || !wait || this.ended) return
    const watch = watchOf(mark)
    this.#watches.set(mark.topic, watch)
    watch.noted(this, isInterrupted, staleAfterS * 1_000, wait)
  }

  heard(topic: string): void {
    this.#watches.get(topic)?.heard()
  }

  end(): void {
    this.ended = true
    for (const watch of this.#watches.values()) watch.leave(this)
  }
}

/** How long one topic of a subscription is silent: one watch for all who share that, in any client of the page. */
class Watch {
  readonly #mark: TopicMark
  readonly #listeners: Set<Listener> = new Set()
  #stale = false
  /** Waits anew for as long as the topic may be silent; not at all where no rate was promised. */
  #begin: () => void = () => undefined

  constructor(mark: TopicMark) {
    this.#mark = mark
  }

  /** The server has said something of the topic. Who is new here is only told again what the others know. */
  noted(listener: Listener, isInterrupted: boolean | undefined, afterMs: number, wait: Wait): void {
    const isNews = this.#listeners.size === 0 || this.#listeners.has(listener)
    this.#listeners.add(listener)
    if (!isNews) {
      if (this.#stale) listener.told(true, this.#mark.topic)
      return
    }
    this.#begin = () => {
      if (afterMs > 0 && this.#listeners.size > 0) wait(this.#mark, afterMs, this.#expired)
    }
    this.#begin()
    if (isInterrupted === true) this.#set(true)
    // A topic that promised a rate is heard of soon.
    else if (isInterrupted === false || afterMs === 0) this.#set(false)
  }

  heard(): void {
    this.#begin()
    this.#set(false)
  }

  leave(listener: Listener): void {
    this.#listeners.delete(listener)
    // Whoever comes when all have left learns of it by the server's words.
    if (this.#listeners.size === 0) watches.delete(this.#mark)
  }

  /** Nobody waits for this: a fault is the page's. */
  readonly #expired = (): void => {
    try {
      this.#set(true)
    } catch (cause) {
      reportToPage(new TopicwireError('listener_failed', `A listener threw: ${String(cause)}`, { cause }))
    }
  }

  #set(stale: boolean): void {
    if (stale === this.#stale) return
    this.#stale = stale
    // Who was told before may have ended another.
    const told = (one: Listener): void => {
      if (!one.ended) one.told(stale, this.#mark.topic)
    }
    each([...this.#listeners].map((one) => () => told(one)))
  }
}

const watches: WeakMap<TopicMark, Watch> = new WeakMap()

/** The watch of a topic; a new one where nobody watches it. */
function watchOf(mark: TopicMark): Watch {
  const watch = watches.get(mark) ?? new Watch(mark)
  watches.set(mark, watch)
  return watch
}

/** Calls all, though one throws; what the first has thrown is thrown then, and told as any listener's fault. */
export function each(acts: readonly (() => void)[]): void {
  const faults: unknown[] = []
  for (const act of acts) {
    try {
      act()
    } catch (fault) {
      faults.push(fault)
    }
  }
  if (faults.length > 0) throw faults[0]
}
