import { fullJitterMs } from './backoff.js'
import type { Effect, Token } from './effects.js'
import { gapError, TopicwireError } from './errors.js'
import { PING, SUBPROTOCOL } from './frames.js'
import { host, hostClock, reportToPage } from './host.js'
import type { ClientOptions, Clock, WebSocketConstructor, WebSocketLike } from './options.js'
import type { Gap, UpdateInfo } from './routes.js'
import { Session } from './session.js'
import type { ConnectionEvents, ConnectionStatus } from './status.js'

/** A client, as the link sees it. */
export interface Observer {
  emit<Event extends keyof ConnectionEvents>(event: Event, value: ConnectionEvents[Event]): boolean
}

/** Who waits for a listener, a call or an end. */
export interface Handle {
  readonly owner: Observer
  /** A method, so that the resolver of a typed promise fits: the wire's word is taken for the value's type. */
  resolve(value: unknown): void
  reject(error: TopicwireError): void
  /** A listener's; without it the handle is over when it is resolved. */
  readonly onUpdate?: (data: unknown, info: UpdateInfo) => void
  readonly onError?: ((error: TopicwireError) => void) | undefined
  readonly onGap?: ((gap: Gap) => void) | undefined
}

interface Held extends Handle {
  deadline: unknown
  accepted: boolean
}

/** A connection that lasted so long ends the doubling of delays. */
const STABLE_MS = 30_000

/** One socket and its session, shared by every client of an address: what the session decides is carried out here. */
export class Link {
  readonly observers: Set<Observer> = new Set()
  status: ConnectionStatus = 'idle'
  latencyMs: number | undefined

  readonly #session: Session
  readonly #held = new Map<Token, Held>()
  readonly #url: string
  readonly #options: ClientOptions
  readonly #clock: Clock
  readonly #timeoutMs: number
  #lastToken = 0
  #draining = false
  #socket: WebSocketLike | undefined
  #failures = 0
  #openedAt = 0
  #pingedAt: number | undefined
  /** The deadline of an attempt, the wait before one, or the next ping: never two of them. */
  #timer: unknown
  #idleTimer: unknown

  constructor(url: string, options: ClientOptions) {
    this.#url = url
    this.#options = options
    this.#session = new Session(options.skipping)
    this.#clock = options.clock ?? hostClock
    this.#timeoutMs = options.timeoutMs ?? 10_000
  }

  subscribe(route: string, params: string, timeoutMs: number | undefined, handle: Handle): Token {
    return this.#start(`${route}.subscribe`, timeoutMs, handle, (token) => {
      this.#session.subscribe(token, route, params)
    })
  }

  call(type: string, payload: string | undefined, handle: Handle): void {
    this.#start(type, undefined, handle, (token) => {
      this.#session.call(token, type, payload)
    })
  }

  /** Ends a listener; `handle` is resolved when the server holds nothing of it any more. */
  leave(token: Token, handle: Handle): void {
    this.#drop(token)?.reject(
      new TopicwireError('cancelled', 'Replaced or unsubscribed before it was accepted.'),
    )
    const wait = this.#hold(handle)
    this.#session.leave(token, wait)
    this.#drain()
  }

  /** Ends all that is the owner's. */
  release(owner: Observer): void {
    for (const [token, held] of this.#held) {
      if (held.owner !== owner) continue
      this.#drop(token)
      this.#session.leave(token)
      held.reject(new TopicwireError('closed', 'connection.close() was called.'))
    }
    this.#drain()
    if (this.#held.size === 0) this.#stop('idle')
  }

  /** Runs what belongs to somebody else: what it throws is reported to its owner and goes no further. */
  guard(owner: Observer, run: () => void): void {
    try {
      run()
    } catch (cause) {
      this.#report(
        new TopicwireError('listener_failed', `A listener threw: ${String(cause)}`, { cause }),
        owner,
      )
    }
  }

  #start(type: string, timeoutMs = this.#timeoutMs, handle: Handle, begin: (token: Token) => void): Token {
    const token = this.#hold(
      handle,
      () => {
        const offline = this.status !== 'open'
        const message = `${type}: ${offline ? 'no connection' : 'no answer'} within ${timeoutMs} ms.`
        this.#drop(token)?.reject(new TopicwireError(offline ? 'offline' : 'timeout', message, { type }))
        this.#session.leave(token)
        this.#drain()
      },
      timeoutMs,
    )
    begin(token)
    this.#drain()
    if (this.#socket === undefined && this.status !== 'reconnecting') this.#connect('connecting')
    return token
  }

  #hold(handle: Handle, expire?: () => void, timeoutMs = 0): Token {
    const token = (this.#lastToken += 1)
    const deadline = expire && this.#clock.setTimeout(expire, timeoutMs)
    this.#held.set(token, { ...handle, deadline, accepted: false })
    return token
  }

  #drop(token: Token): Held | undefined {
    const held = this.#held.get(token)
    if (held === undefined) return undefined
    this.#held.delete(token)
    this.#clock.clearTimeout(held.deadline)
    return held
  }

  /** Carries out what the session wants; a listener that calls back in only adds to it. */
  #drain(): void {
    if (this.#draining) return
    this.#draining = true
    try {
      for (let effects = this.#session.take(); effects.length > 0; effects = this.#session.take()) {
        for (const effect of effects) this.#apply(effect)
      }
    } finally {
      this.#draining = false
    }
    this.#restOrStay()
  }

  #apply(effect: Effect): void {
    switch (effect.kind) {
      case 'send':
        this.#socket?.send(effect.text)
        break
      case 'update': {
        // Gone from here means unsubscribed by a listener earlier in this batch.
        const held = this.#held.get(effect.token)
        if (held !== undefined) this.guard(held.owner, () => held.onUpdate?.(effect.data, effect.info))
        break
      }
      case 'gap': {
        const held = this.#held.get(effect.token)
        if (held?.onGap !== undefined) this.guard(held.owner, () => held.onGap?.(effect.gap))
        else held?.owner.emit('error', gapError(effect.gap))
        break
      }
      case 'resolved': {
        const held = this.#held.get(effect.token)
        if (held?.onUpdate === undefined) this.#drop(effect.token)
        else {
          held.accepted = true
          this.#clock.clearTimeout(held.deadline)
        }
        held?.resolve(effect.value)
        break
      }
      case 'rejected': {
        const held = this.#drop(effect.token)
        if (held?.accepted !== true) held?.reject(effect.error)
        else if (held.onError === undefined) this.#report(effect.error, held.owner)
        else this.guard(held.owner, () => held.onError?.(effect.error))
        break
      }
      case 'retry':
        this.#clock.setTimeout(
          () => {
            this.#session.retry(effect.key)
            this.#drain()
          },
          fullJitterMs(effect.failures, this.#options.backoff),
        )
        break
      case 'resync':
        this.#socket?.close(1000)
        if (this.#socket !== undefined) this.#lost(1006, '')
        break
      case 'pong':
        if (this.#pingedAt === undefined) break
        this.latencyMs = this.#clock.now() - this.#pingedAt
        this.#pingedAt = undefined
        this.#emit('latency', this.latencyMs)
        break
      case 'report':
        this.#report(effect.error)
        break
    }
  }

  #connect(status: ConnectionStatus): void {
    let socket: WebSocketLike
    try {
      const Socket = webSocketOf(this.#options)
      if (Socket === undefined) throw new TypeError('there is no WebSocket here; pass one as `webSocket`')
      socket = new Socket(absolute(this.#url), [SUBPROTOCOL])
    } catch (cause) {
      const message = `No socket to ${this.#url}: ${String(cause)}`
      this.#stop('closed', new TopicwireError('connection_failed', message, { cause }))
      return
    }
    this.#socket = socket
    // An abandoned socket may still speak: only the current one is heard.
    const current =
      <Event>(handler: (event: Event) => void) =>
      (event: Event): void => {
        if (socket === this.#socket) handler(event)
      }
    socket.onopen = current(() => {
      this.#opened(socket)
    })
    socket.onmessage = current(({ data }: { readonly data: unknown }) => {
      if (typeof data === 'string') this.#session.receive(data)
      else
        this.#report(
          new TopicwireError('invalid_message', 'The server sent a binary frame; text was agreed.'),
        )
      this.#drain()
    })
    socket.onclose = current(({ code, reason }: { readonly code: number; readonly reason: string }) => {
      this.#lost(code, reason)
    })
    // Says nothing that the close after it does not say better; unheard, it would be an exception in Node.
    socket.onerror = () => undefined
    this.#setTimer(this.#timeoutMs, () => {
      socket.close(1000)
      this.#lost(1006, '')
    })
    this.#setStatus(status)
  }

  #opened(socket: WebSocketLike): void {
    this.#openedAt = this.#clock.now()
    this.#clock.clearTimeout(this.#timer)
    this.#setStatus('open')
    this.#session.opened()
    this.#drain()
    // A server that did not choose the subprotocol knows no `ping`.
    if (socket === this.#socket && socket.protocol === SUBPROTOCOL) this.#ping()
  }

  #ping(): void {
    const intervalMs = this.#options.pingIntervalMs ?? 10_000
    if (intervalMs === 0) return
    if (this.#pingedAt === undefined) {
      this.#pingedAt = this.#clock.now()
      this.#socket?.send(PING)
    }
    this.#setTimer(intervalMs, () => {
      this.#ping()
    })
  }

  #lost(code: number, reason: string): void {
    const lasted = this.status === 'open' && this.#clock.now() - this.#openedAt >= STABLE_MS
    if (code === 4001 || code === 4003) {
      const message = `The server closed the connection: ${reason || `close code ${code}`}`
      this.#stop('closed', new TopicwireError(code === 4001 ? 'unauthenticated' : 'forbidden', message))
      return
    }
    if (this.#held.size === 0) {
      this.#stop('idle')
      return
    }
    this.#forget()
    this.#session.lost(code)
    if (lasted) this.#failures = 0
    this.#setTimer(fullJitterMs(this.#failures, this.#options.backoff), () => {
      this.#connect('reconnecting')
    })
    this.#failures += 1
    this.#setStatus('reconnecting')
    this.#drain()
  }

  /** No socket and no attempt, until somebody asks again. */
  #stop(status: 'idle' | 'closed', error?: TopicwireError): void {
    const socket = this.#socket
    this.#forget()
    this.#failures = 0
    if (error === undefined) this.#session.lost(1000)
    else this.#session.fail(error)
    socket?.close(1000)
    // Handlers may subscribe anew, so the session is told before them.
    this.#setStatus(status)
    this.#drain()
  }

  #forget(): void {
    this.#clock.clearTimeout(this.#timer)
    this.#socket = undefined
    this.#pingedAt = undefined
    this.latencyMs = undefined
  }

  #restOrStay(): void {
    const resting = this.#held.size === 0 && this.status !== 'idle' && this.status !== 'closed'
    if (!resting) {
      this.#clock.clearTimeout(this.#idleTimer)
      this.#idleTimer = undefined
    } else {
      this.#idleTimer ??= this.#clock.setTimeout(() => {
        this.#stop('idle')
      }, this.#options.idleMs ?? 5_000)
    }
  }

  #setTimer(delayMs: number, callback: () => void): void {
    this.#clock.clearTimeout(this.#timer)
    this.#timer = this.#clock.setTimeout(callback, delayMs)
  }

  #setStatus(status: ConnectionStatus): void {
    if (status === this.status) return
    this.status = status
    this.#emit('status', status)
  }

  #emit<Event extends keyof ConnectionEvents>(event: Event, value: ConnectionEvents[Event]): boolean {
    return [...this.observers].map((observer) => observer.emit(event, value)).includes(true)
  }

  #report(error: TopicwireError, owner?: Observer): void {
    if (owner === undefined ? this.#emit('error', error) : owner.emit('error', error)) return
    reportToPage(error)
  }
}

const links: WeakMap<object, Map<string, Link>> = new WeakMap()

/** The link of an address, one for all who use the same WebSocket. Making it opens nothing. */
export function linkOf(options: ClientOptions): Link {
  const url = typeof options.url === 'function' ? options.url() : options.url
  // Where there is no WebSocket, any object stands for that.
  const family = webSocketOf(options) ?? links
  let byUrl = links.get(family)
  if (byUrl === undefined) links.set(family, (byUrl = new Map<string, Link>()))
  let link = byUrl.get(url)
  if (link === undefined) byUrl.set(url, (link = new Link(url, options)))
  return link
}

function webSocketOf(options: ClientOptions): WebSocketConstructor | undefined {
  return options.webSocket ?? host.WebSocket
}

/** Older browsers take no relative address and no `https:` for a socket. */
function absolute(url: string): string {
  const { location } = host
  const page = location === undefined ? '' : `${location.protocol}//${location.host}`
  return (url.startsWith('/') ? page + url : url).replace(/^http/, 'ws')
}
