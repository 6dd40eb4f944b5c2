import { TopicwireError } from './errors.js'
import {
  decodeMessage,
  encodeCommand,
  errorOf,
  membersOf,
  PONG,
  textOf,
  type Members,
  type ServerMessage,
} from './frames.js'
import type { UpdateInfo } from './routes.js'

/** Names a listener, a call or a wait; chosen by the caller, never twice. */
export type Token = number

/** What the caller is to do. In order; the session itself touches no socket, no timer and no promise. */
export type Effect =
  | { readonly kind: 'send'; readonly text: string }
  /** A subscription accepted (again, after a reconnection), a call answered, a wait over. */
  | { readonly kind: 'resolved'; readonly token: Token; readonly value: unknown }
  /** A listener or a call is over and forgotten. */
  | { readonly kind: 'rejected'; readonly token: Token; readonly error: TopicwireError }
  | { readonly kind: 'update'; readonly token: Token; readonly data: unknown; readonly info: UpdateInfo }
  /** Call `retry(key)` after a backoff of so many failures. */
  | { readonly kind: 'retry'; readonly key: string; readonly failures: number }
  | { readonly kind: 'pong' }
  /** A fault that is nobody's answer. */
  | { readonly kind: 'report'; readonly error: TopicwireError }

/**
 * One canonical request and its listeners. `state` is what the wire knows: a command is in flight in the two states
 * that end in -scribing, never a second one, so the server holds at most one subscription of a key. `resting` is off
 * until a `retry`.
 */
interface Subscription {
  readonly key: string
  readonly route: string
  readonly params: string
  readonly listeners: Set<Token>
  leaving: Token[]
  state: 'off' | 'resting' | 'subscribing' | 'on' | 'unsubscribing'
  topics: readonly string[]
  /** It was accepted once: a refusal that may pass is retried instead of told. */
  established: boolean
  failures: number
}

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
  readonly #byTopic = new Map<string, Set<Subscription>>()
  readonly #inFlight = new Map<number, InFlight>()
  /** What waits for room on the wire, first come first served. */
  readonly #queue = new Set<Subscription | Call>()
  #effects: Effect[] = []
  #open = false
  #lastId = 0

  /** The effects since the last call. */
  take(): readonly Effect[] {
    const effects = this.#effects
    this.#effects = []
    return effects
  }

  /** `params` is canonical JSON: subscriptions of one route with the same text are one. */
  subscribe(listener: Token, route: string, params: string): void {
    const key = `${route}:${params}`
    let subscription = this.#subscriptions.get(key)
    if (subscription === undefined) {
      subscription = {
        key,
        route,
        params,
        listeners: new Set(),
        leaving: [],
        state: 'off',
        topics: [],
        established: false,
        failures: 0,
      }
      this.#subscriptions.set(key, subscription)
    }
    subscription.listeners.add(listener)
    this.#targets.set(listener, subscription)
    if (subscription.state === 'on') this.#resolve(listener, { topics: subscription.topics })
    this.#reconcile(subscription)
  }

  /** Ends a listener, or a call not yet sent. `wait` is resolved when the server holds nothing of it any more. */
  leave(token: Token, wait?: Token): void {
    const target = this.#targets.get(token)
    this.#targets.delete(token)
    if (target !== undefined && 'listeners' in target) {
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
    if (subscription?.state !== 'resting') return
    subscription.state = 'off'
    this.#reconcile(subscription)
  }

  /** A new connection: everything that has listeners is subscribed again. */
  opened(): void {
    this.#open = true
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
    const unanswered = [...this.#inFlight.values()]
    this.#inFlight.clear()
    this.#byTopic.clear()
    for (const subscription of this.#subscriptions.values()) subscription.state = 'off'
    const sizes = unanswered.map((command) => command.size)
    const atFault = closeCode === 1009 ? unanswered[sizes.indexOf(Math.max(...sizes))] : undefined
    if (atFault !== undefined) {
      const { type, size } = atFault
      const message = `${type}: the server closed the connection over a message of ${size} characters.`
      this.#refuse(atFault.target, new TopicwireError('too_large', message, { type }))
    }
    for (const { target, type } of unanswered) {
      if ('listeners' in target || target === atFault?.target) continue
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

  /** A text frame: one message, or several separated by newlines. A bad one does not touch the others. */
  receive(frame: string): void {
    for (const line of frame.split('\n')) {
      if (line === '') continue
      try {
        this.#handle(decodeMessage(line))
      } catch (error) {
        if (!(error instanceof TopicwireError)) throw error
        this.#effects.push({ kind: 'report', error })
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
    } else if (type === 'ping') this.#effects.push({ kind: 'send', text: PONG })
    else if (type === 'pong') this.#effects.push({ kind: 'pong' })
    else if (type === 'error') this.#effects.push({ kind: 'report', error: errorOf(payload, type) })
    else {
      const dot = type.lastIndexOf('.')
      const route = type.slice(0, dot)
      if (type.slice(dot) === '.update') this.#update(route, membersOf(payload))
      else if (type.slice(dot) === '.closed') this.#ended(type, route, membersOf(payload))
    }
  }

  #update(route: string, { topic, seq, payload, source, snapshot }: Members): void {
    const subscriptions = this.#byTopic.get(`${route} ${String(topic)}`)
    if (subscriptions === undefined) return
    const info: UpdateInfo = {
      topic: String(topic),
      seq: Number(seq),
      ...(typeof source === 'string' && { source }),
      ...(snapshot === true && { snapshot }),
    }
    for (const { listeners } of subscriptions) {
      for (const token of listeners) this.#effects.push({ kind: 'update', token, data: payload, info })
    }
  }

  /** The server ended the subscriptions of a topic. */
  #ended(type: string, route: string, payload: Members): void {
    for (const subscription of [...(this.#byTopic.get(`${route} ${String(payload['topic'])}`) ?? [])]) {
      this.#forget(subscription)
      subscription.state = 'off'
      if (payload['retry'] === true) this.#rest(subscription)
      else this.#refuse(subscription, errorOf(payload, type))
      this.#reconcile(subscription)
    }
  }

  #answered({ target, type }: InFlight, reply: ServerMessage): void {
    const members = membersOf(reply.payload)
    const refused = reply.type === 'error' || ('listeners' in target && members['status'] !== 'ok')
    const error = refused ? errorOf(reply.payload, type) : undefined
    if (!('listeners' in target)) {
      if (error === undefined) {
        this.#targets.delete(target.token)
        this.#resolve(target.token, reply.payload)
      } else this.#refuse(target, error)
      return
    }
    if (target.state === 'unsubscribing') {
      target.state = 'off'
      if (error !== undefined && error.code !== 'not_subscribed')
        this.#effects.push({ kind: 'report', error })
    } else if (error === undefined) this.#accept(target, members)
    else {
      target.state = 'off'
      if (target.established && PASSING.has(error.code)) this.#rest(target)
      else this.#refuse(target, error)
    }
    // All, because an unsubscribing may have waited for this answer.
    this.#reconcileAll()
  }

  #accept(subscription: Subscription, { topic, topics }: Members): void {
    const several = Array.isArray(topics) ? topics.map((item: unknown) => membersOf(item)['topic']) : [topic]
    subscription.state = 'on'
    subscription.established = true
    subscription.failures = 0
    subscription.topics = several.map((name) => textOf(name, subscription.key))
    for (const name of subscription.topics) {
      const index = `${subscription.route} ${name}`
      const holders = this.#byTopic.get(index)
      if (holders === undefined) this.#byTopic.set(index, new Set([subscription]))
      else holders.add(subscription)
    }
    for (const listener of subscription.listeners) this.#resolve(listener, { topics: subscription.topics })
  }

  #rest(subscription: Subscription): void {
    subscription.state = 'resting'
    this.#effects.push({ kind: 'retry', key: subscription.key, failures: subscription.failures })
    subscription.failures += 1
  }

  #refuse(target: Subscription | Call, error: TopicwireError): void {
    for (const token of 'listeners' in target ? target.listeners : [target.token]) {
      this.#targets.delete(token)
      this.#effects.push({ kind: 'rejected', token, error })
    }
    if (!('listeners' in target)) return
    target.listeners.clear()
    this.#reconcile(target)
  }

  #resolve(token: Token, value: unknown): void {
    this.#effects.push({ kind: 'resolved', token, value })
  }

  /** Updates of its topics are no longer its own. */
  #forget(subscription: Subscription): void {
    for (const name of subscription.topics) {
      const index = `${subscription.route} ${name}`
      const holders = this.#byTopic.get(index)
      holders?.delete(subscription)
      if (holders?.size === 0) this.#byTopic.delete(index)
    }
  }

  /** Brings the wire nearer to what the listeners want, by at most one command. */
  #reconcile(subscription: Subscription): void {
    const wanted = this.#wanted(subscription)
    const off = subscription.state === 'off' || subscription.state === 'resting'
    if (wanted || off) {
      for (const wait of subscription.leaving) this.#resolve(wait, undefined)
      subscription.leaving = []
    }
    if (off && !wanted) {
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
      if (!('listeners' in target)) {
        this.#send(target.type, target.payload, target)
        continue
      }
      const verb = this.#verbOf(target)
      if (verb === undefined) continue
      // Its peers with it, for they may have ended with it: none is to be joined any more.
      for (const subscription of verb === 'subscribe' ? [target] : this.#peersOf(target)) {
        if (verb === 'unsubscribe') this.#forget(subscription)
        subscription.state = `${verb.slice(0, -1)}ing` as 'subscribing' | 'unsubscribing'
        this.#send(`${subscription.route}.${verb}`, subscription.params, subscription)
      }
    }
  }

  /**
   * Who has the same topics, itself included. Requests that differ here may be one to the server, which fills in
   * defaults; ending one of them then ends them all.
   */
  #peersOf({ route, topics }: Subscription): Subscription[] {
    const same = topics.join('\n')
    return [...this.#subscriptions.values()].filter(
      (peer) => peer.state === 'on' && peer.route === route && peer.topics.join('\n') === same,
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
    if (state === 'off' && wanted) return 'subscribe'
    if (state !== 'on' || wanted) return undefined
    // What is being subscribed may turn out to be a peer.
    for (const other of this.#subscriptions.values()) {
      if (other.route === route && other.state === 'subscribing') return undefined
    }
    return 'unsubscribe'
  }

  #send(type: string, payload: string | undefined, target: Subscription | Call): void {
    const id = (this.#lastId += 1)
    const text = encodeCommand(type, id, payload)
    this.#inFlight.set(id, { type, size: text.length, target })
    this.#effects.push({ kind: 'send', text })
  }
}
