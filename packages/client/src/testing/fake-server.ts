import { canonicalJson } from '../canonical.js'
import { TopicwireError } from '@topicwire/client'
import { SUBPROTOCOL } from '../frames.js'
import { newReader } from '../msgpack/decode.js'
import { MSGPACK_SUBPROTOCOL } from '../msgpack/subprotocol.js'
import type { Clock, WebSocketConstructor } from '../options.js'
import { FakeConnection } from './fake-connection.js'
import { FakeSocket, type FakeSocketEnd } from './fake-socket.js'
import { ManualClock, microtasks } from './manual-clock.js'

/** How long a server waits for a sign of life before it asks for one, in s. */
const HEARTBEAT_S = 25

/** A command as the server received it. */
export interface ReceivedCommand {
  readonly type: string
  readonly id?: string | number
  readonly payload?: unknown
  readonly resume?: unknown
}

/** A topic as the server keeps it: its numbering, the newest updates, and its state where it has one. */
interface FakeTopic {
  epoch: string
  seq: number
  readonly ring: { readonly seq: number; readonly payload: unknown }[]
  /** The state, for topics that have snapshots. */
  state: unknown
}

/**
 * The answer to a command: the payload of its `.response`, or undefined for no answer at all. A `TopicwireError` that
 * is thrown is answered by an `error` message.
 */
export type Script = (command: ReceivedCommand, connection: FakeConnection) => unknown

export interface FakeServerOptions {
  /** Time for `delayMs`; the same that the client gets. Without one, nothing is ever delayed. */
  readonly clock?: Clock
  /** False: a server that chooses no subprotocol, and so sends no `hello` and knows no `ping`. */
  readonly subprotocol?: boolean
  /** False: a server that knows JSON alone. Otherwise a client that offers MessagePack is spoken with by that. */
  readonly msgpack?: boolean
  /** How many updates of a topic are held for those who resume. Default 300; 0 recovers nobody who missed any. */
  readonly replay?: number
  /** Routes whose updates are states: who subscribes without being recovered is sent the newest as a snapshot. */
  readonly snapshots?: readonly string[]
  /** The delivery policies of routes that are not lossless, as their replies name them. */
  readonly delivery?: Readonly<Record<string, string>>
  /** The rates that routes promise: the seconds after which a silent topic is stale. */
  readonly staleAfterS?: Readonly<Record<string, number>>
}

/**
 * A server in the same process that keeps the protocol: `hello`, replies before updates, `seq` and `epoch` by topic,
 * each topic once a connection, `resume` from a ring, snapshots. Every command may be scripted, held back, delayed or cut off. Nothing waits for real time.
 *
 *     const server = new FakeServer()
 *     const client = createClient<Routes>(routeNames, { url: 'ws://test', webSocket: server.WebSocket })
 *     await client.trades.subscribe('tape', { symbols: ['AAPL'] }, draw)
 *     server.publish('trades', topicOf('trades', { symbols: ['AAPL'] }), trade)
 *     await server.settled()
 */
export class FakeServer {
  /** For the client's option `webSocket`. */
  readonly WebSocket: WebSocketConstructor
  /** The connections that are open, oldest first. */
  readonly connections: FakeConnection[] = []
  /** Every command received, `ping` and `pong` included. */
  readonly received: ReceivedCommand[] = []
  /** Sockets that clients have tried to open. */
  attempts = 0
  /** Nothing comes from the server any more and nothing reaches it, though no connection ends: a cable that was cut. */
  silent = false
  /** The time that a frame, an opening or an end takes on its way, in ms of the clock. */
  delayMs = 0

  readonly #clock: Clock
  readonly #subprotocol: boolean
  readonly #scripts: Map<string, Script> = new Map()
  readonly #topics: Map<string, FakeTopic> = new Map()
  readonly #replay: number
  readonly #options: FakeServerOptions
  #epochs = 0
  #refusal: number | undefined
  #draining = false
  #held: (() => void)[] | undefined

  constructor(options: FakeServerOptions = {}) {
    this.#options = options
    this.#replay = options.replay ?? 300
    this.#clock = options.clock ?? new ManualClock()
    this.#subprotocol = options.subprotocol ?? true
    const connect = (end: FakeSocketEnd): void => {
      this.#connect(end)
    }
    const later = (act: () => void): void => {
      this.#later(act)
    }
    this.WebSocket = class extends FakeSocket {
      constructor(url: string, protocols: string | string[] = []) {
        super(url, [protocols].flat(), later, connect)
      }
    }
  }

  /** Takes new sockets; how a server begins. */
  accept(): void {
    this.#refusal = undefined
    this.#draining = false
  }

  /**
   * Refuses new sockets: with 1006 as an unreachable server does, with any other code by accepting and closing at
   * once, as a server does whose refusal a browser is to read.
   */
  refuse(code = 1006): void {
    this.#refusal = code
  }

  /** Ends every open connection. */
  cut(code = 1006, reason = ''): void {
    for (const connection of [...this.connections]) connection.close(code, reason)
  }

  /** Tells every connection that the server is closing, and refuses commands as `draining`; `cut(1001)` is to follow. */
  drain(retryAfterMs: number): void {
    this.#draining = true
    const payload = { reason: 'shutdown', retry_after_ms: retryAfterMs }
    for (const connection of this.connections) connection.send({ type: 'closing', payload })
  }

  /** How commands of this type are answered from now on; undefined brings back the default. */
  script(type: string, script: Script | undefined): void {
    if (script === undefined) this.#scripts.delete(type)
    else this.#scripts.set(type, script)
  }

  /** Commands are received and wait for their answer until `release`. */
  hold(): void {
    this.#held ??= []
  }

  /** Answers what waits, in order. */
  release(): void {
    const held = this.#held ?? []
    this.#held = undefined
    for (const answer of held) answer()
  }

  /** Sends an update for each payload to every connection that has the topic, in one frame. Returns how many have it. */
  publish(route: string, topic: string, ...payloads: readonly unknown[]): number {
    const kept = this.#topicOf(topic)
    const messages = payloads.map((payload) => {
      const seq = (kept.seq += 1)
      kept.ring.push({ seq, payload })
      if (kept.ring.length > this.#replay) kept.ring.shift()
      kept.state = payload
      return { type: `${route}.update`, payload: { topic, seq, payload } }
    })
    const receivers = this.#receiversOf(topic)
    for (const connection of receivers) connection.send(...messages)
    return receivers.length
  }

  /** Counts an update that no one is sent and no one may resume from: what follows leaves out a number. */
  skip(topic: string): void {
    const kept = this.#topicOf(topic)
    kept.seq += 1
    kept.ring.length = 0
  }

  /** The topic's producer dies: who has it is told by `closed`, and keeps it. `reset` tells that it runs again. */
  interrupt(route: string, topic: string): void {
    const payload = { topic, code: 'producer_failed', message: 'The producer died', retry: true }
    for (const connection of this.#receiversOf(topic)) connection.send({ type: `${route}.closed`, payload })
  }

  /** Loses the topic's numbering, as a server does that was restarted; who has it is told by `reset`. */
  reset(route: string, topic: string, reason = 'restarted'): void {
    const kept = this.#topicOf(topic)
    Object.assign(kept, { epoch: this.#newEpoch(), seq: 0 })
    kept.ring.length = 0
    const { epoch, seq } = kept
    const state = this.#snapshot(route, topic)
    const payload = { topic, epoch, seq, reason, ...(state.length > 0 && { snapshot: true }) }
    for (const connection of this.#receiversOf(topic)) {
      connection.send({ type: `${route}.reset`, payload }, ...state)
    }
  }

  /** Resolves when everything that is under way without delay has arrived and been answered. */
  settled(): Promise<void> {
    return microtasks()
  }

  #later(act: () => void): void {
    if (this.delayMs > 0) this.#clock.setTimeout(act, this.delayMs)
    else void Promise.resolve().then(act)
  }

  #connect(end: FakeSocketEnd): void {
    this.attempts += 1
    if (this.#refusal === 1006) {
      end.close(1006, '')
      return
    }
    const known = [SUBPROTOCOL, ...(this.#options.msgpack === false ? [] : [MSGPACK_SUBPROTOCOL])]
    const chosen = (this.#subprotocol && end.protocols.find((offered) => known.includes(offered))) || ''
    const isPacked = chosen === MSGPACK_SUBPROTOCOL
    end.open(chosen)
    const connection = new FakeConnection(end, () => this.silent, isPacked)
    if (this.#refusal !== undefined) {
      end.close(this.#refusal, 'refused')
      return
    }
    this.connections.push(connection)
    let heartbeat: unknown
    // Whoever hears nothing of a client asks whether it is there.
    const listen = (): void => {
      this.#clock.clearTimeout(heartbeat)
      heartbeat = this.#clock.setTimeout(() => {
        connection.send({ type: 'ping' })
        listen()
      }, HEARTBEAT_S * 1_000)
    }
    end.onClose = () => {
      this.#clock.clearTimeout(heartbeat)
      const index = this.connections.indexOf(connection)
      if (index >= 0) this.connections.splice(index, 1)
    }
    end.onMessage = (data) => {
      if (this.silent) return
      if (chosen !== '') listen()
      this.#receive(
        (isPacked ? unpacked(data as Uint8Array) : JSON.parse(data as string)) as ReceivedCommand,
        connection,
      )
    }
    if (chosen !== '') {
      const payload = {
        version: 1,
        session: `session-${this.attempts}`,
        heartbeat_s: HEARTBEAT_S,
        limits: {},
      }
      connection.send({ type: 'hello', payload })
      listen()
    }
  }

  #receive(command: ReceivedCommand, connection: FakeConnection): void {
    this.received.push(command)
    // Answered on receipt, whatever waits; a server that did not choose the subprotocol knows neither.
    const { type, id } = command
    if (this.#subprotocol && type === 'ping' && !this.silent) connection.send({ type: 'pong', id })
    if (this.#subprotocol && (type === 'ping' || type === 'pong')) return
    const answer = (): void => {
      if (this.connections.includes(connection)) this.#answer(command, connection)
    }
    if (this.#held === undefined) answer()
    else this.#held.push(answer)
  }

  #answer(command: ReceivedCommand, connection: FakeConnection): void {
    const { type, id } = command
    const script = this.#scripts.get(type) ?? this.#keepSubscriptions
    try {
      if (this.#draining) throw new TopicwireError('draining', 'The server is closing.')
      const payload = script(command, connection)
      if (payload === undefined) return
      this.#note(command, membersOf(payload), connection)
      const missed = this.#missed(command, membersOf(payload))
      connection.send({ type: `${type}.response`, id, payload }, ...missed)
    } catch (error) {
      if (!(error instanceof TopicwireError)) throw error
      const { code, message, details } = error
      connection.send({ type: 'error', id, payload: { code, message, details } })
    }
  }

  readonly #keepSubscriptions: Script = ({ type, payload, resume }, connection) => {
    const [route = '', verb] = type.split('.')
    if (type === 'auth') return { status: 'ok', message: 'Taken' }
    if (verb !== 'subscribe' && verb !== 'unsubscribe') {
      throw new TopicwireError('no_matching_type', `This server has no ${type}; script it.`)
    }
    const topic = topicOf(route, payload)
    if (verb === 'subscribe') {
      const { epoch, seq, ring } = this.#topicOf(topic)
      const from = positionIn(resume, topic)
      const position = Number(from['seq'])
      const recovered = from['epoch'] === epoch && position >= seq - ring.length && position <= seq
      const delivery = this.#options.delivery?.[route]
      const staleAfterS = this.#options.staleAfterS?.[route]
      return {
        ...{ status: 'ok', message: 'Subscribed', topic, epoch },
        seq: recovered ? position : seq,
        ...(resume !== undefined && { recovered }),
        ...(delivery !== undefined && { delivery }),
        ...(staleAfterS !== undefined && { stale_after_s: staleAfterS }),
        ...(this.#options.snapshots?.includes(route) === true && { full_state: true }),
        ...(!recovered && this.#snapshot(route, topic).length > 0 && { snapshot: true }),
      }
    }
    return connection.subscriptions.has(topic)
      ? { status: 'ok', message: 'Unsubscribed', topic }
      : { status: 'error', code: 'not_subscribed', message: 'Not subscribed', topic }
  }

  /** What goes with the reply: what was missed, or the state. A script's replies are followed by nothing. */
  #missed(
    { type, resume }: ReceivedCommand,
    { status, topic, epoch, recovered }: Readonly<Record<string, unknown>>,
  ): object[] {
    const [route = '', verb] = type.split('.')
    const kept = this.#topics.get(String(topic))
    if (verb !== 'subscribe' || status !== 'ok' || kept === undefined || epoch !== kept.epoch) return []
    if (recovered !== true) return this.#snapshot(route, String(topic))
    const from = Number(positionIn(resume, String(topic))['seq'])
    return kept.ring
      .filter(({ seq }) => seq > from)
      .map(({ seq, payload }) => ({ type: `${route}.update`, payload: { topic, seq, payload } }))
  }

  #snapshot(route: string, topic: string): object[] {
    const { seq, state } = this.#topicOf(topic)
    if (state === undefined || this.#options.snapshots?.includes(route) !== true) return []
    return [{ type: `${route}.update`, payload: { topic, seq, payload: state, snapshot: true } }]
  }

  #receiversOf(topic: string): FakeConnection[] {
    return this.connections.filter(({ subscriptions }) => [...subscriptions.values()].flat().includes(topic))
  }

  #topicOf(topic: string): FakeTopic {
    let kept = this.#topics.get(topic)
    if (kept === undefined) {
      kept = { epoch: this.#newEpoch(), seq: 0, ring: [], state: undefined }
      this.#topics.set(topic, kept)
    }
    return kept
  }

  #newEpoch(): string {
    this.#epochs += 1
    return `epoch-${this.#epochs}`
  }

  /** What a reply says of the subscription is what the connection then has, whoever wrote the reply. */
  #note(
    { type, payload }: ReceivedCommand,
    reply: Readonly<Record<string, unknown>>,
    to: FakeConnection,
  ): void {
    const [route = '', verb] = type.split('.')
    if (reply['status'] !== 'ok') return
    if (verb === 'unsubscribe') to.subscriptions.delete(topicOf(route, payload))
    if (verb !== 'subscribe') return
    const several = Array.isArray(reply['topics']) ? (reply['topics'] as unknown[]) : [reply]
    const topics = several.map((item) => membersOf(item)['topic'] as string)
    to.subscriptions.set(topicOf(route, payload), topics)
  }
}

type Members = Readonly<Record<string, unknown>>

function unpacked(bytes: Uint8Array): unknown {
  return newReader(bytes.slice().buffer).read()
}

/** The value's members where it is an object; none otherwise. */
function membersOf(value: unknown): Members {
  return Object(value) as Members
}

/** The topic that a route without a builder of its own gives to a request. */
export function topicOf(route: string, params: unknown): string {
  return `${route}:${canonicalJson(params)}`
}

/** Where a topic is to be resumed from: the position, or the positions by topic. */
function positionIn(resume: unknown, topic: string): Members {
  const positions = membersOf(resume)
  return topic in positions ? membersOf(positions[topic]) : positions
}
