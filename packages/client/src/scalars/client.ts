import type {
  Client as PlainClient,
  ClientOptions,
  DeliveryPolicy,
  NoOperations,
  Route,
  RouteName,
  Subscriptions,
} from '@topicwire/client'
import { createClient as createPlainClient } from '@topicwire/client'
import { setSentForm } from '../ui/sent-form.js'
import { guarded, received } from '../validation/received.js'
import { decoded, encoded, type Codec } from './codec.js'

/**
 * A route with types that are not those of the wire. It is no `Route`, so that the client of `@topicwire/client`, which
 * converts nothing, is refused by the compiler.
 */
export interface ConvertedRoute<
  Request,
  Data,
  Policy extends DeliveryPolicy = 'lossless',
  Ops = NoOperations,
> {
  readonly converted: Route<Request, Data, Policy, Ops>
}

/** What of a route is converted, as the generator writes it: one constant a route, so that a bundle holds those in use. */
export interface RouteCodecs<Name extends string> {
  readonly route: Name
  readonly request?: Codec
  readonly data?: Codec
  /** Every operation of the route. */
  readonly operations: Readonly<Record<string, { readonly request?: Codec; readonly reply?: Codec }>>
}

/** The routes as what they are for whoever works with them. */
export type PlainRoutes<Routes> = {
  readonly [Name in keyof Routes]: Routes[Name] extends { readonly converted: infer Plain }
    ? Plain
    : Routes[Name]
}

/** What a route map may hold here. */
export type ConvertedRouteMap<Routes> = {
  readonly [Name in keyof Routes]:
    | Route<unknown, unknown, DeliveryPolicy, unknown>
    | ConvertedRoute<unknown, unknown, DeliveryPolicy, unknown>
}

/** A name for what travels as it is, the route's codecs for what does not. */
export type RouteEntry<Routes> = {
  [Name in keyof Routes & string]: Routes[Name] extends { readonly converted: unknown }
    ? RouteCodecs<Name>
    : RouteName<Pick<Routes, Name>>
}[keyof Routes & string]

/** A property for each route, and `connection`. */
export type Client<Routes> = PlainClient<PlainRoutes<Routes>>

type Members = Record<string, unknown>
type Call = (...parameters: unknown[]) => Promise<unknown>

/**
 * As `createClient` of `@topicwire/client`, for routes whose scalars are mapped: what is received is converted before a
 * listener, a stream or a call has it, and what is sent before it is sent. Each update is converted once, for all of the
 * client's listeners.
 *
 * Data that a `decode` throws at ends its listener, as invalid data does: code `invalid_data`. What `encode` throws is
 * thrown at whoever asked. The option `validate` sees what travels.
 */
export function createClient<Routes extends ConvertedRouteMap<Routes>>(
  routes: readonly RouteEntry<Routes>[],
  options: ClientOptions,
): Client<Routes> {
  const codecs = new Map<string, RouteCodecs<string>>()
  const names = (routes as readonly (string | RouteCodecs<string>)[]).flatMap((one) => {
    if (typeof one === 'string') return one
    codecs.set(one.route, one)
    return [one.route, ...Object.keys(one.operations).map((name) => `${one.route}.${name}`)]
  })
  // The names are those of the map's own routes.
  const create = createPlainClient as unknown as (names: readonly string[], options: ClientOptions) => Members
  const client = create(names, options)
  const sending = Object.entries(client).map(([name, members]) => {
    const own = codecs.get(name)
    return [name, own ? encodingRoute(own, members as Members) : members]
  })
  const converting = received(decoderOf(codecs))(Object.fromEntries(sending) as Members)
  for (const { route, request } of codecs.values())
    if (request) setSentForm(converting[route] as object, (value) => encoded(request, value))
  return converting as unknown as Client<Routes>
}

/** As `defineAdapter` of `@topicwire/client`, for routes whose scalars are mapped. */
export function defineAdapter<Routes extends ConvertedRouteMap<Routes>>(
  routes: readonly RouteEntry<Routes>[],
  defaults: ClientOptions,
): new (options?: Partial<ClientOptions>) => Client<Routes> {
  class Adapter {
    constructor(options?: Partial<ClientOptions>) {
      Object.assign(this, createClient<Routes>(routes, { ...defaults, ...options }))
    }
  }
  return Adapter as new (options?: Partial<ClientOptions>) => Client<Routes>
}

function encodingRoute(codecs: RouteCodecs<string>, members: Members): Members {
  const { request } = codecs
  const calls = Object.entries(codecs.operations).map(([name, own]) => {
    const call = members[name] as Call
    const { request: sent } = own
    if (!sent) return [name, call]
    return [name, async (value: unknown) => call(encoded(sent, value))]
  })
  const encoding = { ...members, ...(Object.fromEntries(calls) as Members) }
  if (!request) return encoding
  const plain = members as unknown as Subscriptions<unknown, unknown>
  const subscribe: (typeof plain)['subscribe'] = async (listenerId, params, callback, options) =>
    plain.subscribe(listenerId, encoded(request, params), callback, options)
  return { ...encoding, subscribe }
}

function decoderOf(
  codecs: ReadonlyMap<string, RouteCodecs<string>>,
): (type: string) => ((data: unknown) => unknown) | undefined {
  return (type) => {
    const [route = '', name = ''] = type.split('.', 2)
    const own = codecs.get(route)
    const codec = name === 'update' ? own?.data : own?.operations[name]?.reply
    if (!codec) return undefined
    // Every listener of an update is given the same object: it is converted for the first one.
    let last: { readonly wire: unknown; readonly value: unknown } | undefined
    return guarded(type, (wire) => {
      if (typeof wire !== 'object' || wire === null) return decoded(codec, wire)
      if (last?.wire !== wire) last = { wire, value: decoded(codec, wire) }
      return last.value
    })
  }
}
