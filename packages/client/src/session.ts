import type { Effect, Token } from './effects.js'
import { TopicwireError } from './errors.js'
import {
  decodeMessage,
  encodeCommand,
  errorOf,
  membersOf,
  numberOf,
  PONG,
  textOf,
  type Members,
  type ServerMessage,
} from './frames.js'
import { resumeOf, type Place } from './place.js'
import type { UpdateInfo } from './routes.js'
import { Subscription } from './subscription.js'

interface Call {
  readonly token: Token
  readonly type: string
  readonly payload: string | undefined
}

interface InFlight {
  readonly type: string
  readonly size: number
  readonly target: Subscription | Call
}

/** The server lets 64 commands wait; half of it leaves room for another's. */
const WINDOW = 32

const PASSING: ReadonlySet<string> = new Set([
  'producer_failed',
  'rate_limited',
  'timeout',
  'draining',
  'internal',
])

/**
 * What one connection has subscribed and asked, as a pure state machine: events go in by the methods, effects come
 * out of `take()`. It outlives its sockets: `opened` and `lost` tell of them.
 */
export class Session {
  readonly #subscriptions = new Map<string, Subscription>()
  /** What a listener or a call belongs to. */
  readonly #targets = new Map<Token, Subscription | Call>()
  /** Who has a topic: found when first asked for, forgotten when that changes. */
  readonly #holders = new Map<string, readonly Subscription[]>()
  readonly #inFlight = new Map<number, InFlight>()
  /** What waits for room on the wire, first come first served. */
  readonly #queue = new Set<Subscription | Call>()
  #effects: Effect[] = []
  readonly #emit = (effect: Effect): void => {
    this.#effects.push(effect)
  }
  #open = false
  #lastId = 0
  /** The time of the frame that is being received. */
  #now = 0

  /** What is to be done next; undefined when there is nothing. */
  next(): Effect | undefined {
    return this.#effects.shift()
  }

  /** `params` is canonical JSON: subscriptions of one route with the same text are one. */
  subscribe(listener: Token, route: string, params: string): void {
    const key = `${route}:${params}`
    let subscription = this.#subscriptions.get(key)
    if (subscription === undefined) {
      subscription = new Subscription(key, route, params, this.#emit)
      this.#subscriptions.set(key, subscription)
    }
    subscription.listeners.set(listener, undefined)
    this.#targets.set(listener, subscription)
    if (subscription.state === 'on') subscription.welcome()
    this.#reconcile(subscription)
  }

  /** Ends a listener, or a call not yet sent. `wait` is resolved when the server holds nothing of it any more. */
  leave(token: Token, wait?: Token): void {
    const target = this.#targets.get(token)
    this.#targets.delete(token)
    if (target !== undefined && target instanceof Subscription) {
      target.listeners.delete(token)
      if (wait !== undefined) target.leaving.push(wait)
      this.#reconcile(target)
      return
    }
    if (target !== undefined) this.#queue.delete(target)
    if (wait !== undefined) this.#resolve(wait, undefined)
  }

  /** A request of an operation; sent when there is a connection. */
  call(token: Token, type: string, payload: string | undefined): void {
    const call: Call = { token, type, payload }
    this.#targets.set(token, call)
    this.#queue.add(call)
    this.#pump()
  }

  /** The time of a `retry` effect has come. */
  retry(key: string): void {
    const subscription = this.#subscriptions.get(key)
    if (subscription?.question !== 'resting') return
    subscription.question = undefined
    this.#reconcile(subscription)
  }

  /** The time of a `watch` effect has come. */
  silent(key: string, topic: string, now: number): void {
    this.#subscriptions.get(key)?.silent(topic, now)
  }

  /** A new connection: everything that has listeners is subscribed again, from where it stands. */
  opened(): void {
    this.#open = true
    // Who resumes goes first: were another to join its topic from now on, what it missed could come no more.
    for (const subscription of this.#subscriptions.values()) {
      if (subscription.places.size > 0) this.#reconcile(subscription)
    }
    this.#reconcileAll()
    this.#pump()
  }

  /**
   * The connection is gone. Subscriptions wait for the next one; calls that were sent are rejected, for nobody knows
   * whether they were carried out. After close code 1009 the largest unanswered command is refused as `too_large`:
   * at least that one was, and sent again it would end every connection to come.
   */
  lost(closeCode: number): void {
    this.#open = false
    // What was still to be done on it is over; what was still to be told is not.
    this.#effects = this.#effects.filter((effect) => 'token' in effect || effect.kind === 'report')
    const unanswered = [...this.#inFlight.values()]
    this.#inFlight.clear()
    for (const subscription of this.#subscriptions.values()) subscription.lost()
    const sizes = unanswered.map((command) => command.size)
    const atFault = closeCode === 1009 ? unanswered[sizes.indexOf(Math.max(...sizes))] : undefined
    if (atFault !== undefined) {
      const { type, size } = atFault
      const message = `${type}: the server closed the connection over a message of ${size} characters.`
      this.#refuse(atFault.target, new TopicwireError('too_large', message, { type }))
    }
    for (const { target, type } of unanswered) {
      if (target instanceof Subscription || target === atFault?.target) continue
      const message = `${type}: the connection was lost before the answer; it may have been carried out.`
      this.#refuse(target, new TopicwireError('disconnected', message, { type }))
    }
    this.#reconcileAll()
  }

  /** Nobody will connect again: every listener and call is over. */
  fail(error: TopicwireError): void {
    this.lost(0)
    for (const target of new Set(this.#targets.values())) this.#refuse(target, error)
    this.#queue.clear()
  }

  /** A text frame: one message, or several separated by newlines. A bad one does not touch the others. `now` is in ms. */
  receive(frame: string, now = 0): void {
    this.#now = now
    for (const line of frame.split('\n')) {
      if (line === '') continue
      try {
        this.#handle(decodeMessage(line))
      } catch (error) {
        if (!(error instanceof TopicwireError)) throw error
        this.#emit({ kind: 'report', error })
      }
    }
  }

  #handle(message: ServerMessage): void {
    const { type, id, payload } = message
    const command = typeof id === 'number' ? this.#inFlight.get(id) : undefined
    if (command !== undefined) {
      this.#inFlight.delete(id as number)
      this.#answered(command, message)
      this.#pump()
    } else if (type === 'ping') this.#emit({ kind: 'send', text: PONG })
    else if (type === 'pong') this.#emit({ kind: 'pong' })
    else if (type === 'hello') {
      const { heartbeat_s, limits } = membersOf(payload)
      const graceS = numberOf(membersOf(limits)['heartbeat_grace_s'], 10)
      this.#emit({ kind: 'hello', heartbeatMs: numberOf(heartbeat_s) * 1_000, graceMs: graceS * 1_000 })
    } else if (type === 'closing') {
      // What is asked from now on would be refused; the next connection takes it.
      this.#open = false
      this.#emit({ kind: 'closing', retryAfterMs: numberOf(membersOf(payload)['retry_after_ms']) })
    } else if (type === 'error') this.#emit({ kind: 'report', error: errorOf(payload, type) })
    else {
      const dot = type.lastIndexOf('.')
      const kind = type.slice(dot)
      const members = membersOf(payload)
      const topic = textOf(members['topic'], '')
      const holders = this.#holdersOf(type.slice(0, dot), topic)
      if (kind === '.update') this.#update(type, topic, holders, members)
      else if (kind === '.reset') for (const holder of holders) holder.reset(topic, members, this.#now)
      else if (kind === '.closed') this.#ended(type, topic, holders, members)
    }
  }

  /**
   * Every subscription has places of its own, for two that share a topic may have come to it at different times. The
   * server sends a topic once a connection, so one that is still to be accepted may take what another of the same
   * numbering is sent.
   */
  #update(
    type: string,
    topic: string,
    holders: readonly Subscription[],
    { seq, payload, source, snapshot }: Members,
  ): void {
    if (typeof seq !== 'number') {
      const message = `${type}: the server sent no number of the update.`
      throw new TopicwireError('invalid_message', message, { type })
    }
    const info: UpdateInfo = {
      topic,
      seq,
      ...(typeof source === 'string' && { source }),
      ...(snapshot === true && { snapshot }),
    }
    const live = holders.find(({ state }) => state === 'on')
    if (live === undefined) return
    const epoch = live.places.get(topic)?.epoch
    for (const holder of holders) {
      if (holder.update(epoch, info, payload, this.#now)) {
        // Nothing more is sent: it would be lost with the connection.
        this.#open = false
        this.#emit({ kind: 'resync' })
      }
    }
  }

  /** The server interrupts a topic, or has ended its subscriptions. */
  #ended(type: string, topic: string, holders: readonly Subscription[], payload: Members): void {
    for (const subscription of holders) {
      if (subscription.state !== 'on') continue
      if (payload['retry'] === true) subscription.interrupt(topic)
      else {
        // What was asked of it may have made another one.
        subscription.state = subscription.question === 'asked' ? 'subscribing' : 'off'
        this.#refuse(subscription, errorOf(payload, type))
      }
    }
  }

  #holdersOf(route: string, topic: string): readonly Subscription[] {
    const index = `${route} ${topic}`
    let holders = this.#holders.get(index)
    if (holders === undefined) {
      const all = [...this.#subscriptions.values()]
      holders = all.filter((subscription) => subscription.route === route && subscription.places.has(topic))
      this.#holders.set(index, holders)
    }
    return holders
  }

  #answered({ target, type }: InFlight, reply: ServerMessage): void {
    const members = membersOf(reply.payload)
    const refused = reply.type === 'error' || (target instanceof Subscription && members['status'] !== 'ok')
    const error = refused ? errorOf(reply.payload, type) : undefined
    // Refused because the server is closing: the next connection takes it.
    const postponed = error?.code === 'draining' && !this.#open
    if (!(target instanceof Subscription)) {
      if (postponed) this.#queue.add(target)
      else if (error === undefined) {
        this.#targets.delete(target.token)
        this.#resolve(target.token, reply.payload)
      } else this.#refuse(target, error)
      return
    }
    const on = target.state === 'on'
    target.question = undefined
    if (target.state === 'off') return // a gap was seen after the question
    if (target.state === 'unsubscribing') {
      target.state = 'off'
      if (error !== undefined && error.code !== 'not_subscribed' && !postponed)
        this.#emit({ kind: 'report', error })
    } else if (error === undefined) {
      target.accept(members, this.#now, (topic) => this.#holdersOf(target.route, topic))
      this.#holders.clear()
    } else {
      if (!on) target.state = 'off'
      if (target.established && PASSING.has(error.code)) {
        target.question = 'resting'
        this.#emit({ kind: 'retry', key: target.key, failures: target.failures++ })
      } else if (!postponed) this.#refuse(target, error)
    }
    // All, because an unsubscribing may have waited for this answer.
    this.#reconcileAll()
  }

  /** Of a subscription that is on, those alone who wait for a state: it was their question. */
  #refuse(target: Subscription | Call, error: TopicwireError): void {
    for (const token of target instanceof Subscription ? target.waiting() : [target.token]) {
      if (target instanceof Subscription) target.listeners.delete(token)
      this.#targets.delete(token)
      this.#emit({ kind: 'rejected', token, error })
    }
    if (target instanceof Subscription) this.#reconcile(target)
  }

  #resolve(token: Token, value: unknown): void {
    this.#emit({ kind: 'resolved', token, value })
  }

  /** Brings the wire nearer to what the listeners want, by at most one command. */
  #reconcile(subscription: Subscription): void {
    const wanted = this.#wanted(subscription)
    const off = subscription.state === 'off'
    if (wanted || off) {
      for (const wait of subscription.leaving) this.#resolve(wait, undefined)
      subscription.leaving = []
    }
    if (off && !wanted) {
      this.#holders.clear()
      if (this.#subscriptions.get(subscription.key) === subscription)
        this.#subscriptions.delete(subscription.key)
    } else if (this.#open && this.#verbOf(subscription) !== undefined) {
      this.#queue.add(subscription)
      this.#pump()
    }
  }

  #reconcileAll(): void {
    for (const subscription of [...this.#subscriptions.values()]) this.#reconcile(subscription)
  }

  #pump(): void {
    while (this.#open && this.#inFlight.size < WINDOW) {
      const [target] = this.#queue
      if (target === undefined) return
      this.#queue.delete(target)
      if (!(target instanceof Subscription)) {
        this.#send(target.type, target.payload, target)
        continue
      }
      const verb = this.#verbOf(target)
      if (verb === undefined) continue
      if (verb === 'subscribe') {
        const peersAt = (topic: string): (Place | undefined)[] =>
          this.#holdersOf(target.route, topic).map(({ places }) => places.get(topic))
        const resume = target.state === 'on' ? undefined : resumeOf(target.places, peersAt)
        target.question = 'asked'
        if (target.state === 'off') target.state = 'subscribing'
        this.#send(`${target.route}.subscribe`, target.params, target, resume)
        continue
      }
      this.#holders.clear()
      // Its peers with it, for they may have ended with it: none is to be joined any more.
      for (const peer of this.#peersOf(target)) {
        peer.state = 'unsubscribing'
        peer.places = new Map()
        this.#send(`${peer.route}.unsubscribe`, peer.params, peer)
      }
    }
  }

  /**
   * Who has the same topics, itself included. Requests that differ here may be one to the server, which fills in
   * defaults; ending one of them then ends them all.
   */
  #peersOf({ route, places }: Subscription): Subscription[] {
    const topicsOf = (of: ReadonlyMap<string, Place>): string => [...of.keys()].join('\n')
    return [...this.#subscriptions.values()].filter(
      (peer) => peer.state === 'on' && peer.route === route && topicsOf(peer.places) === topicsOf(places),
    )
  }

  #wanted(subscription: Subscription): boolean {
    const peers = subscription.state === 'on' ? this.#peersOf(subscription) : [subscription]
    return peers.some(({ listeners }) => listeners.size > 0)
  }

  /** The command that would bring the wire to what the listeners want, if any may be sent now. */
  #verbOf(subscription: Subscription): 'subscribe' | 'unsubscribe' | undefined {
    const { state, route } = subscription
    const wanted = this.#wanted(subscription)
    if (wanted) return state !== 'unsubscribing' && subscription.asks ? 'subscribe' : undefined
    if (state !== 'on') return undefined
    // What is being subscribed may turn out to be a peer.
    for (const other of this.#subscriptions.values()) {
      if (other.route === route && other.question === 'asked') return undefined
    }
    return 'unsubscribe'
  }

  #send(type: string, payload: string | undefined, target: Subscription | Call, resume?: object): void {
    const id = (this.#lastId += 1)
    const text = encodeCommand(type, id, payload, resume)
    this.#inFlight.set(id, { type, size: text.length, target })
    this.#emit({ kind: 'send', text })
  }
}
