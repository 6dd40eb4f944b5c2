import type { SubscribeOptions } from './options.js'
import type { Connection } from './status.js'

/** A request/reply operation of a route, as a type: what is sent and what comes back. */
export interface Operation<Request, Reply> {
  readonly request: Request
  readonly reply: Reply
}

/** The operations of a route by name, beside subscribe and unsubscribe. */
export type Operations = Record<string, Operation<unknown, unknown>>

/** No operation beside subscribe and unsubscribe. */
export type NoOperations = Record<never, never>

/**
 * A route, as a type alone: what a subscription asks for, what its updates carry, how they are delivered, what else may
 * be called.
 * No value of it exists at run time.
 */
export interface Route<Request, Data, Policy extends DeliveryPolicy = 'lossless', Ops = NoOperations> {
  readonly request: Request
  readonly data: Data
  readonly policy: Policy
  readonly operations: Ops
}

/**
 * What a client that is behind is sent: everything (`lossless`), the newest (`latest`), the newest few
 * (`drop_oldest`), several in one (`merge`).
 */
export type DeliveryPolicy = 'lossless' | 'latest' | 'drop_oldest' | 'merge'

/** What a route map may hold: `interface Routes { trades: Route<TradeSubscriptionRequest, Trade> }`. */
export type RouteMap<Routes> = {
  readonly [Name in keyof Routes]: Route<unknown, unknown, DeliveryPolicy, unknown>
}

/** Where an update stands. */
export interface UpdateInfo {
  readonly topic: string
  /** The server's number of this update within its topic: one more with each update. */
  readonly seq: number
  /** The literal topic, where `topic` is a wildcard pattern. */
  readonly source?: string
  /** The state at `seq`, not a change: the first that comes to a listener, where the route has snapshots. */
  readonly snapshot?: true
}

/** What a listener missed: what follows does not continue what it has. */
export interface Gap {
  readonly topic: string
  /** The number of the last update that was passed on, in the numbering of that time. */
  readonly after: number
  /** Updates go on after this number, perhaps of a new numbering; a snapshot of it follows where the route has one. */
  readonly seq: number
  /** `not_recovered`: the server no longer holds what was missed. Anything else is the server's word for a reset. */
  readonly reason: string
  /** The policy, where it is not `lossless`: then some updates may be left out at any time, and nothing is said of them. */
  readonly delivery?: string | undefined
}

/** Called once for each update, in the server's order. What it throws is reported and harms no other listener. */
export type UpdateListener<Data> = (data: Data, info: UpdateInfo) => void

/** What the server accepted. */
export interface Accepted {
  /** The topics that this subscription receives; one, unless the route gives several. */
  readonly topics: readonly string[]
}

/** Subscribing to one route. */
export interface Subscriptions<Request, Data> {
  /**
   * Resolves when the server has accepted; updates may reach `callback` just before the `await` continues.
   * The subscription then outlives reconnections, until `unsubscribe` or `connection.close()`.
   *
   * The same `listenerId` again replaces the earlier listener. Ids are this client's and this route's own.
   * Listeners with equal `params`, in any client of the page, share one subscription on the wire. One that comes later
   * is given the present state first, where the route has one, and all that follows it.
   *
   * Rejects with a `TopicwireError`: the server's code where it refused (`validation_error`, `forbidden`, ...),
   * `offline` or `timeout` when nothing came within `timeoutMs`, `cancelled` when replaced or unsubscribed meanwhile.
   */
  subscribe(
    listenerId: string,
    params: Request,
    callback: UpdateListener<Data>,
    options?: SubscribeOptions,
  ): Promise<Accepted>

  /**
   * From the call on the listener is not called any more. Resolves when the server has confirmed, or at once where
   * other listeners stay, the connection is down or the id is unknown, or when it does not answer in time. Never rejects.
   */
  unsubscribe(listenerId: string): Promise<void>
}

/** The parameters of an operation: none where its request is `undefined`. */
export type OperationParameters<Request> = [Request] extends [undefined] ? [] : [request: Request]

/** The route's own operations, each a call that resolves with the reply or rejects with a `TopicwireError`. */
export type Calls<Ops> = {
  readonly [Name in keyof Ops]: Ops[Name] extends Operation<infer Request, infer Reply>
    ? (...parameters: OperationParameters<Request>) => Promise<Reply>
    : never
}

/** What `client.<route>` is. */
export type RouteClient<R> =
  R extends Route<infer Request, infer Data, DeliveryPolicy, infer Ops>
    ? Subscriptions<Request, Data> & Calls<Ops>
    : never

/** A property for each route, and `connection`. */
export type Client<Routes> = { readonly [Name in keyof Routes]: RouteClient<Routes[Name]> } & {
  /** The socket's state, shared by every client of the same address. */
  readonly connection: Connection
}

/** `trades`, and `orders.preview` for an operation of a route. */
export type RouteName<Routes> = {
  [Name in keyof Routes & string]:
    | Name
    | (Routes[Name] extends Route<unknown, unknown, DeliveryPolicy, infer Ops>
        ? `${Name}.${keyof Ops & string}`
        : never)
}[keyof Routes & string]
