/**
 * The session against a naive model: random subscriptions, ends, replies, refusals, updates, cuts and reconnections.
 * The server of the model keeps the protocol; the pipes deliver when the example says so.
 */
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Effect } from '../src/effects.js'
import { Session } from '../src/session.js'

/** `A` is to the server what `a` is, as a request is that leaves out a default. */
const TOPICS: Readonly<Record<string, readonly string[]>> = {
  '"a"': ['a'],
  '"A"': ['a'],
  '"b"': ['b'],
  '"ab"': ['a', 'b'],
  '"bc"': ['b', 'c'],
}
const canonical = (key: string): string => key.toLowerCase()
const KEYS = Object.keys(TOPICS)

type Action =
  | { readonly do: 'subscribe'; readonly key: string }
  | { readonly do: 'unsubscribe'; readonly nth: number }
  | { readonly do: 'open' | 'cut' | 'retry' }
  | { readonly do: 'serve'; readonly verdict: 'ok' | 'forbidden' | 'internal' }
  | { readonly do: 'publish'; readonly topic: string }
  | { readonly do: 'deliver'; readonly messages: number }

const step = <Name extends string>(name: Name): { do: fc.Arbitrary<Name> } => ({ do: fc.constant(name) })
const verdict = fc.oneof(
  { weight: 8, arbitrary: fc.constant('ok' as const) },
  { weight: 1, arbitrary: fc.constant('forbidden' as const) },
  { weight: 2, arbitrary: fc.constant('internal' as const) },
)

const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ ...step('subscribe'), key: fc.constantFrom(...KEYS) }) },
  { weight: 3, arbitrary: fc.record({ ...step('unsubscribe'), nth: fc.nat(5) }) },
  { weight: 5, arbitrary: fc.record(step('open')) },
  { weight: 2, arbitrary: fc.record(step('cut')) },
  { weight: 2, arbitrary: fc.record(step('retry')) },
  { weight: 12, arbitrary: fc.record({ ...step('serve'), verdict }) },
  { weight: 8, arbitrary: fc.record({ ...step('publish'), topic: fc.constantFrom('a', 'b', 'c') }) },
  { weight: 10, arbitrary: fc.record({ ...step('deliver'), messages: fc.integer({ min: 1, max: 4 }) }) },
)

interface Command {
  readonly type: string
  readonly id: number
  readonly payload: string
}

interface ModelListener {
  readonly key: string
  readonly expected: string[]
  readonly received: string[]
}

const happened = { updates: 0, cuts: 0, refusals: 0, retries: 0 }

class World {
  readonly session = new Session()
  readonly listeners = new Map<number, ModelListener>()
  readonly waits = new Set<number>()
  readonly retries: string[] = []
  open = false
  lastToken = 0
  lastSeq = 0
  /** What the server holds for this connection. */
  held = new Set<string>()
  /** The same by the requests as they were sent. */
  requested = new Set<string>()
  toServer: Command[] = []
  toClient: string[] = []
  /** Keys whose acceptance has reached the client, and whose end has not left it. */
  accepted = new Set<string>()

  run(step: Action): void {
    if (step.do === 'subscribe') {
      const token = (this.lastToken += 1)
      this.listeners.set(token, { key: step.key, expected: [], received: [] })
      this.session.subscribe(token, 'r', step.key)
    } else if (step.do === 'unsubscribe') {
      const token = [...this.listeners.keys()][step.nth]
      if (token === undefined) return
      const wait = (this.lastToken += 1)
      this.waits.add(wait)
      this.settle(token)
      this.session.leave(token, wait)
    } else if (step.do === 'open') {
      if (this.open) return
      this.open = true
      this.session.opened()
    } else if (step.do === 'cut') this.cut()
    else if (step.do === 'retry') {
      const key = this.retries.shift()
      if (key !== undefined) this.session.retry(key)
    } else if (step.do === 'serve') this.serve(step.verdict)
    else if (step.do === 'publish') this.publish(step.topic)
    else if ('messages' in step) for (let count = 0; count < step.messages; count += 1) this.deliver()
    this.drain()
  }

  /** Everything that is under way arrives, everything that waits is done. */
  quiesce(): void {
    this.run({ do: 'open' })
    while (this.toServer.length + this.toClient.length + this.retries.length > 0) {
      this.run({ do: 'retry' })
      this.run({ do: 'serve', verdict: 'ok' })
      this.run({ do: 'deliver', messages: 9 })
    }
  }

  cut(): void {
    if (!this.open) return
    happened.cuts += 1
    this.open = false
    this.held.clear()
    this.requested.clear()
    this.accepted.clear()
    this.toServer = []
    this.toClient = []
    this.session.lost(1006)
  }

  serve(verdict: 'ok' | 'forbidden' | 'internal'): void {
    const command = this.toServer.shift()
    if (command === undefined) return
    const { type, id, payload } = command
    const subscribing = type === 'r.subscribe'
    const ok = !subscribing || verdict === 'ok'
    if (subscribing && ok) {
      expect(this.requested.has(payload), 'at most one subscription of a key on the wire').toBe(false)
      this.requested.add(payload)
      this.held.add(canonical(payload))
    }
    if (!subscribing) {
      expect(this.requested.delete(payload), 'unsubscribes what is subscribed').toBe(true)
      this.held.delete(canonical(payload))
      for (const { key } of this.listeners.values()) {
        const ended = this.requested.has(key) && !this.ending(key) && canonical(key) === canonical(payload)
        expect(ended, 'ends no subscription that is listened to').toBe(false)
      }
    }
    const topics = (TOPICS[payload] ?? []).map((topic) => ({ topic }))
    this.toClient.push(
      JSON.stringify({
        type: `${type}.response`,
        id,
        payload: ok ? { status: 'ok', message: '', topic: topics[0]?.topic, topics } : refusal(verdict),
      }),
    )
  }

  publish(topic: string): void {
    this.lastSeq += 1
    const holds = [...this.held].some((key) => TOPICS[key]?.includes(topic))
    if (!holds) return
    this.toClient.push(
      JSON.stringify({
        type: 'r.update',
        payload: { topic, seq: this.lastSeq, payload: `${topic}${this.lastSeq}` },
      }),
    )
  }

  deliver(): void {
    const text = this.toClient.shift()
    if (text === undefined) return
    const message = JSON.parse(text) as {
      type: string
      payload: { status?: string; topic: string; payload: string }
    }
    if (message.type === 'r.update') {
      for (const listener of this.listeners.values()) {
        if (this.accepted.has(listener.key) && TOPICS[listener.key]?.includes(message.payload.topic)) {
          listener.expected.push(message.payload.payload)
        }
      }
    }
    this.delivering = text
    this.session.receive(text)
    this.drain()
  }

  delivering = ''
  readonly #keyOf = new Map<number, string>()

  drain(): void {
    for (const effect of this.session.take()) this.apply(effect)
    const reply = JSON.parse(this.delivering || '{}') as {
      type?: string
      id?: number
      payload?: { status?: string }
    }
    this.delivering = ''
    const key = reply.type === 'r.subscribe.response' ? this.#keyOf.get(Number(reply.id)) : undefined
    if (key !== undefined && reply.payload?.status === 'ok' && !this.ending(key)) this.accepted.add(key)
  }

  ending(key: string): boolean {
    return this.toServer.some((command) => command.type === 'r.unsubscribe' && command.payload === key)
  }

  apply(effect: Effect): void {
    switch (effect.kind) {
      case 'send': {
        const { type, id, payload } = JSON.parse(effect.text) as {
          type: string
          id: number
          payload: unknown
        }
        const key = JSON.stringify(payload)
        expect(this.open, 'sends only while open').toBe(true)
        expect(
          this.toServer.some((command) => command.payload === key),
          'one command of a key under way',
        ).toBe(false)
        this.#keyOf.set(id, key)
        this.toServer.push({ type, id, payload: key })
        if (type === 'r.unsubscribe') this.accepted.delete(key)
        break
      }
      case 'resolved':
        if (this.waits.delete(effect.token)) break
        expect(this.listeners.has(effect.token), 'accepts those who listen').toBe(true)
        break
      case 'rejected':
        happened.refusals += 1
        expect(effect.error.code).toMatch(/forbidden|internal/)
        this.settle(effect.token)
        break
      case 'update': {
        const listener = this.listeners.get(effect.token)
        expect(listener, 'nothing for those who have left').toBeDefined()
        happened.updates += 1
        listener?.received.push(String(effect.data))
        break
      }
      case 'retry':
        happened.retries += 1
        this.retries.push(effect.key)
        break
      default:
        expect.fail(`unexpected effect ${effect.kind}`)
    }
  }

  /** The listener is over: what it received is what it was to receive. */
  settle(token: number): void {
    const listener = this.listeners.get(token)
    expect(listener?.received).toEqual(listener?.expected)
    this.listeners.delete(token)
  }
}

function refusal(code: string): object {
  return { status: 'error', code, message: code, topic: '' }
}

test('every listener gets every update of its topics once and in order, and the wire holds each key once', () => {
  fc.assert(
    fc.property(fc.noBias(fc.array(action, { minLength: 40, maxLength: 160, size: 'max' })), (steps) => {
      const world = new World()
      for (const step of steps) world.run(step)
      world.quiesce()
      const wanted = new Set([...world.listeners.values()].map((listener) => canonical(listener.key)))
      expect(world.held).toEqual(wanted)
      expect(world.waits.size, 'every unsubscribe is over').toBe(0)
      for (const topic of ['a', 'b', 'c']) world.run({ do: 'publish', topic })
      world.quiesce()
      for (const [token, { key, received }] of [...world.listeners]) {
        expect(received.slice(-(TOPICS[key]?.length ?? 0)).map((text) => text[0])).toEqual(TOPICS[key])
        world.settle(token)
      }
    }),
    { numRuns: 500 },
  )
  // An example in which nothing happens proves nothing: these happened, many times.
  expect(Math.min(happened.updates, happened.cuts, happened.refusals, happened.retries)).toBeGreaterThan(20)
})
