import { fullJitterMs } from './backoff.js'
import { dial } from './dial.js'
import { failed, TopicwireError } from './errors.js'
import type { Performer, Tell } from './effects.js'
import { SUBPROTOCOL } from './frames.js'
import { guard, observerOf, type Handle, type Observer } from './handle.js'
import { hostClock } from './host.js'
import type { ClientOptions, Login, LoginWire, WebSocketLike } from './options.js'
import { requestText } from './request-text.js'
import { newSession } from './session.js'
import type { ConnectionStatus } from './status.js'

type Telling = [handle: Handle | undefined, act?: (...values: unknown[]) => void, ...values: unknown[]]

/** One socket and its session, shared by every client of an address: what the session decides is carried out here. */
export interface Link extends LoginWire {
  readonly url: string
  readonly token: Login | undefined
  readonly observers: Set<Observer['tell']>
  /** A listener, or a call: then the route is the full type of its request. */
  ask(handle: Handle, route: string, params: string | undefined, isCall?: boolean, timeoutMs?: number): void
  /** By default nobody's own. */
  call(type: string, request: unknown, owner?: Observer): Promise<unknown>
  /** Ends a listener; resolved when the server holds nothing of it any more. */
  leave(handle: Handle): Promise<unknown>
  /** Ends all that is the owner's. */
  release(owner: Observer): void
}

export function newLink(
  url: string,
  {
    token,
    backoff,
    webSocket,
    clock = hostClock,
    timeoutMs: patienceMs = 10_000,
    idleMs = 5_000,
  }: ClientOptions,
): Link {
  // Here, where they are written into their places when this is minified.
  const ATTEMPT = 0
  const WATCHDOG = 1
  const IDLE = 2
  /** How long a server may be silent that has not said yet how often it is heard. */
  const HELLO_MS = 35_000
  /** A connection that lasted so long ends the doubling of delays. */
  const STABLE_MS = 30_000
  /** A client that was closed as slow three times within so long cannot keep up. */
  const SLOW_WITHIN_MS = 60_000

  /** By name, or of a handle: when it has waited for too long. */
  const timers = new Map<unknown, unknown>()
  const held = new Set<Handle>()
  const observers = new Set<Observer['tell']>()
  const tellings: Telling[] = []
  let status: ConnectionStatus = 'idle'
  let draining = false
  let socket: WebSocketLike | undefined
  /** Counts what begins and ends connections: who comes back from waiting sees whether it is still wanted. */
  let era = 0
  let openedAt = 0
  let heardAt = 0
  /** Asked for by a server that is closing. */
  let retryAfterMs = 0
  let failures = 0
  /** How long there was a connection, in all: the longer waits must not make the third time look like the first. */
  let totalMs = 0
  /** When in that time the server closed it because updates were read too slowly, the latest first. */
  let slowAt: (number | undefined)[] = []

  /** All clients: who is told what concerns no one alone. */
  const everybody = observerOf(observers)
  const { report } = everybody
  const setStatus = (next: ConnectionStatus): void => {
    if (next !== status) everybody.tell('status', (status = next))
  }
  /** No socket and no attempt at one. */
  let down = true

  /** Instead of the one of that name; none without `act`. */
  const setTimer = (name: unknown, delayMs = 0, act?: () => void): void => {
    clock.clearTimeout(timers.get(name))
    timers.delete(name)
    if (!act) return
    const ring = (): void => {
      timers.delete(name)
      act()
      drain()
    }
    timers.set(name, clock.setTimeout(ring, delayMs))
  }
  /** `expire` is called after the time, unless it is dropped or accepted before. */
  const hold = (handle: Handle, timeoutMs: number, expire: () => void): void => {
    held.add(handle)
    setTimer(handle, timeoutMs, () => {
      held.delete(handle)
      expire()
    })
  }
  const drop = (handle: Handle): boolean => {
    setTimer(handle)
    return held.delete(handle)
  }

  const later: Tell<Handle | undefined> = (...telling: readonly unknown[]) =>
    tellings.push(telling as unknown as Telling)
  const host: Performer = {
    write: (text) => socket?.send(text),
    now: () => clock.now(),
    watch: (key, topic, delayMs, act) => setTimer(`${key} ${topic}`, delayMs, act),
    rest: (key, times, act) => setTimer(key, fullJitterMs(times, backoff), act),
    resync: () => {
      const torn = socket
      later(undefined, () => torn === socket && abandon())
    },
    greeted: (heartbeatMs, graceMs) => {
      login?.known()
      setTimer(WATCHDOG)
      if (heartbeatMs) watchdog(heartbeatMs + graceMs)
    },
    closes: (delayMs) => (retryAfterMs = delayMs),
    blame: (error) => {
      later(undefined, () => login?.renew(error.code) || report(error))
    },
  }
  const session = newSession<Handle>(host, later)

  /** Carries out what the session wants; a listener that calls back in only adds to it. */
  const drain = (): void => {
    if (draining) return
    draining = true
    // Those that are added meanwhile too.
    for (const [handle, act, ...values] of tellings) {
      if (handle) {
        // Gone from here means unsubscribed by a listener earlier in this batch.
        if (!held.has(handle)) continue
        if (act === handle.settled || act === handle.failed) {
          setTimer(handle)
          if (act === handle.failed || !handle.take) held.delete(handle)
        }
      }
      guard(() => act?.(...values), (handle?.owner ?? everybody).report)
    }
    tellings.length = 0
    draining = false
    if (held.size || down) setTimer(IDLE)
    else if (!timers.has(IDLE)) {
      setTimer(IDLE, idleMs, () => stop('idle'))
    }
  }

  const ask: Link['ask'] = (handle, route, params, isCall, timeoutMs = patienceMs) => {
    hold(handle, timeoutMs, () => {
      const code = status === 'open' ? 'timeout' : 'offline'
      handle.failed(failed(isCall ? route : `${route}.subscribe`, code, `${code} after ${timeoutMs} ms.`))
      session.leave(handle)
    })
    session.ask(handle, route, params, isCall)
    drain()
    if (down) connect('connecting')
  }

  /** A login first, where there is one: it may have to be fetched. */
  const connect = (next: ConnectionStatus): void => {
    const begun = (era += 1)
    down = false
    setTimer(ATTEMPT, patienceMs, abandon)
    setStatus(next)
    const use = (protocols: readonly string[], error?: TopicwireError): void => {
      if (begun !== era) return
      if (error) {
        report(error)
        lost(1006)
      } else open(protocols)
    }
    if (login) login.offer(use)
    else use([])
  }

  const open = (protocols: readonly string[]): void => {
    try {
      const opened = (socket = dial(url, protocols, webSocket))
      // An abandoned socket may still speak: only the current one is heard.
      const heard =
        <Event>(act: (event: Event) => void) =>
        (event: Event): void => {
          if (opened !== socket) return
          act(event)
          drain()
        }
      opened.onopen = heard(() => {
        openedAt = heardAt = clock.now()
        setTimer(ATTEMPT)
        setStatus('open')
        // Who was told may have ended it.
        if (opened !== socket) return
        session.opened()
        // A server that did not choose the subprotocol promises nothing.
        if (opened.protocol === SUBPROTOCOL) watchdog(HELLO_MS)
      })
      opened.onmessage = heard(({ data }: { readonly data: unknown }) => {
        heardAt = clock.now()
        if (typeof data === 'string') session.receive(data)
        else report(new TopicwireError('invalid_message', 'The server sent a binary frame.'))
      })
      opened.onclose = heard(({ code, reason }: { readonly code: number; readonly reason: string }) =>
        lost(code, reason),
      )
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
      setTimer(WATCHDOG, restMs, () => watchdog(withinMs))
    }
  }

  /** Ends the connection, or the attempt at one, from here. */
  const abandon = (code = 1000): void => {
    socket?.close(code)
    lost(1006)
  }

  const lost = (code: number, reason = ''): void => {
    const openMs = status === 'open' ? clock.now() - openedAt : 0
    const fatal = code === 4003 ? 'forbidden' : code === 4001 && !login?.renew(code) && 'unauthenticated'
    if (fatal) {
      const message = `The server closed the connection: ${reason || `close code ${code}`}`
      stop('closed', new TopicwireError(fatal, message))
    } else if (!held.size) stop('idle')
    else {
      forget()
      session.lost(code)
      totalMs += openMs
      if (openMs >= STABLE_MS) failures = 0
      let delayMs = retryAfterMs + fullJitterMs(failures++, backoff)
      retryAfterMs = 0
      if (code === 4008) slowAt = [totalMs, slowAt[0], slowAt[1]]
      const isSlow = code === 4008 && totalMs - (slowAt[2] as number) < SLOW_WITHIN_MS
      // Nothing here is quicker than it was: not at once again, however the dice fall.
      if (isSlow) delayMs += fullJitterMs(failures, { ...backoff, random: () => 1 })
      setTimer(ATTEMPT, delayMs, () => connect('reconnecting'))
      setStatus('reconnecting')
      if (isSlow) report(new TopicwireError('slow_consumer', 'Updates are read too slowly.'))
      drain()
    }
  }

  /** No socket and no attempt, until somebody asks again. */
  const stop = (next: ConnectionStatus, error?: TopicwireError): void => {
    const stopped = socket
    forget()
    retryAfterMs = failures = 0
    login?.known()
    session.lost(1000, error)
    stopped?.close(1000)
    down = true
    // Handlers may subscribe anew, so the session is told before them.
    setStatus(next)
    drain()
  }

  const forget = (): void => {
    era += 1
    socket = undefined
    for (const name of timers.keys()) if (!held.has(name as Handle)) setTimer(name)
  }

  const link: Link = {
    url,
    token,
    observers,
    report,
    get status() {
      return status
    },
    ask,
    call: (type, request, owner = everybody) =>
      new Promise((settled, failed) => ask({ owner, settled, failed }, type, requestText(request), true)),
    redial: (protocols) => {
      if (!socket) return
      socket.close(1000)
      open(protocols)
    },
    leave: (handle) =>
      new Promise((settled) => {
        // Over with its client too, and no error.
        const wait: Handle = { owner: handle.owner, settled, failed: settled }
        if (drop(handle) && !handle.accepted)
          handle.failed(new TopicwireError('cancelled', 'Replaced or unsubscribed.'))
        // A server that does not answer holds up nobody who leaves.
        hold(wait, patienceMs, settled as () => void)
        session.leave(handle, wait)
        drain()
      }),
    release: (owner) => {
      for (const handle of held) {
        if (handle.owner !== owner) continue
        session.leave(handle)
        drop(handle)
        guard(
          () => handle.failed(new TopicwireError('closed', 'connection.close() was called.')),
          owner.report,
        )
      }
      drain()
      if (!held.size) stop('idle')
    },
  }
  const login = token?.(link)
  return link
}
