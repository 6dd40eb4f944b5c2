import type { Emit } from './effects.js'
import { membersOf, msOf, textOf, type Members } from './frames.js'
import { lacksState, placeAt, type Place } from './place.js'
import type { Gap, UpdateInfo } from './routes.js'
import type { Target } from './target.js'

/** What the parts of a session share. */
export interface Context<Token> {
  readonly emit: Emit<Token>
  /** The time of the frame that is being received. */
  now: number
  /** The subscriptions that have a topic. */
  holdersOf(route: string, topic: string): readonly Target<Token>[]
}

/** How subscriptions go on in their topics, and what their listeners are told of it. */
export interface Progress<Token> {
  accept(target: Target<Token>, reply: Members): void
  welcome(target: Target<Token>, awaited?: readonly string[]): void
  update(target: Target<Token>, epoch: unknown, info: UpdateInfo, data: unknown): boolean
  reset(target: Target<Token>, topic: string, payload: Members): void
  silent(target: Target<Token>, topic: string, now: number): void
  setStale(target: Target<Token>, place: Place | undefined, stale: boolean): void
}

export function newProgress<Token>(context: Context<Token>): Progress<Token> {
  const { emit } = context

  /**
   * The server has accepted it: on from where it stood, or from a new place. The server sends a topic once a connection,
   * so who comes to it by another request is announced no state, and has that of the topic's other holders.
   *
   * Where it is on the server was asked for states alone, and those that it announces follow. Where there is none, who
   * waits begins without, as anybody would who subscribes now; that of a topic whose producer is dead comes with its reset.
   */
  const accept = (target: Target<Token>, reply: Members): void => {
    const { listeners, places: before } = target
    const awaited: string[] | undefined = target.state === 'on' ? [] : undefined
    const { topics, delivery, stale_after_s } = reply
    target.delivery = textOf(delivery, '')
    target.staleAfterMs = msOf(stale_after_s)
    target.places = new Map()
    for (const item of Array.isArray(topics) ? topics.map(membersOf) : [reply]) {
      const next = placeAt(textOf(item['topic'], target.key), item, context.now)
      const { topic } = next
      const place = before.get(topic)
      if (place && awaited) {
        target.places.set(topic, place)
        if (!place.state && (next.due || place.stale)) awaited.push(topic)
        continue
      }
      const taken = place ? goOn(target, place, next, item['recovered'] === true) : next
      taken.whole = next.whole
      target.places.set(topic, taken)
      // What the server has said goes for all; the state that it has announced comes first.
      if (taken === next) for (const waits of listeners.values()) waits?.delete(topic)
      // A topic that promised a rate is heard of soon.
      if (!target.staleAfterMs) setStale(target, taken, false)
      watch(target, taken)
      for (const { state, places } of taken.due ? [] : context.holdersOf(target.route, topic)) {
        const there = state === 'on' && !taken.state ? places.get(topic) : undefined
        if (!there?.state || there.epoch !== taken.epoch || there.seq !== taken.seq) continue
        taken.state = there.state
        // Who waits for it, or was told of a gap, goes on from it too.
        for (const [token, waits] of listeners) {
          if (waits?.delete(topic) || (waits && taken === next)) giveState(token, taken)
        }
      }
    }
    target.state = 'on'
    target.question = awaited && 'answered'
    target.failures = 0
    welcome(target, awaited)
  }

  /**
   * Accepts who is not accepted yet, unless the server is to be asked for a state first; who comes late is given the
   * present one. `awaited` are the topics whose states are still to come after that.
   */
  const welcome = ({ listeners, places }: Target<Token>, awaited?: readonly string[]): void => {
    const all = [...places.values()]
    if (!awaited && all.some(lacksState)) return
    for (const [token, waits] of listeners) {
      if (waits && !awaited) continue
      listeners.set(token, new Set(awaited?.filter((topic) => !waits || waits.has(topic))))
      if (waits) continue
      emit(token, 'resolve', { topics: [...places.keys()] })
      for (const place of all) giveState(token, place)
      for (const { topic, stale } of all) if (stale) emit(token, 'stale', stale, topic)
    }
  }

  /** The topic goes on from here, perhaps in a new numbering. Who is still to be accepted learns of it from the reply. */
  const reset = (target: Target<Token>, topic: string, payload: Members): void => {
    const place = target.places.get(topic)
    if (!place || target.state !== 'on') return
    const next = placeAt(topic, payload, context.now)
    const taken = goOn(target, place, next, false, textOf(payload['reason'], 'reset'))
    taken.whole = place.whole
    target.places.set(topic, taken)
    setStale(target, taken, false)
    watch(target, taken)
  }

  /** The time of a `watch` has come: the topic is stale, unless something came of it meanwhile. */
  const silent = (target: Target<Token>, topic: string, now: number): void => {
    const place = target.places.get(topic)
    if (!place || target.state !== 'on' || !target.staleAfterMs) return
    const delayMs = place.heardAt + target.staleAfterMs - now
    if (delayMs > 0) emit(undefined, 'watch', target.key, topic, delayMs)
    else setStale(target, place, true)
  }

  /**
   * Passes on an update of this epoch, unless it is a duplicate. One that leaves out numbers is not passed on: it is
   * answered by true, and the connection is to be made anew and resumed. Not accepted yet on this connection, it takes
   * only what is exactly its next, and nothing in the stead of a state that it was to be sent.
   */
  const update = (target: Target<Token>, epoch: unknown, info: UpdateInfo, data: unknown): boolean => {
    const { topic, seq, snapshot, source } = info
    const place = target.places.get(topic)
    const off = target.state !== 'on'
    if (!place || (off && (place.epoch !== epoch || (snapshot ? seq !== place.seq : place.due)))) return false
    if (seq < place.seq || (seq === place.seq && !snapshot)) return false
    // A state that the place does not begin with comes after every update up to its number, to who waits for it.
    const late = snapshot && !place.fresh
    const known = late && seq === place.seq
    if (seq > place.seq + (late && place.hasStates ? 0 : 1) && !target.delivery) {
      if (off) return false
      if (!(place.tornAt >= place.seq)) {
        place.tornAt = place.seq
        target.state = 'off'
        return true
      }
      // The server was asked, said that nothing is missing, and left it out again: asking more would never end.
      place.tornAt = Infinity
      tellGap(target, place, seq - 1)
    }
    place.seq = seq
    place.fresh = place.due = false
    if (place.stale) {
      setStale(target, place, false)
      watch(target, place)
    }
    place.heardAt = context.now
    // A pattern's update is the state of one topic among many; a state without the changes after it is not the present one.
    place.state = (snapshot ?? place.whole) && source === undefined ? [data, info] : undefined
    for (const [token, waits] of target.listeners) {
      // A state comes before what follows it; from a server that leaves it out none is waited for any longer.
      const passes = waits?.has(topic) ? snapshot || target.question === 'answered' : waits && !known
      if (!passes) continue
      waits?.delete(topic)
      emit(token, 'update', data, info)
    }
    return false
  }

  /** Where a topic goes on from that stood at `place`: tells the gap between the two, where there is one. */
  const goOn = (
    target: Target<Token>,
    place: Place,
    next: Place,
    recovered: boolean,
    reset?: string,
  ): Place => {
    const same = place.epoch === next.epoch
    if (recovered || (same && place.seq === next.seq)) {
      // Who stands at this number has what is sent of it, but for a state that is still to come.
      place.fresh = place.due &&= next.due
      return place
    }
    // Within a numbering a reset comes after all that was to be sent; numbers may be left out of that.
    const missed = !same || reset === undefined || !target.delivery
    // Before a first snapshot there was nothing to miss.
    if (missed && !place.due) tellGap(target, place, next.seq, reset)
    next.stale = place.stale
    next.hasStates ||= place.hasStates
    return next
  }

  const giveState = (token: Token, { state }: Place): void => {
    if (state) emit(token, 'update', state[0], { ...state[1], snapshot: true })
  }

  const setStale = ({ listeners }: Target<Token>, place: Place | undefined, stale: boolean): void => {
    if (!place || place.stale === stale) return
    place.stale = stale
    for (const [token, accepted] of listeners) if (accepted) emit(token, 'stale', stale, place.topic)
  }

  const watch = ({ key, staleAfterMs }: Target<Token>, place: Place): void => {
    place.heardAt = context.now
    if (staleAfterMs) emit(undefined, 'watch', key, place.topic, staleAfterMs)
  }

  const tellGap = (
    { listeners, delivery }: Target<Token>,
    { topic, seq: after }: Place,
    seq: number,
    reason = 'not_recovered',
  ): void => {
    const gap: Gap = { topic, after, seq, reason, ...(delivery && { delivery }) }
    for (const [token, waits] of listeners) if (waits && !waits.has(topic)) emit(token, 'gap', gap)
  }

  return { accept, welcome, update, reset, silent, setStale }
}
