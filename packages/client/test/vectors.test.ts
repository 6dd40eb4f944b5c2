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

const isPong = (effect: unknown): boolean => (effect as { kind: string }).kind === 'pong'

test('there are vectors', () => {
  expect(vectors.length).toBeGreaterThanOrEqual(81)
})

test.each(vectors)('$name: $about', ({ steps }) => {
  const effects = effectsOf(steps.map((step) => step.do))
  // The round trip is measured by a call here, in `@topicwire/client/latency`.
  const wanted = steps.map((step) => ({ ...step, effects: step.effects.filter((one) => !isPong(one)) }))
  expect(steps.map((step, index) => ({ do: step.do, effects: effects[index] }))).toEqual(wanted)
})
