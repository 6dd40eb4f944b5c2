import { canonicalJson } from './canonical.js'
import type { Link } from './connection.js'
import { TopicwireError } from './errors.js'
import type { Handle, Observer } from './handle.js'
import { host, reportToPage } from './host.js'
import { linkOf } from './links.js'
import type { ClientOptions, SubscribeOptions } from './options.js'
import type { Client, RouteMap, RouteName, Staleness, Subscriptions, UpdateListener } from './routes.js'
import type { Token } from './effects.js'
import type { Connection, ConnectionEvents, ConnectionStatus } from './status.js'
import { streamOf } from './stream.js'

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
  const connection = new ClientConnection(options)
  const routes: Record<string, Record<string, unknown>> = {}
  for (const name of names) {
    const [route = '', operation] = name.split('.', 2)
    const members = (routes[route] ??= { ...subscriptionsOf(connection, route) })
    if (operation !== undefined) members[operation] = (request?: unknown) => connection.call(name, request)
  }
  // The names are the type's own keys, so what was built has the members that the type says.
  const client = { ...routes, connection } as unknown as Client<Routes>
  return options.validate?.(client) ?? client
}

/** `new WsAdapter()`: options given there go before the adapter's own. */
export type AdapterConstructor<Routes> = new (options?: Partial<ClientOptions>) => Client<Routes>

/** A class of clients with every route as a property: `export const WsAdapter = defineAdapter<Routes>(routeNames, {…})`. */
export function defineAdapter<Routes extends RouteMap<Routes>>(
  names: readonly RouteName<Routes>[],
  defaults: ClientOptions,
): AdapterConstructor<Routes> {
  class Adapter {
    constructor(options: Partial<ClientOptions> = {}) {
      Object.assign(this, createClient<Routes>(names, { ...defaults, ...options }))
    }
  }
  return Adapter as AdapterConstructor<Routes>
}

function subscriptionsOf(connection: ClientConnection, route: string): Subscriptions<unknown, unknown> {
  const listeners = new Map<string, Token>()
  const watchers = new Set<(staleness: Staleness) => void>()
  const begin = (
    listenerId: string | undefined,
    params: unknown,
    onUpdate: UpdateListener<unknown>,
    { timeoutMs, onError, onGap, onStale }: SubscribeOptions,
    who: Pick<Handle, 'resolve' | 'reject' | 'started'>,
  ): void => {
    const told = (stale: boolean, topic: string): void => {
      for (const watcher of [...watchers]) connection.run(() => watcher({ topic, stale, listenerId }))
      onStale?.(stale, topic)
    }
    const handle = { ...who, owner: connection, onUpdate, onError, onGap, onStale: told }
    connection.use().subscribe(route, canonicalJson(params), timeoutMs, handle)
  }
  return {
    subscribe: (listenerId, params, onUpdate, options = {}) =>
      new Promise((resolve, reject) => {
        let earlier: Token | undefined
        // Before anything comes of it: a callback may end it, or begin it anew.
        const started = (token: Token): void => {
          earlier = listeners.get(listenerId)
          listeners.set(listenerId, token)
        }
        begin(listenerId, params, onUpdate, options, { resolve, reject, started })
        // After the new one has joined, so that equal parameters keep their subscription on the wire.
        void connection.leave(earlier)
      }),
    unsubscribe: (listenerId) => {
      const token = listeners.get(listenerId)
      listeners.delete(listenerId)
      return connection.leave(token)
    },
    stream: (params, options = {}) =>
      streamOf((onUpdate, told, leaveBy) => {
        const started = (token: Token): void => {
          leaveBy(() => void connection.leave(token))
        }
        begin(undefined, params, onUpdate, told, { resolve: () => undefined, reject: told.onError, started })
      }, options),
    on: (_event, handler) => {
      const watcher = (staleness: Staleness): void => {
        handler(staleness)
      }
      watchers.add(watcher)
      return () => {
        watchers.delete(watcher)
      }
    },
  }
}

type Handlers = {
  readonly [Event in keyof ConnectionEvents]: Set<(value: ConnectionEvents[Event]) => void>
}

/** One client's side of the link that it shares. */
class ClientConnection implements Connection, Observer {
  readonly #options: ClientOptions
  readonly #handlers: Handlers = { status: new Set(), latency: new Set(), error: new Set() }
  #attached: Link | undefined
  #closed = false

  constructor(options: ClientOptions) {
    this.#options = options
  }

  get status(): ConnectionStatus {
    return this.#closed ? 'closed' : (this.#peek()?.status ?? 'idle')
  }

  get latencyMs(): number | undefined {
    return this.#closed ? undefined : this.#peek()?.latencyMs
  }

  on<Event extends keyof ConnectionEvents>(
    event: Event,
    handler: (value: ConnectionEvents[Event]) => void,
  ): () => void {
    this.#peek()
    // A function of its own for each registration, so that ending one leaves another of the same handler.
    const registered = (value: ConnectionEvents[Event]): void => {
      handler(value)
    }
    this.#handlers[event].add(registered)
    return () => {
      this.#handlers[event].delete(registered)
    }
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#attached?.observers.delete(this)
    this.#attached?.release(this)
    this.#attached = undefined
    this.emit('status', 'closed')
  }

  leave(token: number | undefined): Promise<void> {
    return new Promise((resolve) => {
      const over = (): void => {
        resolve()
      }
      if (token === undefined || this.#attached === undefined) over()
      else this.#attached.leave(token, { owner: this, resolve: over, reject: over })
    })
  }

  call(type: string, request: unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const payload = request === undefined ? undefined : canonicalJson(request)
      this.use().call(type, payload, { owner: this, resolve, reject })
    })
  }

  auth(token: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#attach().auth(token, { owner: this, resolve, reject })
    })
  }

  /** Runs what is the client's user's: what it throws harms no other. */
  run(act: () => void): void {
    this.#attach().guard(this, act)
  }

  /** The link to subscribe and call through; after `close` a new beginning. */
  use(): Link {
    const link = this.#attach()
    if (this.#closed) {
      this.#closed = false
      this.emit('status', link.status)
    }
    return link
  }

  /** In a page the shared link may be open already for another client; on a server nothing is touched before use. */
  #peek(): Link | undefined {
    return this.#attached ?? (host.location === undefined || this.#closed ? undefined : this.#attach())
  }

  #attach(): Link {
    this.#attached ??= linkOf(this.#options)
    this.#attached.observers.add(this)
    return this.#attached
  }

  emit<Event extends keyof ConnectionEvents>(event: Event, value: ConnectionEvents[Event]): boolean {
    const handlers = [...this.#handlers[event]]
    for (const handler of handlers) {
      try {
        handler(value)
      } catch (cause) {
        reportToPage(
          new TopicwireError('listener_failed', `A handler of '${event}' threw: ${String(cause)}`, { cause }),
        )
      }
    }
    return handlers.length > 0
  }
}
