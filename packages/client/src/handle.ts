import type { Listener } from './effects.js'
import type { ConnectionEvents } from './status.js'

/** A client, as the link sees it. */
export interface Observer {
  /** Whether anybody took it. */
  emit<Event extends keyof ConnectionEvents>(event: Event, value: ConnectionEvents[Event]): boolean
  /** Runs what is the client's user's: what it throws is reported and harms no other. */
  run(act: () => void): void
}

/** Who waits for a call or an end, or listens: then it also takes updates, and stays when it is resolved. */
export interface Handle
  extends Partial<Omit<Listener, 'resolve' | 'reject'>>, Pick<Listener, 'resolve' | 'reject'> {
  readonly owner: Observer
  /** Its end is nothing that anybody waits for: it is over silently when it is ended from here. */
  accepted?: boolean
  /** The link's: when it has waited for too long. */
  deadline?: unknown
}
