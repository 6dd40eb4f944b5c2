import { fault, type TopicwireError } from './errors.js'
import type { Performer, Tell } from './effects.js'
import { SUBPROTOCOL, type Received } from './frames.js'
import { guard, observerOf, type Handle, type Observer } from './handle.js'
import { host, hostClock } from './host.js'
import type { ClientOptions, Login, LoginWire, WebSocketConstructor, WebSocketLike } from './options.js'
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
  ask(handle: Handle, route: string, params: string | undefined, timeoutMs?: number): void
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
    backoff: { baseMs = 500, maxMs = 20_000, random = Math.random } = {},
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

  /** The longest delay before the next attempt: it doubles with each failure in a row. No base doubled for ever is no number. */
  const ceilingMs = (times: number): number => Math.min(maxMs, baseMs * 2 ** times) || 0
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
  /** How often the server closed it because updates were read too slowly, since one lasted. */
  let slowTimes = 0

  /** All clients: who is told what concerns no one alone. */
  const everybody = observerOf(observers)
  const { report } = everybody
  const setStatus = (next: ConnectionStatus): void => {
    if (next !== status) everybody.tell('status', (status = next))
  }
  /** No socket and no attempt at one. */
  let down = true

  /** Instead of the one of that name; none without `act`. A handle is held no longer when its time is over. */
  const setTimer = (name: unknown, delayMs?: number, act?: () => void): void => {
    // Of each update it is asked, and mostly there is none.
    if (timers.has(name)) clock.clearTimeout(timers.get(name))
    timers.delete(name)
    if (!act) return
    const ring = (): void => {
      drop(name as Handle)
      act()
      drain()
    }
    timers.set(name, clock.setTimeout(ring, delayMs as number))
  }
  const drop = (handle: Handle): boolean => {
    setTimer(handle)
    return held.delete(handle)
  }

  const later: Tell<Handle | undefined> = (...telling: readonly unknown[]) =>
    tellings.push(telling as unknown as Telling)
  const performer: Performer = {
    write: (text) => socket?.send(text),
    wait: setTimer,
    rest: (key, times, act) => setTimer(key, random() * ceilingMs(times), act),
    resync: () => {
      const torn = socket
      later(undefined, () => torn === socket && abandon())
    },
    greeted: ({ heartbeat_s, limits }) => {
      login?.known()
      // A server without a heartbeat may be silent for ever.
      watchdog(((heartbeat_s || Infinity) + (limits?.heartbeat_grace_s ?? 10)) * 1_000)
    },
    closes: (delayMs = 0) => (retryAfterMs = delayMs),
    blame: (error) => {
      later(undefined, () => login?.renew(error.code) || report(error))
    },
  }
  const session = newSession<Handle>(performer, later)

  /** Carries out what the session wants; a listener that calls back in only adds to it. */
  const drain = (): void => {
    if (draining) return
    draining = true
    // Those that are added meanwhile too.
    for (const [handle, act, ...values] of tellings) {
      if (handle) {
        // Gone from here means unsubscribed by a listener earlier in this batch.
        if (!held.has(handle)) continue
        setTimer(handle)
        if (act === handle.failed || !handle.take) held.delete(handle)
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

  const ask: Link['ask'] = (handle, route, params, timeoutMs = patienceMs) => {
    held.add(handle)
    setTimer(handle, timeoutMs, () => {
      const code = status === 'open' ? 'timeout' : 'offline'
      handle.failed(fault(code, timeoutMs, { type: handle.take ? `${route}.subscribe` : route }))
      session.leave(handle)
    })
    session.ask(handle, route, params)
    drain()
    if (down) connect('connecting')
  }

  /** A login first, where there is one: it may have to be fetched. */
  const connect = (next: ConnectionStatus): void => {
    const begun = (era += 1)
    down = false
    openedAt = Infinity
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
      const Socket = (webSocket ?? host.WebSocket) as WebSocketConstructor
      // Older browsers take no relative address and no `https:` for a socket.
      const { href } = new host.URL(url, host.location?.href)
      // Of this attempt, where the login has something newer to offer.
      socket?.close(1000)
      const opened = (socket = new Socket(href.replace(/^http/, 'ws'), [SUBPROTOCOL, ...protocols]))
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
        // Read already, where the socket does that. Of a binary frame the text is no JSON, and told so.
        session.receive(Array.isArray(data) ? (data as Received[]) : String(data).split('\n'))
      })
      opened.onclose = heard(({ code, reason }: { readonly code: number; readonly reason: string }) =>
        lost(code, reason),
      )
      // Says nothing that the close after it does not say better; unheard, it would be an exception in Node.
      opened.onerror = () => undefined
    } catch (cause) {
      stop('closed', fault('connection_failed', url, { cause }))
    }
  }

  /** Gives the connection up when nothing at all was heard for so long. */
  const watchdog = (withinMs: number): void => {
    const restMs = heardAt + withinMs - clock.now()
    if (restMs > 0) setTimer(WATCHDOG, restMs, () => watchdog(withinMs))
    else abandon(4010)
  }

  /** Ends the connection, or the attempt at one, from here. */
  const abandon = (code = 1000): void => {
    socket?.close(code)
    lost(1006)
  }

  const lost = (code: number, reason = ''): void => {
    const fatal = code === 4003 ? 'forbidden' : code === 4001 && !login?.renew(code) && 'unauthenticated'
    if (fatal) stop('closed', fault(fatal, reason || code))
    else if (!held.size) stop('idle')
    else {
      forget()
      session.lost(code)
      if (clock.now() - openedAt >= STABLE_MS) failures = slowTimes = 0
      let delayMs = retryAfterMs + random() * ceilingMs(failures++)
      retryAfterMs = 0
      if (code === 4008 && ++slowTimes > 2) {
        // Nothing here is quicker than it was: not at once again, however the dice fall.
        delayMs += ceilingMs(failures)
        later(undefined, report, fault('slow_consumer'))
      }
      setTimer(ATTEMPT, delayMs, () => connect('reconnecting'))
      setStatus('reconnecting')
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
    for (const [name] of timers) if (!held.has(name as Handle)) setTimer(name)
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
      new Promise((settled, failed) => ask({ owner, settled, failed }, type, requestText(request))),
    leave: (handle) =>
      new Promise((settled) => {
        // Over with its client too, and no error.
        const wait: Handle = { owner: handle.owner, settled, failed: settled }
        if (drop(handle) && !handle.accepted) handle.failed(fault('cancelled'))
        // A server that does not answer holds up nobody who leaves.
        held.add(wait)
        setTimer(wait, patienceMs, settled as () => void)
        session.leave(handle, wait)
        drain()
      }),
    release: (owner) => {
      for (const handle of held) {
        if (handle.owner !== owner) continue
        session.leave(handle)
        drop(handle)
        guard(() => handle.failed(fault('closed')), owner.report)
      }
      drain()
      if (!held.size) stop('idle')
    },
  }
  const login = token?.(link)
  return link
}
