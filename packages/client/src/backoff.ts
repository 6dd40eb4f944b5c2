import type { BackoffOptions } from './options.js'

/**
 * The longest delay before the next attempt, in ms, after `failures` failures in a row: it doubles. The delay is a uniform
 * draw between zero and that (full jitter), so that a crowd that lost its server at one moment does not return at one.
 */
export function ceilingMs(failures: number, { baseMs = 500, maxMs = 20_000 }: BackoffOptions): number {
  // No base doubled for ever is no number.
  return Math.min(maxMs, baseMs * 2 ** failures) || 0
}
