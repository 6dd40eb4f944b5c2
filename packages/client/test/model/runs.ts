/** How many examples a property takes: a few at each change, many in `npm run test:long`. */
export const LONG = process.env['TOPICWIRE_LONG'] === '1'

/** A failure prints its seed and path; `TOPICWIRE_SEED` repeats it. */
export function runs(few: number): { numRuns: number; seed?: number } {
  const seed = process.env['TOPICWIRE_SEED']
  return { numRuns: LONG ? 10_000 : few, ...(seed !== undefined && { seed: Number(seed) }) }
}
