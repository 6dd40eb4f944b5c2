import { fullJitterMs } from './backoff.js'
import { fetchToken } from './credentials.js'
import { dial, type SocketEvents } from './dial.js'
import type { Effect, Token } from './effects.js'
import { gapError, TopicwireError } from './errors.js'
import { errorOf, membersOf, PING, SUBPROTOCOL } from './frames.js'
import type { Handle, Observer } from './handle.js'
import { hostClock, reportToPage } from './host.js'
import type { ClientOptions, Clock, WebSocketLike } from './options.js'
import { HeldHandles } from './held.js'
import { HELLO_MS, Pace } from './pace.js'
import { Session } from './session.js'
import type { ConnectionEvents, ConnectionStatus } from './status.js'
import { Timers } from './timers.js'

/** One socket and its session, shared by every client of an address: what the session decides is carried out here. */
export class Link {
  readonly url: string
  readonly options: ClientOptions
  readonly observers: Set<Observer> = new Set()
  status: ConnectionStatus = 'idle'
  latencyMs: number | undefined

  readonly #session = new Session()
  readonly #held: HeldHandles
  readonly #clock: Clock
  readonly #timers: Timers
  readonly #pace: Pace
  readonly #timeoutMs: number
  #draining = false
  #socket: WebSocketLike | undefined
  /** Counts what begins and ends connections: who comes back from waiting sees whether it is still wanted. */
  #era = 0
  #openedAt = 0
  #heardAt = 0
  #pingedAt: number | undefined
  /** The newest token that `auth` was given. */
  #given: string | undefined
  /** A fresh token was refused, and none was accepted since. */
  #refused = false

  constructor(url: string, options: ClientOptions) {
    this.url = url
    this.options = options
    this.#clock = options.clock ?? hostClock
    this.#timers = new Timers(this.#clock)
    this.#held = new HeldHandles(this.#clock)
    this.#pace = new Pace(options.backoff)
    this.#timeoutMs = options.timeoutMs ?? 10_000
  }

  subscribe(route: string, params: string, timeoutMs: number | undefined, handle: Handle): void {
    this.#start(`${route}.subscribe`, timeoutMs, handle, (token) => {
      this.#session.subscribe(token, route, params)
    })
  }

  call(type: string, payload: string | undefined, handle: Handle): void {
    this.#start(type, undefined, handle, (token) => {
      this.#session.call(token, type, payload)
    })
  }

  /** The token of this connection and of those to come; resolved when the server has taken it. */
  auth(token: string, handle: Handle): void {
    const before = this.#given
    this.#given = token
    if (this.status !== 'open') {
      // An attempt that is under way is made anew.
      this.#socket?.close(1000)
      if (this.#socket !== undefined) this.#dial(token)
      handle.resolve(undefined)
      return
    }
    this.call('auth', JSON.stringify({ token }), {
      ...handle,
      resolve: (reply) => {
        if (membersOf(reply)['status'] === 'ok') handle.resolve(undefined)
        else {
          // Not the token of the connections to come either.
          if (this.#given === token) this.#given = before
          handle.reject(errorOf(reply, 'auth'))
        }
      },
    })
  }

  /** Ends a listener; `handle` is resolved when the server holds nothing of it any more. */
  leave(token: Token, handle: Handle): void {
    this.#held
      .drop(token)
      ?.reject(new TopicwireError('cancelled', 'Replaced or unsubscribed before it was accepted.'))
    // A server that does not answer holds up nobody who leaves.
    const wait = this.#held.hold(handle, this.#timeoutMs, (token) => {
      this.#held.drop(token)?.resolve(undefined)
      this.#drain()
    })
    this.#session.leave(token, wait)
    this.#drain()
  }

  /** Ends all that is the owner's. */
  release(owner: Observer): void {
    for (const [token, held] of this.#held.all) {
      if (held.owner !== owner) continue
      this.#held.drop(token)
      this.#session.leave(token)
      held.reject(new TopicwireError('closed', 'connection.close() was called.'))
    }
    this.#drain()
    if (this.#held.all.size === 0) this.#stop('idle')
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

  #start(type: string, timeoutMs = this.#timeoutMs, handle: Handle, begin: (token: Token) => void): void {
    const token = this.#held.hold(handle, timeoutMs, (token) => {
      const offline = this.status !== 'open'
      const message = `${type}: ${offline ? 'no connection' : 'no answer'} within ${timeoutMs} ms.`
      this.#held.drop(token)?.reject(new TopicwireError(offline ? 'offline' : 'timeout', message, { type }))
      this.#session.leave(token)
      this.#drain()
    })
    handle.started?.(token)
    begin(token)
    this.#drain()
    if (this.status === 'idle' || this.status === 'closed') this.#connect('connecting')
  }

  /** Carries out what the session wants; a listener that calls back in only adds to it. */
  #drain(): void {
    if (this.#draining) return
    this.#draining = true
    try {
      for (let effect = this.#session.next(); effect !== undefined; effect = this.#session.next())
        this.#apply(effect)
    } finally {
      this.#draining = false
    }
    this.#restOrStay()
  }

  #apply(effect: Effect): void {
    // Gone from here means unsubscribed by a listener earlier in this batch.
    const held = 'token' in effect ? this.#held.all.get(effect.token) : undefined
    switch (effect.kind) {
      case 'send':
        this.#socket?.send(effect.text)
        break
      case 'update':
        if (held !== undefined) this.guard(held.owner, () => held.onUpdate?.(effect.data, effect.info))
        break
      case 'gap':
        if (held?.onGap !== undefined) this.guard(held.owner, () => held.onGap?.(effect.gap))
        else if (effect.gap.delivery === undefined) held?.owner.emit('error', gapError(effect.gap))
        break
      case 'stale':
        if (held !== undefined) this.guard(held.owner, () => held.onStale?.(effect.stale, effect.topic))
        break
      case 'resolved':
        if (held?.onUpdate === undefined) this.#held.drop(effect.token)
        else this.#held.accept(held)
        held?.resolve(effect.value)
        break
      case 'rejected':
        this.#held.drop(effect.token)
        if (held?.accepted !== true) held?.reject(effect.error)
        else if (held.onError === undefined) this.#report(effect.error, held.owner)
        else this.guard(held.owner, () => held.onError?.(effect.error))
        break
      case 'watch':
        this.#timers.set(`watch ${effect.key} ${effect.topic}`, effect.delayMs, () => {
          this.#session.silent(effect.key, effect.topic, this.#clock.now())
          this.#drain()
        })
        break
      case 'retry':
        this.#timers.set(`retry ${effect.key}`, fullJitterMs(effect.failures, this.options.backoff), () => {
          this.#session.retry(effect.key)
          this.#drain()
        })
        break
      case 'resync':
        this.#abandon(1000)
        break
      case 'hello':
        this.#refused = false
        this.#timers.clear('watchdog')
        if (effect.heartbeatMs > 0) this.#watchdog(effect.heartbeatMs + effect.graceMs)
        break
      case 'closing':
        this.#pace.retryAfterMs = effect.retryAfterMs
        break
      case 'pong':
        if (this.#pingedAt === undefined) break
        this.latencyMs = this.#clock.now() - this.#pingedAt
        this.#pingedAt = undefined
        this.#emit('latency', this.latencyMs)
        break
      case 'report':
        if (effect.error.code === 'token_expired' && typeof this.options.token === 'function') this.#refresh()
        else this.#report(effect.error)
        break
    }
  }

  /** A token first, where one is used: it may have to be fetched. */
  #connect(status: ConnectionStatus): void {
    const era = (this.#era += 1)
    const { token } = this.options
    this.#timers.set('attempt', this.#timeoutMs, () => {
      this.#abandon(1000)
    })
    this.#setStatus(status)
    if (era !== this.#era) return
    if (typeof token !== 'function') {
      this.#dial(this.#given ?? token)
      return
    }
    fetchToken(token).then(
      (fetched) => {
        if (era === this.#era) this.#dial(fetched)
      },
      (cause: unknown) => {
        if (era !== this.#era) return
        this.#report(new TopicwireError('connection_failed', `No token: ${String(cause)}`, { cause }))
        this.#lost(1006, '')
      },
    )
  }

  #dial(token: string | undefined): void {
    try {
      const isCurrent = (socket: WebSocketLike): boolean => socket === this.#socket
      this.#socket = dial(this.url, token, this.options.webSocket, isCurrent, this.#events)
    } catch (cause) {
      const message = `No socket to ${this.url}: ${String(cause)}`
      this.#stop('closed', new TopicwireError('connection_failed', message, { cause }))
    }
  }

  readonly #events: SocketEvents = {
    opened: (socket) => {
      this.#openedAt = this.#heardAt = this.#clock.now()
      this.#timers.clear('attempt')
      this.#setStatus('open')
      // Who was told may have ended it.
      if (socket === this.#socket) this.#session.opened()
      this.#drain()
      // A server that did not choose the subprotocol knows no `ping`.
      if (socket === this.#socket && socket.protocol === SUBPROTOCOL) {
        this.#watchdog(HELLO_MS)
        this.#ping()
      }
    },
    received: (data) => {
      this.#heardAt = this.#clock.now()
      if (typeof data === 'string') this.#session.receive(data, this.#heardAt)
      else
        this.#report(
          new TopicwireError('invalid_message', 'The server sent a binary frame; text was agreed.'),
        )
      this.#drain()
    },
    closed: (code, reason) => {
      this.#lost(code, reason)
    },
  }

  #ping(): void {
    const intervalMs = this.options.pingIntervalMs ?? 10_000
    if (intervalMs === 0) return
    if (this.#pingedAt === undefined) {
      this.#pingedAt = this.#clock.now()
      this.#socket?.send(PING)
    }
    this.#timers.set('ping', intervalMs, () => {
      this.#ping()
    })
  }

  /** Gives the connection up when nothing at all was heard for so long. */
  #watchdog(withinMs: number): void {
    const restMs = this.#heardAt + withinMs - this.#clock.now()
    if (restMs <= 0) this.#abandon(4010)
    else {
      this.#timers.set('watchdog', restMs, () => {
        this.#watchdog(withinMs)
      })
    }
  }

  /** The server says that the token expires: another, on this connection. */
  #refresh(): void {
    const era = this.#era
    const owner: Observer = { emit: (event, value) => this.#emit(event, value) }
    const failed = (error: TopicwireError): void => {
      if (error.code !== 'disconnected') this.#report(error)
    }
    fetchToken(this.options.token ?? '').then(
      (token) => {
        if (era === this.#era) this.auth(token, { owner, resolve: () => undefined, reject: failed })
      },
      (cause: unknown) => {
        failed(new TopicwireError('token_expired', `No token: ${String(cause)}`, { cause }))
      },
    )
  }

  /** Ends the connection, or the attempt at one, from here. */
  #abandon(code: number): void {
    this.#socket?.close(code)
    this.#lost(1006, '')
  }

  #lost(code: number, reason: string): void {
    const openMs = this.status === 'open' ? this.#clock.now() - this.#openedAt : 0
    // A refused token may have been an old one: where there is a function, a fresh one is tried, once.
    const renew = code === 4001 && typeof this.options.token === 'function' && !this.#refused
    if ((code === 4001 || code === 4003) && !renew) {
      const message = `The server closed the connection: ${reason || `close code ${code}`}`
      this.#stop('closed', new TopicwireError(code === 4001 ? 'unauthenticated' : 'forbidden', message))
      return
    }
    if (this.#held.all.size === 0) {
      this.#stop('idle')
      return
    }
    this.#forget()
    this.#refused ||= renew
    this.#session.lost(code)
    const slow = this.#pace.isSlow(code, openMs)
    this.#timers.set('attempt', this.#pace.next(openMs, slow), () => {
      this.#connect('reconnecting')
    })
    this.#setStatus('reconnecting')
    const message = 'Closed three times within a minute because updates are read too slowly.'
    if (slow) this.#report(new TopicwireError('slow_consumer', message))
    this.#drain()
  }

  /** No socket and no attempt, until somebody asks again. */
  #stop(status: 'idle' | 'closed', error?: TopicwireError): void {
    const socket = this.#socket
    this.#forget()
    this.#pace.reset()
    this.#refused = false
    if (error === undefined) this.#session.lost(1000)
    else this.#session.fail(error)
    socket?.close(1000)
    // Handlers may subscribe anew, so the session is told before them.
    this.#setStatus(status)
    this.#drain()
  }

  #forget(): void {
    this.#era += 1
    this.#timers.clearAll()
    this.#socket = undefined
    this.#pingedAt = undefined
    this.latencyMs = undefined
  }

  #restOrStay(): void {
    const resting = this.#held.all.size === 0 && this.status !== 'idle' && this.status !== 'closed'
    if (!resting) this.#timers.clear('idle')
    else if (!this.#timers.has('idle')) {
      this.#timers.set('idle', this.options.idleMs ?? 5_000, () => {
        this.#stop('idle')
      })
    }
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
