/** The session against the vectors that every client of the project runs: `packages/vectors/README.md`. */
import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { effectsOf, type Vector } from './vectors.js'

const folder = new URL('../../vectors/session/', import.meta.url)
const vectors = readdirSync(folder).map((file) => {
  const vector = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Vector
  expect(`${vector.name}.json`).toBe(file)
  return vector
})

/**
 * What others do here: a call in `@topicwire/client/latency` measures the round trip, and `@topicwire/client/stale` has timers of
 * its own, which the vectors' `silent` runs.
 */
const isOfOthers = (effect: unknown): boolean => ['pong', 'watch'].includes((effect as { kind: string }).kind)

test('there are vectors', () => {
  expect(vectors.length).toBeGreaterThanOrEqual(81)
})

test.each(vectors)('$name: $about', ({ steps }) => {
  const effects = effectsOf(steps.map((step) => step.do))
  const wanted = steps.map((step) => ({ ...step, effects: step.effects.filter((one) => !isOfOthers(one)) }))
  expect(steps.map((step, index) => ({ do: step.do, effects: effects[index] }))).toEqual(wanted)
})
