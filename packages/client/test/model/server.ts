/** A server that keeps the protocol to the letter, as a naive model: commands and frames wait until the example moves them. */
import { expect } from 'vitest'
import { canonical, topicsOf, type Disturbance, type Verdict } from './actions.js'

export interface Command {
  readonly type: string
  readonly id: number
  readonly key: string
  readonly resume: Readonly<Record<string, Position>>
}

interface Position {
  readonly epoch: string
  readonly seq: number
}

/** `published` counts over all lives of a topic, and is the payload. */
interface Topic {
  epoch: string
  seq: number
  published: number
  ring: { readonly seq: number; readonly nth: number }[]
  /** Its producer died. */
  dead: boolean
}

export interface ServerOptions {
  /** How many updates of a topic it holds. */
  readonly held: number
  /** The policy of the route, where it is not lossless. */
  readonly delivery?: 'latest'
  /** Who is not recovered is sent the state, and each update is one, or a change: then what is no state is negative. */
  readonly snapshots?: 'of states' | 'of changes'
  /** Nothing goes missing on the way: then what a listener has is the state, always. */
  readonly exact?: boolean
}

export class ModelServer {
  readonly topics: Readonly<Record<string, Topic>>
  readonly happened = { recovered: 0, unrecovered: 0, snapshots: 0, questions: 0 }
  open = false
  draining = false
  toServer: Command[] = []
  toClient: string[] = []
  /** The requests of this connection as they were sent. */
  #requested = new Set<string>()
  /** From where on this connection was sent each topic it has. */
  #joined = new Map<string, Position>()
  readonly #wentMissing = new Set<string>()
  readonly #options: ServerOptions
  #lastEpoch = 0

  constructor(options: ServerOptions) {
    this.#options = options
    const begin = (): Topic => ({ epoch: this.#newEpoch(), seq: 0, published: 0, ring: [], dead: false })
    this.topics = { a: begin(), b: begin(), c: begin() }
  }

  /** The requests, in the form that makes them one to the server. */
  holding(): Set<string> {
    return new Set([...this.#requested].map(canonical))
  }

  holds(key: string): boolean {
    return this.#requested.has(key)
  }

  cut(): void {
    this.open = false
    this.draining = false
    this.#requested.clear()
    this.#joined.clear()
    this.toServer = []
    this.toClient = []
  }

  drain(): void {
    if (!this.open || this.draining) return
    this.draining = true
    this.toClient.push('{"type":"closing","payload":{"reason":"shutdown","retry_after_ms":5}}')
  }

  /** Answers the oldest command. */
  serve(verdict: Verdict): void {
    const command = this.toServer.shift()
    if (command === undefined) return
    const { type, id, key } = command
    if (this.draining) this.#refuse(type, id, 'draining')
    else if (type === 'r.unsubscribe') this.#unsubscribe(command)
    else if (verdict !== 'ok') this.#refuse(type, id, verdict)
    else this.#subscribe(command)
    expect(topicsOf(key).length).toBeGreaterThan(0)
  }

  publish(name: string): void {
    const topic = this.topicOf(name)
    if (topic.dead) this.restart(name)
    const update = { seq: (topic.seq += 1), nth: (topic.published += 1) }
    topic.ring.push(update)
    topic.ring.splice(0, topic.ring.length - this.#options.held)
    if (this.#joined.has(name)) this.toClient.push(this.#frameOf(name, update))
  }

  /** A new numbering begins. */
  restart(name: string): void {
    Object.assign(this.topicOf(name), { epoch: this.#newEpoch(), seq: 0, ring: [], dead: false })
    if (!this.#joined.has(name)) return
    const { epoch, seq } = this.topicOf(name)
    this.#joined.set(name, { epoch, seq })
    const state = this.#snapshotOf(name)
    const announced = state.length > 0 && { snapshot: true }
    this.#tell('r.reset', { topic: name, epoch, seq, reason: 'restart', ...announced })
    this.toClient.push(...state)
  }

  /** The producer dies. */
  interrupt(name: string): void {
    this.topicOf(name).dead = true
    if (this.#joined.has(name))
      this.#tell('r.closed', { topic: name, code: 'producer_failed', message: '', retry: true })
  }

  /** Whoever holds the topic holds it no more, nor what was subscribed with it. */
  revoke(name: string): void {
    if (!this.#joined.has(name)) return
    for (const key of this.#requested) if (topicsOf(key).includes(name)) this.#requested.delete(key)
    this.#part()
    this.#tell('r.closed', { topic: name, code: 'forbidden', message: '', retry: false })
  }

  /**
   * An update of those under way goes missing, comes twice, or after the next one. The same one goes missing once: that it
   * does again, after the server has said that nothing is missing, is a gap to the client.
   */
  disturb(how: Disturbance, nth: number): void {
    const [frame, next] = this.toClient.slice(nth, nth + 2)
    if (frame === undefined || !isUpdate(frame)) return
    if (how === 'double') {
      this.toClient.splice(nth, 0, frame)
      return
    }
    if (this.#wentMissing.has(frame) || (how === 'swap' && (next === undefined || !isUpdate(next)))) return
    this.#wentMissing.add(frame)
    this.toClient.splice(nth, 2, ...(next === undefined ? [] : how === 'swap' ? [next, frame] : [next]))
  }

  topicOf(name: string): Topic {
    const found = this.topics[name]
    if (found === undefined) throw new Error(`There is no topic ${name}.`)
    return found
  }

  #subscribe({ type, id, key, resume }: Command): void {
    if (this.#requested.has(key)) {
      this.happened.questions += 1
      expect(this.#options.snapshots, 'at most one subscription of a key on the wire').toBe('of changes')
    }
    this.#requested.add(key)
    const missed: string[] = []
    const topics = topicsOf(key).map((name) => this.#join(name, resume[name], missed))
    const { delivery } = this.#options
    const reply = { status: 'ok', message: '', ...topics[0], topics, ...(delivery && { delivery }) }
    this.#tell(`${type}.response`, reply, id)
    this.toClient.push(...missed)
  }

  #unsubscribe({ type, id, key }: Command): void {
    if (!this.#requested.delete(key)) {
      this.#refuse(type, id, 'not_subscribed')
      return
    }
    this.#part(canonical(key))
    this.#tell(`${type}.response`, { status: 'ok', message: '', topic: '' }, id)
  }

  /** Leaves the topics that no request holds, other than the one that ended. */
  #part(ended?: string): void {
    const kept = new Set([...this.holding()].filter((key) => key !== ended).flatMap(topicsOf))
    for (const name of this.#joined.keys()) if (!kept.has(name)) this.#joined.delete(name)
  }

  /** What the reply says of a topic; what was missed goes to `missed`, unless this connection was sent it before. */
  #join(
    name: string,
    resume: Position | undefined,
    missed: string[],
  ): { topic: string; [more: string]: unknown } {
    const topic = this.topicOf(name)
    const before = this.#joined.get(name)
    // Who comes first starts the producer.
    if (before === undefined && topic.dead)
      Object.assign(topic, { epoch: this.#newEpoch(), seq: 0, ring: [], dead: false })
    const { epoch, seq, ring } = topic
    const oldest = before === undefined ? seq - ring.length : before.seq
    const recovered = resume?.epoch === epoch && resume.seq >= oldest && resume.seq <= seq
    const from = recovered ? resume.seq : seq
    const { snapshots } = this.#options
    const none = recovered || topic.dead || (before !== undefined && snapshots === 'of states')
    const snapshot = none ? [] : this.#snapshotOf(name)
    if (before === undefined) {
      this.#joined.set(name, { epoch, seq: from })
      for (const update of ring) if (update.seq > from) missed.push(this.#frameOf(name, update))
    }
    missed.push(...snapshot)
    if (resume !== undefined) this.happened[recovered ? 'recovered' : 'unrecovered'] += 1
    return {
      ...{ topic: name, epoch, seq },
      ...(resume !== undefined && { recovered }),
      ...((snapshot.length > 0 || snapshots === 'of changes') && { snapshot: snapshot.length > 0 }),
      ...(snapshots === 'of states' && { full_state: true }),
    }
  }

  #snapshotOf(name: string): string[] {
    const { seq, published } = this.topicOf(name)
    if (this.#options.snapshots === undefined || published === 0) return []
    this.happened.snapshots += 1
    return [this.#frameOf(name, { seq, nth: published }, { snapshot: true })]
  }

  #frameOf(name: string, { seq, nth }: { seq: number; nth: number }, more: object = {}): string {
    const payload = this.#options.snapshots === 'of changes' && !('snapshot' in more) ? -nth : nth
    return JSON.stringify({ type: 'r.update', payload: { topic: name, seq, payload, ...more } })
  }

  #refuse(type: string, id: number, code: string): void {
    this.#tell(`${type}.response`, { status: 'error', code, message: code, topic: '' }, id)
  }

  #tell(type: string, payload: object, id?: number): void {
    this.toClient.push(JSON.stringify({ type, id, payload }))
  }

  #newEpoch(): string {
    return `epoch-${(this.#lastEpoch += 1)}`
  }
}

function isUpdate(frame: string): boolean {
  return frame.includes('"r.update"') && !frame.includes('"snapshot"')
}
