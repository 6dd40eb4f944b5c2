import type { BackoffOptions } from './options.js'

/**
 * The delay before the next attempt, in ms, after `failures` failures in a row: full jitter, a uniform draw between
 * zero and a ceiling that doubles, so that a crowd that lost its server at one moment does not return at one.
 */
export function fullJitterMs(
  failures: number,
  { baseMs = 500, maxMs = 20_000, random = Math.random }: BackoffOptions = {},
): number {
  return random() * Math.min(maxMs, baseMs * 2 ** Math.min(failures, 30))
}
