import type { Effect, Token } from './effects.js'
import { textOf, type Members } from './frames.js'
import { acceptedBy, lacksState, placeAt, type Place } from './place.js'
import type { UpdateInfo } from './routes.js'

/**
 * One canonical request, its listeners, and where they stand. `state` is what the wire knows: a command is in flight in
 * the two states that end in -scribing, never a second one, so the server holds at most one subscription of a key.
 * While it is on, the same command asks once more for the states that listeners lack. `question` is `answered` when
 * these are on their way, and `resting` until a `retry`.
 */
export class Subscription {
  readonly key: string
  readonly route: string
  readonly params: string
  /**
   * Nothing until each was told that it is accepted; then the topics whose states it waits for, of which nothing else
   * goes to it.
   */
  readonly listeners: Map<Token, Set<string> | undefined> = new Map()
  leaving: Token[] = []
  state: 'off' | 'subscribing' | 'on' | 'unsubscribing' = 'off'
  question: 'asked' | 'resting' | 'answered' | undefined
  /** By topic; it outlives the connection, to resume from. */
  places: Map<string, Place> = new Map()
  /** It was accepted once: a refusal that may pass is retried instead of told. */
  established = false
  failures = 0
  /** How the route delivers where it is not lossless: then a number left out is no gap. */
  #delivery: string | undefined
  /** How long a topic may be silent; undefined where no rate was promised. */
  #staleAfterMs: number | undefined
  readonly #emit: (effect: Effect) => void

  constructor(key: string, route: string, params: string, emit: (effect: Effect) => void) {
    this.key = key
    this.route = route
    this.params = params
    this.#emit = emit
  }

  /**
   * The server has accepted it: on from where it stood, or from a new place. `holdersOf` gives the other subscriptions
   * that have a topic: the server sends a topic once a connection, so who comes to it by another request is announced no
   * state, and has theirs.
   *
   * Where it is on the server was asked for states alone, and those that it announces follow. Where there is none, who
   * waits begins without, as anybody would who subscribes now; that of a topic whose producer is dead comes with its reset.
   */
  accept(reply: Members, now: number, holdersOf: (topic: string) => readonly Subscription[]): void {
    const before = this.places
    const awaited: string[] | undefined = this.state === 'on' ? [] : undefined
    const { delivery, stale_after_s } = reply
    this.#delivery = typeof delivery === 'string' ? delivery : undefined
    this.#staleAfterMs = typeof stale_after_s === 'number' ? stale_after_s * 1_000 : undefined
    this.places = new Map()
    for (const [topic, item] of acceptedBy(reply, this.key)) {
      const place = before.get(topic)
      const next = placeAt(item, now)
      if (place && awaited) {
        this.places.set(topic, place)
        if (!place.state && (next.due || place.stale)) awaited.push(topic)
        continue
      }
      const recovered = item['recovered'] === true
      const taken = place === undefined ? next : this.#goOn(topic, place, next, recovered)
      taken.whole = item['full_state'] === true
      this.places.set(topic, taken)
      // What the server has said goes for all; the state that it has announced comes first.
      if (taken === next) for (const waits of this.listeners.values()) waits?.delete(topic)
      // A topic that promised a rate is heard of soon.
      if (this.#staleAfterMs === undefined) this.#setStale(topic, taken, false)
      this.#watch(topic, taken, now)
      for (const { state, places } of taken.due ? [] : holdersOf(topic)) {
        const there = state === 'on' && !taken.state ? places.get(topic) : undefined
        if (!there?.state || there.epoch !== taken.epoch || there.seq !== taken.seq) continue
        taken.state = there.state
        // Who waits for it, or was told of a gap, goes on from it too.
        for (const [token, waits] of this.listeners) {
          const awaited = waits?.delete(topic)
          if (awaited || (waits && taken === next)) this.#giveState(token, taken)
        }
      }
    }
    this.state = 'on'
    this.question = awaited && 'answered'
    this.established = true
    this.failures = 0
    this.welcome(awaited)
  }

  /**
   * Accepts who is not accepted yet, unless the server is to be asked for a state first; who comes late is given the
   * present one. `awaited` are the topics whose states are still to come after that.
   */
  welcome(awaited?: readonly string[]): void {
    if (!awaited && [...this.places.values()].some(lacksState)) return
    for (const [token, waits] of this.listeners) {
      if (waits && !awaited) continue
      this.listeners.set(token, new Set(awaited?.filter((topic) => !waits || waits.has(topic))))
      if (waits) continue
      this.#emit({ kind: 'resolved', token, value: { topics: [...this.places.keys()] } })
      for (const place of this.places.values()) this.#giveState(token, place)
      for (const [topic, { stale }] of this.places) {
        if (stale) this.#emit({ kind: 'stale', token, topic, stale })
      }
    }
  }

  lost(): void {
    this.state = 'off'
    this.question = undefined
  }

  /** Whether the server is to be asked now: to begin, or for states that listeners lack. */
  get asks(): boolean {
    const { question } = this
    return (!question || question === 'answered') && this.waiting(!question).length > 0
  }

  /** Who is not accepted, or, `all`, waits for a state; everybody where it is not on. */
  waiting(all = true): Token[] {
    const tokens: Token[] = []
    for (const [token, waits] of this.listeners)
      if (this.state !== 'on' || !waits || (all && waits.size > 0)) tokens.push(token)
    return tokens
  }

  /** The topic goes on from here, perhaps in a new numbering. Who is still to be accepted learns of it from the reply. */
  reset(topic: string, payload: Members, now: number): void {
    const place = this.places.get(topic)
    if (place === undefined || this.state !== 'on') return
    const taken = this.#goOn(topic, place, placeAt(payload, now), false, textOf(payload['reason'], 'reset'))
    taken.whole = place.whole
    this.places.set(topic, taken)
    this.#setStale(topic, taken, false)
    this.#watch(topic, taken, now)
  }

  /** The topic's producer has died; the server starts it again. */
  interrupt(topic: string): void {
    const place = this.places.get(topic)
    if (place !== undefined) this.#setStale(topic, place, true)
  }

  /** The time of a `watch` has come: the topic is stale, unless something came of it meanwhile. */
  silent(topic: string, now: number): void {
    const place = this.places.get(topic)
    if (place === undefined || this.state !== 'on' || this.#staleAfterMs === undefined) return
    const delayMs = place.heardAt + this.#staleAfterMs - now
    if (delayMs > 0) this.#emit({ kind: 'watch', key: this.key, topic, delayMs })
    else this.#setStale(topic, place, true)
  }

  /**
   * Passes on an update of this epoch, unless it is a duplicate. One that leaves out numbers is not passed on: it is
   * answered by true, and the connection is to be made anew and resumed. Not accepted yet on this connection, it takes
   * only what is exactly its next, and nothing in the stead of a state that it was to be sent.
   */
  update(epoch: unknown, info: UpdateInfo, data: unknown, now: number): boolean {
    const { topic, seq, snapshot, source } = info
    const place = this.places.get(topic)
    const waits = this.state !== 'on'
    if (
      place === undefined ||
      (waits && (place.epoch !== epoch || (snapshot ? seq !== place.seq : place.due)))
    )
      return false
    if (seq < place.seq || (seq === place.seq && !snapshot)) return false
    // A state that the place does not begin with comes after every update up to its number, to who waits for it.
    const late = snapshot && !place.fresh
    const known = late && seq === place.seq
    if (seq > place.seq + (late && place.hasStates ? 0 : 1) && this.#delivery === undefined) {
      if (waits) return false
      if (!(place.tornAt >= place.seq)) {
        place.tornAt = place.seq
        this.state = 'off'
        return true
      }
      // The server was asked, said that nothing is missing, and left it out again: asking more would never end.
      place.tornAt = Infinity
      this.#tellGap(topic, place, seq - 1, 'not_recovered')
    }
    place.seq = seq
    place.fresh = false
    place.due = false
    if (place.stale) {
      this.#setStale(topic, place, false)
      this.#watch(topic, place, now)
    }
    place.heardAt = now
    // A pattern's update is the state of one topic among many; a state without the changes after it is not the present one.
    place.state = (snapshot ?? place.whole) && source === undefined ? { data, info } : undefined
    for (const [token, waits] of this.listeners) {
      // A state comes before what follows it; from a server that leaves it out none is waited for any longer.
      const passes = waits?.has(topic) ? snapshot || this.question === 'answered' : waits && !known
      if (!passes) continue
      waits?.delete(topic)
      this.#emit({ kind: 'update', token, data, info })
    }
    return false
  }

  /** Where a topic goes on from that stood at `place`: tells the gap between the two, where there is one. */
  #goOn(topic: string, place: Place, next: Place, recovered: boolean, reset?: string): Place {
    const same = place.epoch === next.epoch
    if (recovered || (same && place.seq === next.seq)) {
      // Who stands at this number has what is sent of it, but for a state that is still to come.
      place.fresh = place.due &&= next.due
      return place
    }
    // Within a numbering a reset comes after all that was to be sent; numbers may be left out of that.
    const missed = !same || reset === undefined || this.#delivery === undefined
    // Before a first snapshot there was nothing to miss.
    if (missed && !place.due) this.#tellGap(topic, place, next.seq, reset ?? 'not_recovered')
    next.stale = place.stale
    next.hasStates ||= place.hasStates
    return next
  }

  #giveState(token: Token, { state }: Place): void {
    if (state === undefined) return
    this.#emit({ kind: 'update', token, data: state.data, info: { ...state.info, snapshot: true } })
  }

  #setStale(topic: string, place: Place, stale: boolean): void {
    if (place.stale === stale) return
    place.stale = stale
    for (const [token, accepted] of this.listeners) {
      if (accepted) this.#emit({ kind: 'stale', token, topic, stale })
    }
  }

  #watch(topic: string, place: Place, now: number): void {
    place.heardAt = now
    const delayMs = this.#staleAfterMs
    if (delayMs !== undefined) this.#emit({ kind: 'watch', key: this.key, topic, delayMs })
  }

  #tellGap(topic: string, place: Place, seq: number, reason: string): void {
    const gap = { topic, after: place.seq, seq, reason, ...(this.#delivery && { delivery: this.#delivery }) }
    for (const [token, waits] of this.listeners) {
      if (waits && !waits.has(topic)) this.#emit({ kind: 'gap', token, gap })
    }
  }
}
