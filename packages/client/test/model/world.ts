/** The session, its listeners and the server of one example; every guarantee is checked after every effect. */
import { expect } from 'vitest'

import { newRecordedSession, type Effect } from '../taken.js'
import { canonical, topicsOf, type Action } from './actions.js'
import { ModelServer, type Command, type ServerOptions } from './server.js'

interface Listener {
  readonly key: string
  accepted: boolean
  /** By topic: the last update, whether a gap was told since, and whether it is stale. */
  readonly last: Map<string, number>
  readonly toldGap: Set<string>
  readonly stale: Set<string>
}

export class World {
  readonly session = newRecordedSession()
  readonly server: ModelServer
  readonly listeners = new Map<number, Listener>()
  readonly waits = new Set<number>()
  readonly retries: string[] = []
  readonly happened = {
    updates: 0,
    cuts: 0,
    refusals: 0,
    retries: 0,
    gaps: 0,
    resyncs: 0,
    stale: 0,
    closings: 0,
  }
  readonly #skips: boolean
  readonly #changes: boolean
  readonly #exact: boolean
  #lastToken = 0
  #closing = false

  constructor(options: ServerOptions) {
    this.server = new ModelServer(options)
    this.#skips = options.delivery !== undefined
    this.#changes = options.snapshots === 'of changes'
    this.#exact = options.exact === true
  }

  run(action: Action): void {
    switch (action.do) {
      case 'subscribe': {
        const token = (this.#lastToken += 1)
        const listener = {
          key: action.key,
          accepted: false,
          last: new Map(),
          toldGap: new Set(),
          stale: new Set(),
        }
        this.listeners.set(token, listener as Listener)
        this.session.ask(token, 'r', action.key)
        break
      }
      case 'unsubscribe': {
        const token = [...this.listeners.keys()][action.nth]
        if (token === undefined) return
        const wait = (this.#lastToken += 1)
        this.waits.add(wait)
        this.listeners.delete(token)
        this.session.leave(token, wait)
        break
      }
      case 'open':
        if (this.server.open) return
        this.server.open = true
        this.session.opened()
        break
      case 'cut':
        this.cut(1006)
        break
      case 'drain':
        this.server.drain()
        break
      case 'retry': {
        const key = this.retries.shift()
        if (key !== undefined) this.session.retry(key)
        break
      }
      case 'serve':
        this.checkEnd(this.server.toServer[0])
        this.server.serve(action.verdict)
        break
      case 'publish':
      case 'restart':
      case 'interrupt':
      case 'revoke':
        this.server[action.do](action.topic)
        break
      case 'deliver':
        for (const frame of this.server.toClient.splice(0, action.messages)) this.session.receive(frame)
        break
      default:
        this.server.disturb(action.do, action.nth)
    }
    for (let effect = this.session.next(); effect !== undefined; effect = this.session.next())
      this.apply(effect)
  }

  /** Everything that is under way arrives, everything that waits is done. */
  quiesce(): void {
    const { server } = this
    while (
      !server.open ||
      server.toServer.length + server.toClient.length + this.retries.length > 0 ||
      server.draining
    ) {
      this.run({ do: 'deliver', messages: 9 })
      if (server.draining && server.toClient.length === 0) this.cut(1001)
      this.run({ do: 'open' })
      this.run({ do: 'retry' })
      this.run({ do: 'serve', verdict: 'ok' })
    }
  }

  cut(code: number): void {
    if (!this.server.open) return
    this.happened.cuts += 1
    this.#closing = false
    this.server.cut()
    this.session.lost(code)
  }

  /** An end that is served ends nothing that is listened to. */
  checkEnd(command: Command | undefined): void {
    if (command?.type !== 'r.unsubscribe' || !this.server.holds(command.key) || this.server.draining) return
    const ending = new Set(this.server.toServer.map(({ type, key }) => type === 'r.unsubscribe' && key))
    for (const { key } of this.listeners.values()) {
      const peer = canonical(key) === canonical(command.key) && this.server.holds(key)
      expect(peer && !ending.has(key), 'ends no subscription that is listened to').toBe(false)
    }
  }

  apply(effect: Effect): void {
    const listener = 'token' in effect ? this.listeners.get(effect.token) : undefined
    switch (effect.kind) {
      case 'send':
        this.send(effect.text)
        break
      case 'resolved':
        if (this.waits.delete(effect.token)) break
        expect(listener?.accepted, 'accepts those who listen, once').toBe(false)
        if (listener !== undefined) listener.accepted = true
        break
      case 'rejected':
        this.happened.refusals += 1
        expect(effect.error.code).toMatch(/forbidden|internal/)
        expect(this.listeners.delete(effect.token)).toBe(true)
        break
      case 'gap':
        this.happened.gaps += 1
        listener?.toldGap.add(effect.gap.topic)
        break
      case 'stale':
        this.happened.stale += 1
        expect(listener?.stale.has(effect.topic), 'tells changes alone').toBe(!effect.stale)
        listener?.stale[effect.stale ? 'add' : 'delete'](effect.topic)
        break
      case 'update':
        this.check(listener, effect.info.topic, Number(effect.data), effect.info.snapshot === true)
        break
      case 'resync':
        this.happened.resyncs += 1
        expect(this.#skips, 'a number left out is no gap').toBe(false)
        this.cut(1006)
        break
      case 'closing':
        this.happened.closings += 1
        // After a `resync` of the same frame it speaks of a connection that is gone.
        this.#closing = this.server.open
        break
      case 'retry':
        this.happened.retries += 1
        this.retries.push(effect.key)
        break
      default:
        expect.fail(`unexpected effect ${effect.kind}`)
    }
  }

  send(text: string): void {
    const { type, id, payload, resume } = JSON.parse(text) as {
      type: string
      id: number
      payload: unknown
      resume?: object
    }
    const key = JSON.stringify(payload)
    expect(this.server.open, 'sends only while open').toBe(true)
    expect(this.#closing, 'asks a closing server nothing').toBe(false)
    const under = this.server.toServer.some((command) => command.key === key)
    expect(under, 'one command of a key under way').toBe(false)
    this.server.toServer.push({ type, id, key, resume: (resume ?? {}) as Command['resume'] })
  }

  /** The guarantee: what comes is what follows what came, or a gap was told. */
  check(listener: Listener | undefined, name: string, data: number, snapshot: boolean): void {
    if (this.#changes) expect(data > 0, 'no change is given for a state').toBe(snapshot)
    const nth = Math.abs(data)
    this.happened.updates += 1
    if (listener === undefined) return expect.fail('an update for one who has left')
    expect(listener.accepted, 'nothing before the acceptance').toBe(true)
    expect(topicsOf(listener.key)).toContain(name)
    expect(listener.stale.has(name), 'what is heard is not stale').toBe(false)
    const last = listener.last.get(name)
    if (this.#exact) {
      const next = snapshot || nth === (last ?? 0) + 1
      expect(next, 'what it has is the state of its position').toBe(true)
      const anew = last === undefined || nth > last || listener.toldGap.has(name)
      expect(anew, 'nothing comes twice').toBe(true)
    }
    const next = listener.toldGap.has(name) || this.#skips ? 'any' : 'exactly the next'
    if (last !== undefined && snapshot && nth === last) expect(nth).toBe(last)
    else if (last !== undefined && next === 'any') expect(nth).toBeGreaterThan(last)
    else if (last !== undefined) expect(nth, next).toBe(last + 1)
    listener.last.set(name, nth)
    listener.toldGap.delete(name)
  }
}

/** Runs the example to its end; every listener is then where the server is. */
export function live(world: World, actions: readonly Action[]): void {
  const { server, listeners } = world
  for (const action of actions) world.run(action)
  world.quiesce()
  const wanted = new Set([...listeners.values()].map((listener) => canonical(listener.key)))
  expect(server.holding()).toEqual(wanted)
  expect(world.waits.size, 'every unsubscribe is over').toBe(0)
  // Twice: the first shows what went missing at the very end, the second reaches everyone.
  for (const topic of ['a', 'b', 'c', 'a', 'b', 'c']) {
    world.run({ do: 'publish', topic })
    world.quiesce()
  }
  for (const { key, last, stale } of listeners.values()) {
    expect([...stale], `${key} is not stale`).toEqual([])
    for (const name of topicsOf(key))
      expect(last.get(name), `${key} has the last of ${name}`).toBe(server.topicOf(name).published)
  }
}
