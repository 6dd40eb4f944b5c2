import { canonicalJson } from './canonical.js'
import { TopicwireError } from './errors.js'
import type { Handle, Observer } from './handle.js'
import { host, reportToPage } from './host.js'
import type { Link } from './link.js'
import { linkOf } from './links.js'
import type { ClientOptions } from './options.js'
import type { Connection, ConnectionEvents } from './status.js'

/** One client's side of the link that it shares. */
export interface ClientConnection extends Connection, Observer {
  /** The link to subscribe and call through; after `close` a new beginning. */
  use(): Link
  call(type: string, request: unknown): Promise<unknown>
  /** Ends a listener. Resolves when the server holds nothing of it any more, or never will answer. */
  leave(handle: Handle | undefined): Promise<void>
  report(error: TopicwireError): void
}

/** What begins something that a handle waits for. */
type Begin = (handle: Handle) => void

export function newClientConnection(options: ClientOptions): ClientConnection {
  const handlers = new Set<(event: keyof ConnectionEvents, value: unknown) => boolean>()
  let attached: Link | undefined
  let closed = false

  const attach = (): Link => {
    attached ??= linkOf(options)
    attached.observers.add(connection)
    return attached
  }
  /** In a page the shared link may be open already for another client; on a server nothing is touched before use. */
  const peek = (): Link | undefined => (closed ? undefined : (attached ?? (host.location && attach())))

  const guard = (act: () => void, told: (error: TopicwireError) => void): void => {
    try {
      act()
    } catch (cause) {
      told(new TopicwireError('listener_failed', `A listener threw: ${String(cause)}`, { cause }))
    }
  }
  /** A promise of what `begin` begins. */
  const promise = (begin: Begin): Promise<unknown> =>
    new Promise((resolve, reject) => {
      begin({ owner: connection, resolve, reject })
    })

  const report = (error: TopicwireError): void => {
    if (!connection.emit('error', error)) reportToPage(error)
  }

  const connection: ClientConnection = {
    get status() {
      return closed ? 'closed' : (peek()?.status ?? 'idle')
    },
    get latencyMs() {
      return peek()?.latencyMs
    },
    on: (event, handler) => {
      peek()
      // A function of its own for each registration, so that ending one leaves another of the same handler.
      const registered = (told: keyof ConnectionEvents, value: unknown): boolean => {
        if (told === event) guard(() => handler(value as never), reportToPage)
        return told === event
      }
      handlers.add(registered)
      return () => {
        handlers.delete(registered)
      }
    },
    emit: (event, value) => [...handlers].map((handler) => handler(event, value)).includes(true),
    run: (act) => {
      guard(act, report)
    },
    report,
    use: () => {
      const link = attach()
      if (closed) {
        closed = false
        connection.emit('status', link.status)
      }
      return link
    },
    close: () => {
      if (closed) return
      closed = true
      const link = attached
      attached = undefined
      link?.observers.delete(connection)
      link?.release(connection)
      connection.emit('status', 'closed')
    },
    leave: async (handle) => {
      const link = attached
      if (!handle || !link) return
      await promise((wait) => {
        // Over with its client too, and no error.
        link.leave(handle, {
          ...wait,
          reject: () => {
            wait.resolve(undefined)
          },
        })
      })
    },
    call: (type, request) =>
      promise((handle) => {
        connection.use().call(handle, type, request === undefined ? undefined : canonicalJson(request))
      }),
    auth: async (token) => {
      await promise((handle) => {
        attach().auth(handle, token)
      })
    },
  }
  return connection
}
