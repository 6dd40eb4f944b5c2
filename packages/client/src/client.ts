import { newClientConnection } from './client-connection.js'
import type { ClientOptions } from './options.js'
import type { Client, RouteMap, RouteName } from './routes.js'
import { subscriptionsOf } from './subscriptions.js'

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
  const connection = newClientConnection(options)
  const routes: Record<string, Record<string, unknown>> = {}
  for (const name of names) {
    const [route = '', operation] = name.split('.')
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
    constructor(options?: Partial<ClientOptions>) {
      Object.assign(this, createClient<Routes>(names, { ...defaults, ...options }))
    }
  }
  return Adapter as AdapterConstructor<Routes>
}
