import { requestText } from './request-text.js'
import { TopicwireError } from './errors.js'
import type { Handle, Observer } from './handle.js'
import { host, reportToPage } from './host.js'
import type { Link } from './link.js'
import { linkOf } from './links.js'
import type { ClientOptions } from './options.js'
import type { Connection } from './status.js'

/** One client's side of the link that it shares. */
export interface ClientConnection extends Connection, Observer {
  /** The link to subscribe and call through; after `close` a new beginning. */
  use(): Link
  call(type: string, request: unknown): Promise<unknown>
  /** Ends a listener. Resolves when the server holds nothing of it any more, or never will answer. */
  leave(handle: Handle | undefined): Promise<void>
  readonly report: (error: TopicwireError) => void
  /** Calls `handler` at each event of this name; what it throws goes to `onFault`. Returns what ends it. */
  listen<Value>(
    event: string,
    handler: (value: Value) => void,
    onFault: (error: TopicwireError) => void,
  ): () => void
  /** Whether anybody listens. */
  tell(event: string, value: unknown): boolean
}

/** What begins something that a handle waits for. */
type Begin = (handle: Handle) => void

export function newClientConnection(options: ClientOptions): ClientConnection {
  const handlers = new Set<(event: string, value: unknown) => boolean>()
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

  const tell = (event: string, value: unknown): boolean =>
    [...handlers].map((handler) => handler(event, value)).includes(true)
  const report = (error: TopicwireError): void => {
    if (!tell('error', error)) reportToPage(error)
  }

  const connection: ClientConnection = {
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
        if (told === event) guard(() => handler(value as never), onFault)
        return told === event
      }
      handlers.add(registered)
      return () => {
        handlers.delete(registered)
      }
    },
    tell,
    emit: tell,
    run: (act) => {
      guard(act, report)
    },
    report,
    use: () => {
      const link = attach()
      if (closed) {
        closed = false
        tell('status', link.status)
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
      tell('status', 'closed')
    },
    leave: async (handle) => {
      const link = attached
      if (!handle || !link) return
      await new Promise((resolve) => {
        // Over with its client too, and no error.
        link.leave(handle, { owner: connection, resolve, reject: resolve })
      })
    },
    call: (type, request) =>
      promise((handle) => {
        connection.use().ask(handle, type, requestText(request), true)
      }),
    auth: async (token) => {
      await promise((handle) => {
        attach().auth(handle, token)
      })
    },
  }
  return connection
}
