/**
 * Subscriptions that wait for frames against a naive model, at random: updates, gaps, frames, ends and new beginnings in any
 * order; listeners that throw, and that end themselves. The model keeps everything, and throws away what has a newer one.
 */
import * as fc from 'fast-check'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { batched, conflated } from '../../src/animation-frame/index.js'
import type { Accepted, Gap, SubscribeOptions, Subscriptions, UpdateListener } from '../../src/index.js'
import { runs } from '../model/runs.js'
import { ManualFrames } from './manual-frames.js'

interface Row {
  readonly key: string
  readonly seq: number
  /** What its listener does. */
  readonly then: 'return' | 'throw' | 'unsubscribe'
}

const FORMS = ['conflated', 'batched', 'batched by key'] as const
const IDS = ['one', 'two'] as const
const gap: Gap = { topic: 't', after: 0, seq: 0, reason: 'not_recovered' }

/** A route as the core has it, without a server: who is subscribed is called at once. */
class DirectRoute implements Subscriptions<null, Row> {
  readonly #held = new Map<
    string,
    { readonly take: UpdateListener<Row>; readonly options: SubscribeOptions }
  >()

  subscribe(
    id: string,
    _: null,
    take: UpdateListener<Row>,
    options: SubscribeOptions = {},
  ): Promise<Accepted> {
    // As one that comes anew.
    this.#held.delete(id)
    this.#held.set(id, { take, options })
    return Promise.resolve({ topics: ['t'] })
  }

  unsubscribe(id: string): Promise<void> {
    this.#held.delete(id)
    return Promise.resolve()
  }

  on(): () => void {
    return () => undefined
  }

  update(row: Row): void {
    for (const [id, { take }] of [...this.#held])
      if (this.#held.has(id)) take(row, { topic: 't', seq: row.seq })
  }

  gap(): void {
    for (const { options } of [...this.#held.values()]) options.onGap?.(gap)
  }

  close(): void {
    const ended = [...this.#held.values()]
    this.#held.clear()
    for (const { options } of ended) options.onClose?.(new Error('closed') as never)
  }
}

/** What the listeners of one form should be told, said without frames, maps or slots. */
class Model {
  readonly told: string[] = []
  failures = 0
  readonly #waiting = new Map<string, Row[]>()
  readonly #form: (typeof FORMS)[number]
  readonly #most: number

  constructor(form: (typeof FORMS)[number], most: number) {
    this.#form = form
    this.#most = most
  }

  begin(id: string): void {
    this.#waiting.delete(id)
    this.#waiting.set(id, [])
  }

  end(id: string): void {
    this.#waiting.delete(id)
  }

  update(row: Row): void {
    for (const [id, waiting] of [...this.#waiting]) {
      waiting.push(row)
      if (this.#left(waiting).length >= this.#most) this.#pass(id)
    }
  }

  gap(): void {
    for (const id of [...this.#waiting.keys()]) {
      this.#pass(id)
      if (this.#waiting.has(id)) this.told.push(`${id} gap`)
    }
  }

  frame(): void {
    // Who waited first is told first.
    const first = (id: string): number => this.#waiting.get(id)?.[0]?.seq ?? 0
    for (const id of [...this.#waiting.keys()].sort((a, b) => first(a) - first(b))) this.#pass(id)
  }

  #left(waiting: readonly Row[]): readonly Row[] {
    if (this.#form === 'batched') return waiting
    return waiting.filter(({ key }, at) => !waiting.slice(at + 1).some((later) => later.key === key))
  }

  #pass(id: string): void {
    const rows = this.#left(this.#waiting.get(id)?.splice(0) ?? [])
    const calls = this.#form === 'conflated' ? rows.map((row) => [row]) : rows.length > 0 ? [rows] : []
    for (const call of calls) {
      if (!this.#waiting.has(id)) return
      this.told.push(`${id} ${call.map(({ seq }) => seq).join(' ')}`)
      const last = call.find(({ then }) => then !== 'return')?.then
      if (last === 'throw') this.failures += 1
      if (last === 'unsubscribe') this.end(id)
    }
  }
}

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      key: fc.constantFrom('A', 'B', 'C'),
      then: fc.constantFrom('return', 'return', 'return', 'throw', 'unsubscribe'),
    }),
  },
  { weight: 2, arbitrary: fc.constant('frame' as const) },
  { weight: 1, arbitrary: fc.constantFrom('gap' as const, 'close' as const) },
  { weight: 2, arbitrary: fc.record({ begin: fc.constantFrom(...IDS) }) },
  { weight: 1, arbitrary: fc.record({ end: fc.constantFrom(...IDS) }) },
)

const reportError = vi.fn()

beforeEach(() => {
  vi.stubGlobal('reportError', reportError)
})

afterEach(() => {
  vi.unstubAllGlobals()
})

test('whatever comes when: each key’s newest once, or everything once, in order, and nothing after the end', () => {
  const property = fc.property(
    fc.constantFrom(...FORMS),
    fc.constantFrom(1, 2, 3, 100),
    fc.array(step, { maxLength: 60 }),
    (form, maxBuffered, steps) => {
      reportError.mockClear()
      const route = new DirectRoute()
      const frames = new ManualFrames()
      const model = new Model(form, maxBuffered)
      const told: string[] = []
      const by = ({ key }: Row): string => key
      const options = { frames, maxBuffered }
      const one = conflated(route, { ...options, by })
      const several = batched(route, form === 'batched' ? options : { ...options, by })
      const paced = form === 'conflated' ? one : several
      const begin = (id: string): void => {
        const take = (rows: readonly Row[]): void => {
          told.push(`${id} ${rows.map(({ seq }) => seq).join(' ')}`)
          const last = rows.find(({ then }) => then !== 'return')?.then
          if (last === 'unsubscribe') void paced.unsubscribe(id)
          if (last === 'throw') throw new Error('on purpose')
        }
        const onGap = (): void => void told.push(`${id} gap`)
        if (form === 'conflated')
          void one.subscribe(
            id,
            null,
            (row) => {
              take([row])
            },
            { onGap },
          )
        else void several.subscribe(id, null, take, { onGap })
      }
      let seq = 0
      for (const what of [...steps, 'frame' as const]) {
        if (what === 'frame') {
          model.frame()
          frames.frame()
        } else if (what === 'gap') {
          model.gap()
          route.gap()
        } else if (what === 'close') {
          for (const id of IDS) model.end(id)
          route.close()
        } else if ('begin' in what) {
          model.begin(what.begin)
          begin(what.begin)
        } else if ('end' in what) {
          model.end(what.end)
          void paced.unsubscribe(what.end)
        } else {
          const row = { ...what, seq: (seq += 1) } as Row
          model.update(row)
          route.update(row)
        }
        expect(told).toEqual(model.told)
        expect(reportError).toHaveBeenCalledTimes(model.failures)
      }
      expect(frames.pending).toBe(0)
    },
  )
  fc.assert(property, runs(500))
})
