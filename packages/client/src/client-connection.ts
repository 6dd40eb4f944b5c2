import type { TopicwireError } from './errors.js'
import { guard, observerOf, type Handle, type Observer } from './handle.js'
import { host, reportToPage } from './host.js'
import type { Link } from './link.js'
import { linkOf } from './links.js'
import type { ClientOptions } from './options.js'
import type { Connection } from './status.js'

/** One client's side of the link that it shares. */
export interface ClientConnection extends Connection, Observer {
  /** The link to subscribe and call through; after `close` a new beginning. */
  use(): Link
  /** Ends a listener. Resolves when the server holds nothing of it any more, or never will answer. */
  leave(handle: Handle | undefined): Promise<void>
  /** Calls `handler` at each event of this name; what it throws goes to `onFault`. Returns what ends it. */
  listen<Value>(
    event: string,
    handler: (value: Value) => void,
    onFault: (error: TopicwireError) => void,
  ): () => void
}

export function newClientConnection(options: ClientOptions): ClientConnection {
  const handlers = new Set<Observer['tell']>()
  const observer = observerOf(handlers)
  let attached: Link | undefined
  let closed = false

  const attach = (): Link => {
    attached ??= linkOf(options)
    attached.observers.add(observer.tell)
    return attached
  }
  /** In a page the shared link may be open already for another client; on a server nothing is touched before use. */
  const peek = (): Link | undefined => (closed ? undefined : (attached ?? (host.location && attach())))

  const connection: ClientConnection = {
    ...observer,
    get status() {
      return closed ? 'closed' : (peek()?.status ?? 'idle')
    },
    on: (event, handler) => {
      peek()
      return connection.listen(event, handler, reportToPage)
    },
    listen: (event, handler, onFault) => {
      // A function of its own for each registration, so that ending one leaves another of the same handler.
      const registered = (told: string, value: unknown): boolean => {
        if (told !== event) return false
        guard(() => handler(value as never), onFault)
        return true
      }
      handlers.add(registered)
      return () => handlers.delete(registered)
    },
    use: () => {
      const link = attach()
      if (closed) {
        closed = false
        observer.tell('status', link.status)
      }
      return link
    },
    close: () => {
      if (closed) return
      closed = true
      const link = attached
      attached = undefined
      link?.observers.delete(observer.tell)
      link?.release(connection)
      observer.tell('status', 'closed')
    },
    leave: async (handle) => {
      if (handle) await attached?.leave(handle)
    },
    call: (type, request) => connection.use().call(type, request, connection),
  }
  return connection
}
