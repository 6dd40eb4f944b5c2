import type { TopicwireError } from './errors.js'
import type { Gap } from './routes.js'
import type { ConnectionStatus } from './status.js'

/** Timers and time. The default is the host's; tests pass a `ManualClock`. */
export interface Clock {
  /** Milliseconds from any fixed moment, never going back. */
  now(): number
  setTimeout(callback: () => void, delayMs: number): unknown
  clearTimeout(timer: unknown): void
}

/**
 * What is used of a WebSocket. The handlers are `unknown` because browsers, Node and `ws` each type their events
 * in a way of their own, and only this package assigns them.
 */
export interface WebSocketLike {
  readonly protocol: string
  onopen: unknown
  onmessage: unknown
  onclose: unknown
  onerror: unknown
  send(data: string): void
  close(code?: number, reason?: string): void
}

/** `WebSocket` of a browser or of Node 22, `WebSocket` of the package `ws`, or a fake server's. */
export type WebSocketConstructor = new (url: string, protocols?: string | string[]) => WebSocketLike

/** Delays between attempts: uniform between zero and a ceiling that doubles with each failure. */
export interface BackoffOptions {
  /** Ceiling of the first delay, in ms. Default 500. */
  readonly baseMs?: number
  /** Ceiling that no delay exceeds, in ms. Default 20 000. */
  readonly maxMs?: number
  /** Uniform in [0, 1). Default `Math.random`. */
  readonly random?: () => number
}

/** Says who the user is, to one address. `bearer` of `@topicwire/client/token` makes one; pages without tokens need none. */
export type Login = (wire: LoginWire) => LoginSteps

/** What a login may do with the connection. */
export interface LoginWire {
  readonly status: ConnectionStatus
  /** Asks as an operation is asked; resolves with the reply's payload. */
  call(type: string, request: unknown): Promise<unknown>
  /** A fault that nobody else is told. */
  report(error: TopicwireError): void
}

/** What a connection asks of a login. */
export interface LoginSteps {
  /**
   * Before each attempt: calls `use`, now or later, with the subprotocols that say who the user is. Or with why there are
   * none: that is reported, and the attempt has failed. Called again before the
   * connection is there, it makes the same attempt anew; where that is over, it does nothing.
   */
  offer(use: (protocols: readonly string[], error?: TopicwireError) => void): void
  /**
   * The server refuses the user by a close code, or says that the login expires by an error code. True where something is
   * done about it: another attempt is made, or nobody need be told.
   */
  renew(code: unknown): boolean
  /** The user is known, or nobody connects any more: the next refusal is a first one. */
  known(): void
}

/**
 * What the socket is and does. Clients with the same `url`, `webSocket` and `token` share one socket; its timings are
 * those of the client that used it first.
 */
export interface ClientOptions {
  /** `wss://host/path`, `https://host/path`, or `/path` on the page's own host. A function is called at first use. */
  readonly url: string | (() => string)
  /** Default `globalThis.WebSocket`. */
  readonly webSocket?: WebSocketConstructor
  /**
   * Who the user is: `bearer(token)` of `@topicwire/client/token`. Sent as a subprotocol, never in the address. A server may
   * know the user by a cookie instead: then there is none, and none of that is in your bundle.
   */
  readonly token?: Login
  readonly backoff?: BackoffOptions
  /** How long a subscription or a call may wait for its answer, and a socket to open, in ms. Default 10 000. */
  readonly timeoutMs?: number
  /** How long the socket stays open after the last subscription has left, in ms. Default 5 000; 0 closes at once. */
  readonly idleMs?: number
  readonly clock?: Clock
  /**
   * Checks what the server sends before anybody is given it: `validated({ ...trades })` of `@topicwire/client/validation`,
   * with validators that the generator writes. Default: nothing is checked, and none of that is in your bundle.
   */
  readonly validate?: Validate
}

/** Returns the client to use instead of the one that it is given. */
export type Validate = <AnyClient extends object>(client: AnyClient) => AnyClient

/** A topic in one subscription: the same object for all who share that on the wire, as long as it holds the topic. */
export interface TopicMark {
  readonly topic: string
}

/**
 * Calls `act` after the delay, in place of what was asked for under this name before; nothing without `act`, and nothing once
 * the connection is lost.
 */
export type Wait = (name: unknown, delayMs?: number, act?: () => void) => void

/**
 * Told, in turn with the updates: when the server has accepted the subscription, at first and on each connection;
 * `isInterrupted`, when the topic's producer died and is started again; false when the topic begins anew. A listener that
 * comes later is told what was said last. `staleAfterS` is the silence within which a topic that promised a rate is heard.
 * Told nothing at all when the accepted subscription has ended without being asked to.
 */
export type NoticeListener = (
  mark?: TopicMark,
  isInterrupted?: boolean,
  staleAfterS?: number,
  wait?: Wait,
) => void

/** What may be said of one subscription. */
export interface SubscribeOptions {
  /**
   * Told once when an accepted subscription has ended without being asked to, such as one that is refused after a
   * reconnection. It is not retried. Without it the error goes to `connection.on('error')`.
   */
  readonly onError?: (error: TopicwireError) => void
  /**
   * Told when `connection.close()` has ended the accepted subscription, with an error of code `closed`. Not after
   * `unsubscribe`, nor when another listener takes the id.
   */
  readonly onClose?: (error: TopicwireError) => void
  /**
   * Told, before anything that comes after it, when updates of a topic were missed for good or its numbering began
   * anew: what was built from earlier ones is to be thrown away. The subscription goes on. Without it,
   * `connection.on('error')` is told of a lossless route's, code `gap`.
   */
  readonly onGap?: (gap: Gap) => void
  /** Told what the server says of a topic beside its updates: what `@topicwire/client/stale` is made of. */
  readonly onNotice?: NoticeListener
  /** How long this subscription may wait to be accepted, in ms. Default: the client's. */
  readonly timeoutMs?: number
}
