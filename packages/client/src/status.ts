import type { TopicwireError } from './errors.js'

/**
 * - `idle`: no socket, because nobody needs one.
 * - `connecting`: the first attempt since then.
 * - `open`.
 * - `reconnecting`: lost, or the first attempt failed; waiting for the next one or in it.
 * - `closed`: by `close()`, or by a server that refuses this user. Subscribing again starts anew.
 */
export type ConnectionStatus = 'idle' | 'connecting' | 'open' | 'reconnecting' | 'closed'

/** What `connection.on` tells, by event. */
export interface ConnectionEvents {
  readonly status: ConnectionStatus
  /** A fault that no promise and no `onError` took. With no handler it goes to the page's `reportError`. */
  readonly error: TopicwireError
}

/** The socket's state as one client sees it. Reading it and listening to it never opens the socket. */
export interface Connection {
  readonly status: ConnectionStatus
  /** Calls `handler` at each event from now on. Returns what ends it. */
  on<Event extends keyof ConnectionEvents>(
    event: Event,
    handler: (value: ConnectionEvents[Event]) => void,
  ): () => void
  /**
   * An operation by its full message type, such as `orders.preview`, where the route map does not have it. As an operation
   * of a route: resolves with the reply's payload, or rejects with a `TopicwireError`.
   */
  call(type: string, request?: unknown): Promise<unknown>
  /**
   * Ends every subscription and pending promise of this client (`closed`); the socket closes when no other client of
   * the page needs it. Using the client again starts anew.
   */
  close(): void
}
