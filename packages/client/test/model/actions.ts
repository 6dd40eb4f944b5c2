/** What may happen in an example of the session's model. */
import * as fc from 'fast-check'

/** `A` is to the server what `a` is, as a request is that leaves out a default. */
export const TOPICS: Readonly<Record<string, readonly string[]>> = {
  '"a"': ['a'],
  '"A"': ['a'],
  '"b"': ['b'],
  '"ab"': ['a', 'b'],
  '"bc"': ['b', 'c'],
}
export const canonical = (key: string): string => key.toLowerCase()
export const topicsOf = (key: string): readonly string[] => TOPICS[key] ?? []
const KEYS = Object.keys(TOPICS)

export type Verdict = 'ok' | 'forbidden' | 'internal'
export type Disturbance = 'lose' | 'double' | 'swap'
export type Action =
  | { readonly do: 'subscribe'; readonly key: string }
  | { readonly do: 'unsubscribe'; readonly nth: number }
  | { readonly do: 'open' | 'cut' | 'retry' | 'drain' }
  | { readonly do: 'serve'; readonly verdict: Verdict }
  | { readonly do: 'publish' | 'restart' | 'interrupt' | 'revoke'; readonly topic: string }
  | { readonly do: 'deliver'; readonly messages: number }
  | { readonly do: Disturbance; readonly nth: number }

type Weighted = fc.WeightedArbitrary<Action>

const step = <Name extends string>(name: Name): { do: fc.Arbitrary<Name> } => ({ do: fc.constant(name) })
const topic = fc.constantFrom('a', 'b', 'c')
const verdict = fc.oneof(
  { weight: 8, arbitrary: fc.constant('ok' as const) },
  { weight: 1, arbitrary: fc.constant('forbidden' as const) },
  { weight: 2, arbitrary: fc.constant('internal' as const) },
)

const common: readonly Weighted[] = [
  { weight: 5, arbitrary: fc.record({ ...step('subscribe'), key: fc.constantFrom(...KEYS) }) },
  { weight: 3, arbitrary: fc.record({ ...step('unsubscribe'), nth: fc.nat(5) }) },
  { weight: 5, arbitrary: fc.record(step('open')) },
  { weight: 2, arbitrary: fc.record(step('cut')) },
  { weight: 1, arbitrary: fc.record(step('drain')) },
  { weight: 2, arbitrary: fc.record(step('retry')) },
  { weight: 12, arbitrary: fc.record({ ...step('serve'), verdict }) },
  { weight: 9, arbitrary: fc.record({ ...step('publish'), topic }) },
  { weight: 10, arbitrary: fc.record({ ...step('deliver'), messages: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 2, arbitrary: fc.record({ ...step('double'), nth: fc.nat(3) }) },
]
/** Updates that do not come, or come in another order. */
export const LOSSES: readonly Weighted[] = [
  { weight: 4, arbitrary: fc.record({ ...step('lose'), nth: fc.nat(3) }) },
  { weight: 2, arbitrary: fc.record({ ...step('swap'), nth: fc.nat(3) }) },
]
/** Ends of numberings, of producers and of permissions. */
export const ENDS: readonly Weighted[] = [
  { weight: 1, arbitrary: fc.record({ ...step('restart'), topic }) },
  { weight: 1, arbitrary: fc.record({ ...step('interrupt'), topic }) },
  { weight: 1, arbitrary: fc.record({ ...step('revoke'), topic }) },
]

export const examples = (...more: readonly Weighted[]): fc.Arbitrary<Action[]> =>
  fc.noBias(fc.array(fc.oneof(...common, ...more), { minLength: 40, maxLength: 160, size: 'max' }))
