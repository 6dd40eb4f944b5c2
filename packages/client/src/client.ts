import { fault } from './errors.js'
import { guard, observerOf, type Handle, type Observer } from './handle.js'
import { host, reportToPage } from './host.js'
import type { Link } from './link.js'
import { linkOf } from './links.js'
import type { ClientOptions } from './options.js'
import { requestText } from './request-text.js'
import type { Accepted, Client, RouteMap, RouteName, Subscriptions } from './routes.js'
import type { Connection } from './status.js'

/**
 * A client of the named routes. Making it does nothing yet (no socket, nothing of the page is read): the socket opens
 * with the first subscription or call, and is shared by all clients of the same address.
 *
 * `names` are the routes and, as `route.operation`, their operations; the generated `routeNames` has them all.
 */
export function createClient<Routes extends RouteMap<Routes>>(
  names: readonly RouteName<Routes>[],
  options: ClientOptions,
): Client<Routes> {
  const takers = new Set<Observer['tell']>()
  const owner = observerOf(takers)
  let attached: Link | undefined
  let closed = false

  const attach = (): Link => {
    attached ??= linkOf(options)
    attached.observers.add(owner.tell)
    return attached
  }
  /** In a page the shared link may be open already for another client; on a server nothing is touched before use. */
  const peek = (): Link | undefined => (closed ? undefined : (attached ?? (host.location && attach())))
  /** The link to subscribe and call through; after `close` a new beginning. */
  const use = (): Link => {
    const link = attach()
    if (closed) {
      closed = false
      owner.tell('status', link.status)
    }
    return link
  }
  const leave = (handle: Handle | undefined): Promise<unknown> | undefined =>
    handle && attached?.leave(handle)
  const call = (type: string, request?: unknown): Promise<unknown> => use().call(type, request, owner)

  const connection: Connection = {
    get status() {
      return closed ? 'closed' : (peek()?.status ?? 'idle')
    },
    on: (event, handler) => {
      peek()
      // A function of its own for each registration, so that ending one leaves another of the same handler.
      const taker: Observer['tell'] = (told, value) => {
        if (told === event) guard(() => handler(value as never), reportToPage)
        return told === event
      }
      takers.add(taker)
      return () => takers.delete(taker)
    },
    call,
    close: () => {
      if (closed) return
      closed = true
      const link = attached
      attached = undefined
      link?.observers.delete(owner.tell)
      link?.release(owner)
      owner.tell('status', 'closed')
    },
  }

  const subscriptionsOf = (route: string): Subscriptions<unknown, unknown> => {
    const listeners = new Map<string, Handle>()
    return {
      subscribe: (listenerId, params, take, { onError, onGap, onNotice, onClose, timeoutMs } = {}) =>
        new Promise((resolve, reject) => {
          // What cannot be asked for at all is thrown before anything has begun.
          const text = requestText(params)
          const handle: Handle = {
            owner,
            take,
            noted: onNotice,
            settled: (accepted) => {
              handle.accepted = true
              resolve(accepted as Accepted)
            },
            failed: (error) => {
              if (!handle.accepted) return reject(error)
              onNotice?.()
              const told = error.code === 'closed' ? onClose : (onError ?? owner.report)
              told?.(error)
            },
            missed: (gap) => {
              if (onGap) onGap(gap)
              else if (!gap.delivery) owner.tell('error', fault('gap', gap.reason, gap))
            },
          }
          const earlier = listeners.get(listenerId)
          // Before anything comes of it: a callback may end it, or begin it anew.
          listeners.set(listenerId, handle)
          use().ask(handle, route, text, timeoutMs)
          // After the new one has joined, so that equal parameters keep their subscription on the wire.
          void leave(earlier)
        }),
      unsubscribe: async (listenerId) => {
        const handle = listeners.get(listenerId)
        listeners.delete(listenerId)
        await leave(handle)
      },
    }
  }

  const client: Record<string, object> = { connection }
  for (const name of names) {
    const [route = '', operation] = name.split('.')
    const members = (client[route] ??= subscriptionsOf(route)) as Record<string, unknown>
    if (operation) members[operation] = (request?: unknown) => call(name, request)
  }
  // The names are the type's own keys, so what was built has the members that the type says.
  return (options.validate?.(client) ?? client) as Client<Routes>
}

/** `new WsAdapter()`: options given there go before the adapter's own. */
export type AdapterConstructor<Routes> = new (options?: Partial<ClientOptions>) => Client<Routes>

/** A class of clients with every route as a property: `export const WsAdapter = defineAdapter<Routes>(routeNames, {…})`. */
export function defineAdapter<Routes extends RouteMap<Routes>>(
  names: readonly RouteName<Routes>[],
  defaults: ClientOptions,
): AdapterConstructor<Routes> {
  return class {
    constructor(options?: Partial<ClientOptions>) {
      Object.assign(this, createClient<Routes>(names, { ...defaults, ...options }))
    }
  } as AdapterConstructor<Routes>
}
