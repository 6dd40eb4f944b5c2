import type { Effect, Emit } from './effects.js'
import { failed, TopicwireError } from './errors.js'
import {
  decodeMessage,
  encodeCommand,
  errorOf,
  membersOf,
  msOf,
  numberOf,
  PONG,
  textOf,
  type ServerMessage,
} from './frames.js'
import { resumeOf, type Place } from './place.js'
import { newProgress } from './progress.js'
import type { UpdateInfo } from './routes.js'
import { newTarget, waiting, type Target } from './target.js'

/**
 * What one connection has subscribed and asked, as a pure state machine: events go in by the methods, effects come
 * out of `next()`. It outlives its sockets: `opened` and `lost` tell of them.
 */
export interface Session<Token> {
  /** What is to be done next; undefined when there is nothing. */
  next(): Effect<Token> | undefined
  /**
   * A listener of a subscription, whose `params` are canonical JSON: those of one route with the same text are one. Or a
   * call: then the route is the full type of its request. Sent when there is a connection.
   */
  ask(token: Token, route: string, params: string | undefined, isCall?: boolean): void
  /** Ends a listener, or a call not yet sent. `wait` is resolved when the server holds nothing of it any more. */
  leave(token: Token, wait?: Token): void
  /** The time of a `retry` effect has come. */
  retry(key: string): void
  /** The time of a `watch` effect has come. */
  silent(key: string, topic: string, now: number): void
  /** A new connection: everything that has listeners is subscribed again, from where it stands. */
  opened(): void
  /**
   * The connection is gone. Subscriptions wait for the next one; calls that were sent are rejected, for nobody knows
   * whether they were carried out. After close code 1009 the largest unanswered command is refused as `too_large`:
   * at least that one was, and sent again it would end every connection to come. With an error nobody will connect
   * again: every listener and call is over.
   */
  lost(closeCode: number, error?: TopicwireError): void
  /** A text frame: one message, or several separated by newlines. A bad one does not touch the others. `now` is in ms. */
  receive(frame: string, now?: number): void
}

interface InFlight<Token> {
  readonly type: string
  readonly size: number
  readonly target: Target<Token>
}

/** The server lets 64 commands wait; half of it leaves room for another's. */
const WINDOW = 32

/** Refusals that may pass. */
const PASSING: readonly string[] = ['producer_failed', 'rate_limited', 'timeout', 'draining', 'internal']

export function newSession<Token>(): Session<Token> {
  const targets = new Map<string, Target<Token>>()
  /** Who has a topic: found when first asked for, forgotten when that changes. */
  const holders = new Map<string, readonly Target<Token>[]>()
  const inFlight = new Map<unknown, InFlight<Token>>()
  /** What waits for room on the wire, first come first served. */
  const queue = new Set<Target<Token>>()
  let effects: Effect<Token>[] = []
  let isOpen = false
  let lastId = 0
  let lastCall = 0

  const emit: Emit<Token> = (...effect) => {
    effects.push(effect)
  }
  const holdersOf = (route: string, topic: string): readonly Target<Token>[] => {
    const index = `${route} ${topic}`
    let found = holders.get(index)
    if (!found) {
      found = [...targets.values()].filter((target) => target.route === route && target.places.has(topic))
      holders.set(index, found)
    }
    return found
  }
  const context = { emit, holdersOf, now: 0 }
  const progress = newProgress(context)

  const handle = (message: ServerMessage): void => {
    const { type, id, payload } = message
    const command = inFlight.get(id)
    const members = membersOf(payload)
    if (command) {
      inFlight.delete(id)
      answered(command, message)
      pump()
    } else if (type === 'ping') emit(undefined, 'send', PONG)
    else if (type === 'hello') {
      const { heartbeat_grace_s } = membersOf(members['limits'])
      emit(undefined, 'hello', msOf(members['heartbeat_s']), msOf(heartbeat_grace_s, 10))
    } else if (type === 'closing') {
      // What is asked from now on would be refused; the next connection takes it.
      isOpen = false
      emit(undefined, 'closing', numberOf(members['retry_after_ms']))
    } else if (type === 'error') emit(undefined, 'report', errorOf(payload, type))
    else {
      const dot = type.lastIndexOf('.')
      const kind = type.slice(dot)
      const topic = textOf(members['topic'], '')
      const concerned = holdersOf(type.slice(0, dot), topic)
      if (kind === '.update') update(type, concerned, payload)
      for (const target of concerned) {
        if (kind === '.reset') progress.reset(target, topic, members)
        if (kind !== '.closed' || target.state !== 'on') continue
        if (members['retry'] === true) progress.setStale(target, target.places.get(topic), true)
        else {
          // What was asked of it may have made another one.
          target.state = target.question === 'asked' ? 'subscribing' : 'off'
          refuse(target, errorOf(payload, type))
        }
      }
    }
  }

  /**
   * Every subscription has places of its own, for two that share a topic may have come to it at different times. The
   * server sends a topic once a connection, so one that is still to be accepted may take what another of the same
   * numbering is sent.
   */
  const update = (type: string, concerned: readonly Target<Token>[], payload: unknown): void => {
    const { payload: data, ...info } = membersOf(payload) as unknown as UpdateInfo & {
      readonly payload: unknown
    }
    if (typeof info.seq !== 'number') {
      throw failed(type, 'invalid_message', 'an update without a number.')
    }
    const live = concerned.find(({ state }) => state === 'on')
    if (!live) return
    const epoch = live.places.get(info.topic)?.epoch
    for (const target of concerned) {
      if (progress.update(target, epoch, info, data)) {
        // Nothing more is sent: it would be lost with the connection.
        isOpen = false
        emit(undefined, 'resync')
      }
    }
  }

  const answered = ({ target, type }: InFlight<Token>, reply: ServerMessage): void => {
    const members = membersOf(reply.payload)
    const { state, isCall } = target
    const refused = reply.type === 'error' || (!isCall && members['status'] !== 'ok')
    const error = refused ? errorOf(reply.payload, type) : undefined
    // Refused because the server is closing: the next connection takes it.
    const postponed = error?.code === 'draining' && !isOpen
    target.question = undefined
    if (state === 'off') return // a gap was seen after the question
    if (state !== 'on' && (error || isCall || state === 'unsubscribing')) target.state = 'off'
    if (state === 'unsubscribing') {
      if (error && error.code !== 'not_subscribed' && !postponed) emit(undefined, 'report', error)
    } else if (error) {
      if (target.failures !== undefined && PASSING.includes(error.code)) {
        target.question = 'resting'
        emit(undefined, 'retry', target.key, target.failures++)
      } else if (!postponed) refuse(target, error)
    } else if (isCall) {
      for (const token of target.listeners.keys()) emit(token, 'resolve', reply.payload)
      target.listeners.clear()
    } else {
      progress.accept(target, members)
      holders.clear()
    }
    // All, because an unsubscribing may have waited for this answer.
    reconcileAll()
  }

  /** Of a subscription that is on, those alone who wait for a state: it was their question. */
  const refuse = (target: Target<Token>, error: TopicwireError): void => {
    for (const token of waiting(target, true)) {
      target.listeners.delete(token)
      emit(token, 'reject', error)
    }
    reconcile(target)
  }

  /** Brings the wire nearer to what the listeners want, by at most one command. */
  const reconcile = (target: Target<Token>): void => {
    const wanted = isWanted(target)
    const off = target.state === 'off'
    if (wanted || off) for (const wait of target.leaving.splice(0)) emit(wait, 'resolve', undefined)
    if (off && !wanted) {
      holders.clear()
      if (targets.get(target.key) === target) targets.delete(target.key)
    } else if (isOpen && verbOf(target)) {
      queue.add(target)
      pump()
    }
  }
  const reconcileAll = (): void => {
    for (const target of [...targets.values()]) reconcile(target)
  }

  const pump = (): void => {
    while (isOpen && inFlight.size < WINDOW) {
      const [target] = queue
      if (!target) return
      queue.delete(target)
      const verb = verbOf(target)
      const { route, state, places } = target
      if (verb === 'subscribe') {
        const peersAt = (topic: string): Place[] =>
          holdersOf(route, topic).flatMap((holder) => holder.places.get(topic) ?? [])
        target.question = 'asked'
        if (state === 'off') target.state = 'subscribing'
        send(target, verb, state === 'on' ? undefined : resumeOf(places, peersAt))
      } else if (verb) {
        holders.clear()
        // Its peers with it, for they may have ended with it: none is to be joined any more.
        for (const peer of peersOf(target)) {
          peer.state = 'unsubscribing'
          peer.places = new Map()
          send(peer, verb)
        }
      }
    }
  }

  const send = (target: Target<Token>, verb: string, resume?: object): void => {
    const { route, params, isCall } = target
    const type = isCall ? route : `${route}.${verb}`
    const text = encodeCommand(type, (lastId += 1), params, resume)
    inFlight.set(lastId, { type, size: text.length, target })
    emit(undefined, 'send', text)
  }

  /**
   * Who has the same topics, itself included. Requests that differ here may be one to the server, which fills in
   * defaults; ending one of them then ends them all.
   */
  const peersOf = (target: Target<Token>): Target<Token>[] => {
    const topicsOf = ({ places }: Target<Token>): string => [...places.keys()].join('\n')
    return [...targets.values()].filter(
      (peer) => peer.state === 'on' && peer.route === target.route && topicsOf(peer) === topicsOf(target),
    )
  }

  const isWanted = (target: Target<Token>): boolean =>
    (target.state === 'on' ? peersOf(target) : [target]).some(({ listeners }) => listeners.size > 0)

  /** The command that would bring the wire to what the listeners want, if any may be sent now. */
  const verbOf = (target: Target<Token>): 'subscribe' | 'unsubscribe' | undefined => {
    const { state, question, route } = target
    if (isWanted(target)) {
      const asks = (!question || question === 'answered') && waiting(target, !question).length > 0
      return asks && state !== 'unsubscribing' ? 'subscribe' : undefined
    }
    // What is being subscribed may turn out to be a peer.
    const waits = [...targets.values()].some((other) => other.route === route && other.question === 'asked')
    return state === 'on' && !waits ? 'unsubscribe' : undefined
  }

  return {
    next: () => effects.shift(),
    ask: (token, route, params, isCall) => {
      const key = isCall ? String((lastCall += 1)) : `${route}:${params}`
      const target = targets.get(key) ?? newTarget(key, route, params, isCall)
      targets.set(key, target)
      target.listeners.set(token, undefined)
      if (target.state === 'on') progress.welcome(target)
      reconcile(target)
    },
    leave: (token, wait) => {
      for (const target of targets.values()) {
        if (!target.listeners.delete(token)) continue
        if (wait !== undefined) target.leaving.push(wait)
        reconcile(target)
        return
      }
      if (wait !== undefined) emit(wait, 'resolve', undefined)
    },
    retry: (key) => {
      const target = targets.get(key)
      if (target?.question !== 'resting') return
      target.question = undefined
      reconcile(target)
    },
    silent: (key, topic, now) => {
      const target = targets.get(key)
      if (target) progress.silent(target, topic, now)
    },
    opened: () => {
      isOpen = true
      // Who resumes goes first: were another to join its topic from now on, what it missed could come no more.
      const rank = ({ isCall, places }: Target<Token>): number => (isCall ? 0 : places.size > 0 ? 1 : 2)
      for (const target of [...targets.values()].sort((one, other) => rank(one) - rank(other)))
        reconcile(target)
    },
    lost: (closeCode, error) => {
      isOpen = false
      // What was still to be done on it is over; what was still to be told is not.
      effects = effects.filter(([to, kind]) => to !== undefined || kind === 'report')
      const unanswered = [...inFlight.values()]
      inFlight.clear()
      for (const target of targets.values()) {
        target.state = 'off'
        target.question = undefined
      }
      const largest = Math.max(...unanswered.map(({ size }) => size))
      const atFault = closeCode === 1009 && unanswered.find(({ size }) => size === largest)
      if (atFault) {
        const { type, size } = atFault
        const what = `the server closed the connection over ${size} characters.`
        refuse(atFault.target, failed(type, 'too_large', what))
      }
      for (const { target, type } of unanswered) {
        if (!target.isCall) continue
        refuse(target, failed(type, 'disconnected', 'the connection was lost; it may have been carried out.'))
      }
      for (const target of [...targets.values()]) {
        if (error) refuse(target, error)
        else reconcile(target)
      }
    },
    receive: (frame, now = 0) => {
      context.now = now
      for (const line of frame.split('\n')) {
        if (line === '') continue
        try {
          handle(decodeMessage(line))
        } catch (error) {
          if (!(error instanceof TopicwireError)) throw error
          emit(undefined, 'report', error)
        }
      }
    },
  }
}
