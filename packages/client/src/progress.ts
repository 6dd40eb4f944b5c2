import type { Listener, Performer, Tell } from './effects.js'
import type { Members } from './frames.js'
import { placeAt, type Place } from './place.js'
import type { UpdateInfo } from './routes.js'
import { ANSWERED, FREE, type Target } from './target.js'

/** How subscriptions go on in their topics, and what their listeners are told of it. */
export interface Progress<Token> {
  accept(target: Target<Token>, reply: Members): void
  welcome(target: Target<Token>, awaited?: readonly string[]): void
  pass(target: Target<Token>, epoch: unknown, info: UpdateInfo, data: unknown): boolean
  moved(target: Target<Token>, topic: string, payload: Members): void
  note(target: Target<Token>, place: Place, isInterrupted?: boolean): void
}

/** `holdersOf` are the subscriptions that have a topic. */
export function newProgress<Token extends Listener>(
  tell: Tell<Token>,
  host: Performer,
  holdersOf: (route: string, topic: string) => readonly Target<Token>[],
): Progress<Token> {
  /**
   * The server has accepted it: on from where it stood, or from a new place. The server sends a topic once a connection,
   * so who comes to it by another request is announced no state, and has that of the topic's other holders.
   *
   * Where it is on the server was asked for states alone, and those that it announces follow. Where there is none, who
   * waits begins without, as anybody would who subscribes now; that of a topic whose producer is dead comes with its reset.
   */
  const accept = (target: Target<Token>, reply: Members): void => {
    const { listeners, places, route } = target
    const awaited: string[] | undefined = target.live ? [] : undefined
    target.delivery = reply.delivery
    target.staleAfterS = reply.stale_after_s
    target.places = new Map()
    for (const item of reply.topics ?? [reply]) {
      const { topic = target.key } = item
      const place = places.get(topic)
      const next = placeAt(topic, item)
      if (place && awaited) {
        target.places.set(topic, place)
        if (!place.state && (next.due || place.isInterrupted)) awaited.push(topic)
        continue
      }
      const taken = place ? goOn(target, place, next, item.recovered) : next
      if (taken === next) {
        // What the server has said goes for all; the state that it has announced comes first.
        for (const waits of listeners.values()) waits?.delete(topic)
      }
      settleAt(target, taken, next.whole)
      for (const { live, places: others } of taken.due ? [] : holdersOf(route, topic)) {
        const there = others.get(topic)
        if (!live || taken.state || !there?.state || there.epoch !== taken.epoch || there.seq !== taken.seq)
          continue
        taken.state = there.state
        // Who waits for it, or was told of a gap, goes on from it too.
        for (const [token, waits] of listeners) {
          if (waits?.delete(topic) || (waits && taken === next)) giveState(token, taken)
        }
      }
    }
    target.reach = JSON.stringify([route, ...target.places.keys()])
    target.live = true
    target.busy = awaited ? ANSWERED : FREE
    target.failures = 0
    welcome(target, awaited)
  }

  /**
   * Accepts who is not accepted yet, unless the server is to be asked for a state first; who comes late is given the
   * present one. `awaited` are the topics whose states are still to come after that.
   */
  const welcome = (target: Target<Token>, awaited?: readonly string[]): void => {
    const { listeners, places } = target
    const all = [...places.values()]
    if (!awaited && all.some(({ hasStates, whole, state, fresh }) => hasStates && !whole && !state && !fresh))
      return
    for (const [token, waits] of listeners) {
      if (waits && !awaited) continue
      listeners.set(token, new Set(awaited?.filter((topic) => !waits || waits.has(topic))))
      if (waits) continue
      tell(token, token.settled, { topics: [...places.keys()] })
      for (const place of all) giveState(token, place)
      for (const place of all) noteTo(token, target, place)
    }
  }

  /** Goes on from a place that the server has named. */
  const settleAt = (
    target: Target<Token>,
    place: Place,
    whole: boolean | undefined,
    isInterrupted?: boolean,
  ): void => {
    place.whole = whole
    target.places.set(place.topic, place)
    note(target, place, isInterrupted)
  }

  /** The topic goes on from here, perhaps in a new numbering. Who is still to be accepted learns of it from the reply. */
  const moved = (target: Target<Token>, topic: string, payload: Members): void => {
    const place = target.places.get(topic) as Place
    const next = placeAt(topic, payload)
    settleAt(target, goOn(target, place, next, false, payload.reason ?? 'reset'), place.whole, false)
  }

  /**
   * Passes on an update of this epoch, unless it is a duplicate. One that leaves out numbers is not passed on: it is
   * answered by true, and the connection is to be made anew and resumed. Not accepted yet on this connection, it takes
   * only what is exactly its next, and nothing in the stead of a state that it was to be sent.
   */
  const pass = (target: Target<Token>, epoch: unknown, info: UpdateInfo, data: unknown): boolean => {
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
      tellGap(target, place, seq - 1)
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
  const goOn = (
    target: Target<Token>,
    place: Place,
    next: Place,
    recovered: boolean | undefined,
    reset?: string,
  ): Place => {
    const same = place.epoch === next.epoch
    if (recovered || (same && place.seq === next.seq)) {
      // Who stands at this number has what is sent of it, but for a state that is still to come.
      place.fresh = place.due &&= next.due
      return place
    }
    // Within a numbering a reset comes after all that was to be sent; numbers may be left out of that. Before a first
    // snapshot there was nothing to miss.
    if (!(same && reset && target.delivery) && !place.due) tellGap(target, place, next.seq, reset)
    next.mark = place.mark
    next.hasStates ||= place.hasStates
    return next
  }

  const giveState = (token: Token, { state }: Place): void => {
    if (state) {
      tell(token, token.take, state[0], { ...state[1], snapshot: true })
    }
  }

  const noteTo = (token: Token, { staleAfterS }: Target<Token>, { mark, isInterrupted }: Place): void =>
    tell(token, token.noted, mark, isInterrupted, staleAfterS, host.wait)

  /** The server has said of a topic where it stands, that it begins anew (false) or that it is interrupted. */
  const note = (target: Target<Token>, place: Place, isInterrupted?: boolean): void => {
    place.isInterrupted = isInterrupted
    for (const [token, accepted] of target.listeners) if (accepted) noteTo(token, target, place)
  }

  const tellGap = (
    { listeners, delivery }: Target<Token>,
    { topic, seq: after }: Place,
    seq: number,
    reason = 'not_recovered',
  ): void => {
    const gap = { topic, after, seq, reason, delivery }
    for (const [token, waits] of listeners) {
      if (waits && !waits.has(topic)) {
        tell(token, token.missed, gap)
      }
    }
  }

  return { accept, welcome, pass, moved, note }
}
