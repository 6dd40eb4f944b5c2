import type { Listener } from './effects.js'
import { fault, type TopicwireError } from './errors.js'
import { reportToPage } from './host.js'

/** A client, as the link sees it. */
export interface Observer {
  /** Something where anybody took it. */
  readonly tell: (event: string, value: unknown) => unknown
  readonly report: (error: TopicwireError) => void
}

/** All of them as one. */
export function observerOf(takers: ReadonlySet<Observer['tell']>): Observer {
  const tell = (event: string, value: unknown): unknown => [...takers].filter((take) => take(event, value))[0]
  return {
    tell,
    report: (error) => void (tell('error', error) || reportToPage(error)),
  }
}

/** Who waits for a call or an end; or who listens, and stays when it is settled. */
export interface Handle extends Listener {
  readonly owner: Observer
  /** Its end is nothing that anybody waits for. */
  accepted?: boolean
}

/** What a listener throws is told, and harms no other. */
export function guard(act: () => void, told: (error: TopicwireError) => void): void {
  try {
    act()
  } catch (cause) {
    told(fault('listener_failed', '', { cause }))
  }
}
