import type { Effect } from '../src/effects.js'
import type { Session } from '../src/session.js'

/** The effects since the last call. */
export function taken(session: Session): Effect[] {
  const effects: Effect[] = []
  for (let effect = session.next(); effect !== undefined; effect = session.next()) effects.push(effect)
  return effects
}
