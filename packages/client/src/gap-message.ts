import type { Gap } from './routes.js'

/** A gap in words, for those who take errors alone. */
export function gapMessage({ topic, after, seq, reason }: Gap): string {
  return `${topic}: missed after ${after}, goes on after ${seq} (${reason}).`
}
