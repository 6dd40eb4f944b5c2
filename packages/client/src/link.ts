import { fullJitterMs } from './backoff.js'
import { dial } from './dial.js'
import type { Performer } from './effects.js'
import { failed, TopicwireError, type ErrorCode } from './errors.js'
import { errorOf, membersOf, SUBPROTOCOL } from './frames.js'
import type { Handle, Observer } from './handle.js'
import { hostClock, reportToPage } from './host.js'
import type { ClientOptions, TokenSource, WebSocketLike } from './options.js'
import { newPace } from './pace.js'
import { newSession } from './session.js'
import type { ConnectionStatus } from './status.js'
import { newTimers } from './timers.js'

/** How long a server may be silent that has not said yet how often it is heard. */
const HELLO_MS = 35_000

/** One socket and its session, shared by every client of an address: what the session decides is carried out here. */
export interface Link {
  readonly url: string
  readonly token: TokenSource | undefined
  readonly observers: Set<Observer>
  readonly status: ConnectionStatus
  /** A listener, or a call: then the route is the full type of its request. */
  ask(handle: Handle, route: string, params: string | undefined, isCall?: boolean, timeoutMs?: number): void
  /** The token of this connection and of those to come; resolved when the server has taken it. */
  auth(handle: Handle, token: string): void
  /** Ends a listener; `wait` is resolved when the server holds nothing of it any more. */
  leave(handle: Handle, wait: Handle): void
  /** Ends all that is the owner's. */
  release(owner: Observer): void
}

export function newLink(url: string, options: ClientOptions): Link {
  const { token: source, backoff, webSocket } = options
  const { clock = hostClock, timeoutMs: patienceMs = 10_000, idleMs = 5_000 } = options
  const session = newSession<Handle>()
  const timers = newTimers(clock, () => {
    drain()
  })
  const pace = newPace(backoff)
  const held = new Set<Handle>()
  const observers = new Set<Observer>()
  let status: ConnectionStatus = 'idle'
  let draining = false
  let socket: WebSocketLike | undefined
  /** Counts what begins and ends connections: who comes back from waiting sees whether it is still wanted. */
  let era = 0
  let openedAt = 0
  let heardAt = 0
  /** The newest token that `auth` was given. */
  let given: string | undefined
  /** A fresh token was refused, and none was accepted since. */
  let refused = false

  /** All clients: who is told what concerns no one alone. */
  const everybody: Observer = {
    emit: (event, value) => [...observers].map((observer) => observer.emit(event, value)).includes(true),
    run: (act) => {
      act()
    },
  }
  const report = (error: TopicwireError): void => {
    if (!everybody.emit('error', error)) reportToPage(error)
  }
  const setStatus = (next: ConnectionStatus): void => {
    if (next === status) return
    status = next
    everybody.emit('status', next)
  }
  /** No socket and no attempt at one. */
  const isDown = (): boolean => status === 'idle' || status === 'closed'

  /** `expire` is called after the time, unless it is dropped or accepted before. */
  const hold = (handle: Handle, timeoutMs: number, expire: () => void): void => {
    held.add(handle)
    handle.deadline = clock.setTimeout(() => {
      held.delete(handle)
      expire()
      drain()
    }, timeoutMs)
  }
  const drop = (handle: Handle): boolean => {
    clock.clearTimeout(handle.deadline)
    return held.delete(handle)
  }
  const ask: Link['ask'] = (handle, route, params, isCall, timeoutMs = patienceMs) => {
    hold(handle, timeoutMs, () => {
      const code = status === 'open' ? 'timeout' : 'offline'
      handle.reject(failed(isCall ? route : `${route}.subscribe`, code, `${code} after ${timeoutMs} ms.`))
      session.leave(handle)
    })
    session.ask(handle, route, params, isCall)
    drain()
    if (isDown()) connect('connecting')
  }

  const perform: Performer = {
    send: (text) => socket?.send(text),
    watch: (key, topic, delayMs) => {
      timers.set(`${key} ${topic}`, delayMs, () => {
        session.silent(key, topic, clock.now())
      })
    },
    retry: (key, failures) => {
      timers.set(key, fullJitterMs(failures, backoff), () => {
        session.retry(key)
      })
    },
    resync: () => {
      abandon(1000)
    },
    hello: (heartbeatMs, graceMs) => {
      refused = false
      timers.clear('watchdog')
      if (heartbeatMs > 0) watchdog(heartbeatMs + graceMs)
    },
    closing: (retryAfterMs) => {
      pace.retryAfter(retryAfterMs)
    },
    report: (error) => {
      if (error.code === 'token_expired' && typeof source === 'function') refresh()
      else report(error)
    },
  }

  /** Carries out what the session wants; a listener that calls back in only adds to it. */
  const drain = (): void => {
    if (draining) return
    draining = true
    try {
      for (let effect = session.next(); effect; effect = session.next()) {
        const [handle, kind, ...values] = effect
        if (handle === undefined) (perform[kind] as (...values: unknown[]) => void)(...values)
        // Gone from here means unsubscribed by a listener earlier in this batch.
        else if (held.has(handle)) {
          if (kind === 'resolve') clock.clearTimeout(handle.deadline)
          if (kind === 'reject' || (kind === 'resolve' && !handle.update)) drop(handle)
          handle.owner.run(() => (handle[kind] as (...values: unknown[]) => void)(...values))
        }
      }
    } finally {
      draining = false
    }
    if (held.size > 0 || isDown()) timers.clear('idle')
    else if (!timers.has('idle')) {
      timers.set('idle', idleMs, () => {
        stop('idle')
      })
    }
  }

  /** Gets a token for `use`, unless the connection has changed by then. */
  const fetchToken = (
    code: ErrorCode,
    use: (token: string) => void,
    fail: (error: TopicwireError) => void,
  ): void => {
    const begun = era
    const fetched = async (): Promise<string> => (typeof source === 'function' ? source() : '')
    fetched().then(
      (token) => {
        if (begun === era) use(token)
      },
      (cause: unknown) => {
        fail(new TopicwireError(code, `No token: ${String(cause)}`, { cause }))
      },
    )
  }

  /** A token first, where one is used: it may have to be fetched. */
  const connect = (next: ConnectionStatus): void => {
    const begun = (era += 1)
    timers.set('attempt', patienceMs, () => {
      abandon(1000)
    })
    setStatus(next)
    if (begun !== era) return
    if (typeof source !== 'function') open(given ?? source)
    else
      fetchToken('connection_failed', open, (error) => {
        if (begun !== era) return
        report(error)
        lost(1006)
      })
  }

  const open = (token: string | undefined): void => {
    try {
      const opened = (socket = dial(url, token, webSocket))
      // An abandoned socket may still speak: only the current one is heard.
      const heard =
        <Event>(act: (event: Event) => void) =>
        (event: Event): void => {
          if (opened === socket) act(event)
        }
      opened.onopen = heard(() => {
        openedAt = heardAt = clock.now()
        timers.clear('attempt')
        setStatus('open')
        // Who was told may have ended it.
        if (opened === socket) session.opened()
        drain()
        // A server that did not choose the subprotocol promises nothing.
        if (opened === socket && opened.protocol === SUBPROTOCOL) watchdog(HELLO_MS)
      })
      opened.onmessage = heard(({ data }: { readonly data: unknown }) => {
        heardAt = clock.now()
        if (typeof data === 'string') session.receive(data, heardAt)
        else report(new TopicwireError('invalid_message', 'The server sent a binary frame.'))
        drain()
      })
      opened.onclose = heard(({ code, reason }: { readonly code: number; readonly reason: string }) => {
        lost(code, reason)
      })
      // Says nothing that the close after it does not say better; unheard, it would be an exception in Node.
      opened.onerror = () => undefined
    } catch (cause) {
      const message = `No socket to ${url}: ${String(cause)}`
      stop('closed', new TopicwireError('connection_failed', message, { cause }))
    }
  }

  /** Gives the connection up when nothing at all was heard for so long. */
  const watchdog = (withinMs: number): void => {
    const restMs = heardAt + withinMs - clock.now()
    if (restMs <= 0) abandon(4010)
    else {
      timers.set('watchdog', restMs, () => {
        watchdog(withinMs)
      })
    }
  }

  /** The server says that the token expires: another, on this connection. */
  const refresh = (): void => {
    const reject = (error: TopicwireError): void => {
      if (error.code !== 'disconnected') report(error)
    }
    fetchToken(
      'token_expired',
      (token) => {
        auth({ owner: everybody, resolve: () => undefined, reject }, token)
      },
      reject,
    )
  }

  const auth: Link['auth'] = (handle, token) => {
    const before = given
    given = token
    if (status !== 'open') {
      // An attempt that is under way is made anew.
      socket?.close(1000)
      if (socket) open(token)
      handle.resolve(undefined)
      return
    }
    const resolve = (reply: unknown): void => {
      if (membersOf(reply)['status'] === 'ok') handle.resolve(undefined)
      else {
        // Not the token of the connections to come either.
        if (given === token) given = before
        handle.reject(errorOf(reply, 'auth'))
      }
    }
    ask({ ...handle, resolve }, 'auth', JSON.stringify({ token }), true)
  }

  /** Ends the connection, or the attempt at one, from here. */
  const abandon = (code: number): void => {
    socket?.close(code)
    lost(1006)
  }

  const lost = (code: number, reason = ''): void => {
    const openMs = status === 'open' ? clock.now() - openedAt : 0
    // A refused token may have been an old one: where there is a function, a fresh one is tried, once.
    const renew = code === 4001 && typeof source === 'function' && !refused
    if ((code === 4001 || code === 4003) && !renew) {
      const message = `The server closed the connection: ${reason || `close code ${code}`}`
      stop('closed', new TopicwireError(code === 4001 ? 'unauthenticated' : 'forbidden', message))
    } else if (held.size === 0) stop('idle')
    else {
      forget()
      refused ||= renew
      session.lost(code)
      const [delayMs, isSlow] = pace.after(code, openMs)
      timers.set('attempt', delayMs, () => {
        connect('reconnecting')
      })
      setStatus('reconnecting')
      if (isSlow) {
        report(new TopicwireError('slow_consumer', 'Closed again: updates are read too slowly.'))
      }
      drain()
    }
  }

  /** No socket and no attempt, until somebody asks again. */
  const stop = (next: 'idle' | 'closed', error?: TopicwireError): void => {
    const stopped = socket
    forget()
    pace.reset()
    refused = false
    session.lost(1000, error)
    stopped?.close(1000)
    // Handlers may subscribe anew, so the session is told before them.
    setStatus(next)
    drain()
  }

  const forget = (): void => {
    era += 1
    timers.clearAll()
    socket = undefined
  }

  return {
    url,
    token: source,
    observers,
    get status() {
      return status
    },
    ask,
    auth,
    leave: (handle, wait) => {
      if (drop(handle) && !handle.accepted)
        handle.reject(new TopicwireError('cancelled', 'Replaced or unsubscribed.'))
      // A server that does not answer holds up nobody who leaves.
      hold(wait, patienceMs, () => {
        wait.resolve(undefined)
      })
      session.leave(handle, wait)
      drain()
    },
    release: (owner) => {
      for (const handle of held) {
        if (handle.owner !== owner) continue
        session.leave(handle)
        drop(handle)
        owner.run(() => {
          handle.reject(new TopicwireError('closed', 'connection.close() was called.'))
        })
      }
      drain()
      if (held.size === 0) stop('idle')
    },
  }
}
