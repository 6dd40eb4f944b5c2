import type { Listener, Tell } from './effects.js'
import type { Place } from './place.js'
import type { UpdateInfo } from './routes.js'
import { ANSWERED, FREE, type Target } from './target.js'

/**
 * Passes on an update of this epoch, unless it is a duplicate. One that leaves out numbers is not passed on: it is
 * answered by true, and the connection is to be made anew and resumed. Not accepted yet on this connection, it takes
 * only what is exactly its next, and nothing in the stead of a state that it was to be sent.
 */
export function pass<Token extends Listener>(
  tell: Tell<Token>,
  target: Target<Token>,
  epoch: unknown,
  info: UpdateInfo,
  data: unknown,
): boolean {
  const { topic, seq, snapshot, source } = info
  const { live, listeners, busy } = target
  const place = target.places.get(topic) as Place
  if (!live && (place.epoch !== epoch || (snapshot ? seq !== place.seq : place.due))) return false
  // A state that the place does not begin with comes after every update up to its number, to who waits for it.
  const late = snapshot && !place.fresh
  const known = seq === place.seq
  if (seq < place.seq || (known && !snapshot)) return false
  if (seq > place.seq + (late && place.hasStates ? 0 : 1) && !target.delivery) {
    if (!live) return false
    if ((place.tornAt ?? -1) < place.seq) {
      place.tornAt = place.seq
      target.live = false
      target.busy = FREE
      return true
    }
    // The server was asked, said that nothing is missing, and left it out again: asking more would never end.
    place.tornAt = Infinity
    tellGap(tell, target, place, seq - 1)
  }
  place.seq = seq
  place.fresh = place.due = false
  place.isInterrupted = false
  // A pattern's update is the state of one topic among many; a state without the changes after it is not the present one.
  place.state = (snapshot ?? place.whole) && source === undefined ? [data, info] : undefined
  for (const [token, waits] of listeners) {
    // A state comes before what follows it; from a server that leaves it out none is waited for any longer.
    const passes = waits?.has(topic) ? snapshot || busy === ANSWERED : waits && !(late && known)
    if (!passes) continue
    waits?.delete(topic)
    tell(token, token.take, data, info)
  }
  return false
}

/** Where a topic goes on from that stood at `place`: tells the gap between the two, where there is one. */
export function goOn<Token extends Listener>(
  tell: Tell<Token>,
  target: Target<Token>,
  place: Place,
  next: Place,
  recovered: boolean | undefined,
  reset?: string,
): Place {
  const same = place.epoch === next.epoch
  if (recovered || (same && place.seq === next.seq)) {
    // Who stands at this number has what is sent of it, but for a state that is still to come.
    place.fresh = place.due &&= next.due
    return place
  }
  // Within a numbering a reset comes after all that was to be sent; numbers may be left out of that. Before a first
  // snapshot there was nothing to miss.
  if (!(same && reset && target.delivery) && !place.due) tellGap(tell, target, place, next.seq, reset)
  next.mark = place.mark
  next.hasStates ||= place.hasStates
  return next
}

/** What comes next does not follow: told to all who were given what came last. */
function tellGap<Token extends Listener>(
  tell: Tell<Token>,
  { listeners, delivery }: Target<Token>,
  { topic, seq: after }: Place,
  seq: number,
  reason = 'not_recovered',
): void {
  const gap = { topic, after, seq, reason, delivery }
  for (const [token, waits] of listeners) {
    if (waits && !waits.has(topic)) {
      tell(token, token.missed, gap)
    }
  }
}
