import type { Token } from './effects.js'
import type { TopicwireError } from './errors.js'
import type { Gap, UpdateInfo } from './routes.js'
import type { ConnectionEvents } from './status.js'

/** A client, as the link sees it. */
export interface Observer {
  /** Whether anybody took it. */
  emit<Event extends keyof ConnectionEvents>(event: Event, value: ConnectionEvents[Event]): boolean
}

/** Who waits for a listener, a call or an end. */
export interface Handle {
  readonly owner: Observer
  /** Told its name before anything comes of it. */
  readonly started?: ((token: Token) => void) | undefined
  /** A method, so that the resolver of a typed promise fits: the wire's word is taken for the value's type. */
  resolve(value: unknown): void
  reject(error: TopicwireError): void
  /** A listener's; without it the handle is over when it is resolved. */
  readonly onUpdate?: (data: unknown, info: UpdateInfo) => void
  readonly onError?: ((error: TopicwireError) => void) | undefined
  readonly onGap?: ((gap: Gap) => void) | undefined
  readonly onStale?: ((stale: boolean, topic: string) => void) | undefined
}
