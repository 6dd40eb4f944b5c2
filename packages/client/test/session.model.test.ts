/**
 * The session against a naive model: random subscriptions, ends, replies, refusals, updates, cuts, closings and
 * reconnections; updates that go missing, come twice or in another order; new numberings, producers that die, permissions
 * that are withdrawn. The server keeps the protocol to the letter and holds the last few updates of a topic; the pipes
 * deliver when the example says so.
 */
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { ENDS, examples, LOSSES } from './model/actions.js'
import { runs } from './model/runs.js'
import { live, World } from './model/world.js'

type Counts = Readonly<Record<string, number>>

/** An example in which nothing happens proves nothing: these happened, many times. */
function expectMuch(counts: Map<string, number>, never: readonly string[] = []): void {
  for (const [name, count] of counts) {
    const bound = never.includes(name) ? -1 : 10
    expect(count, JSON.stringify([...counts])).toBeGreaterThan(bound)
  }
}

function add(to: Map<string, number>, ...counts: readonly Counts[]): void {
  for (const [name, count] of counts.flatMap(Object.entries))
    to.set(name, (to.get(name) ?? 0) + Number(count))
}

test.each([
  ['changes', {}, ['snapshots', 'questions']],
  ['states, with snapshots', { snapshots: 'of states' }, ['questions']],
  ['changes, with snapshots', { snapshots: 'of changes' }, []],
  [
    'the latest, where numbers may be left out',
    { delivery: 'latest', snapshots: 'of states' },
    ['resyncs', 'questions'],
  ],
] as const)(
  'every listener gets every update once and in order, or is told of the gap; the wire holds each key once: %s',
  (_name, options, never) => {
    const counts = new Map<string, number>()
    const property = fc.property(
      examples(...LOSSES, ...ENDS),
      fc.integer({ min: 0, max: 6 }),
      (actions, held) => {
        const world = new World({ held, ...options })
        live(world, actions)
        add(counts, world.happened, world.server.happened)
      },
    )
    fc.assert(property, runs(300))
    expectMuch(counts, never)
  },
)

test('pitfall 23: a late listener has the state and every change of it, whatever ends meanwhile', () => {
  const counts = new Map<string, number>()
  const property = fc.property(examples(...ENDS), fc.integer({ min: 0, max: 6 }), (actions, held) => {
    const world = new World({ held, snapshots: 'of changes', exact: true })
    live(
      world,
      actions.filter((action) => action.do !== 'double'),
    )
    add(counts, world.happened, world.server.happened)
  })
  fc.assert(property, runs(300))
  expectMuch(counts, ['resyncs'])
})

test('nothing is missed where the server holds everything, whatever goes missing on the way', () => {
  const property = fc.property(examples(...LOSSES), (actions) => {
    const world = new World({ held: 10_000 })
    // A subscription that was put off resumes when another of its topics may have been joined later than where it
    // stands; what lies between cannot be sent any more on that connection, where numbers ascend.
    live(
      world,
      actions.filter((action) => action.do !== 'serve' || action.verdict !== 'internal'),
    )
    expect(world.happened.gaps).toBe(0)
  })
  fc.assert(property, runs(300))
})
