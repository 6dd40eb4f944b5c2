import type { Members } from './frames.js'
import type { UpdateInfo } from './routes.js'

/** Where a subscription stands in one of its topics: `seq` is the last number passed on, NaN where none is given. */
export interface Place {
  readonly topic: string
  readonly epoch: unknown
  seq: number
  /** Nothing was passed on since the server named this place, so a snapshot of this very number may follow. */
  fresh: boolean
  /** A snapshot was announced and has not come: there is nothing to resume from. */
  due: boolean
  /** The number after which a gap was seen and the server was asked again; NaN before. */
  tornAt: number
  /** Each update is a whole state; otherwise one may be a change of it. */
  whole: boolean
  /** The server has said whether a snapshot follows: it may be asked for one. */
  hasStates: boolean
  /** The state at `seq`, where it is known: a snapshot, or an update that is a whole state. */
  state?: readonly [data: unknown, info: UpdateInfo] | undefined
  /** Its producer died, or it was silent for longer than it promised. */
  stale: boolean
  /** When something last came of it. */
  heardAt: number
}

/** By topic. */
export type Places = Map<string, Place>

/** The place that the server names, beginning there. */
export function placeAt(
  topic: string,
  { epoch, seq, snapshot, full_state }: Members,
  heardAt: number,
): Place {
  return {
    topic,
    epoch,
    seq: typeof seq === 'number' ? seq : NaN,
    fresh: true,
    due: snapshot === true,
    tornAt: NaN,
    whole: full_state === true,
    hasStates: typeof snapshot === 'boolean',
    stale: false,
    heardAt,
  }
}

/** Whether the server is to be asked for the state that somebody new begins with. */
export function lacksState({ hasStates, whole, state, fresh }: Place): boolean {
  return hasStates && !whole && !state && !fresh
}

/** Whether there is something to resume from: a position that the server named, and the state that it announced. */
function isKnown({ epoch, seq, due }: Place): boolean {
  return typeof epoch === 'string' && seq >= 0 && !due
}

/**
 * `resume` of a subscription that goes on from these places; nothing where the server gave none to go on from. From the
 * lowest of all who stand in a topic: it is sent once a connection, so what came before that would come to nobody.
 * By topic though there is only one: a request may have got more since, and a server takes no one position for several.
 */
export function resumeOf(places: Places, peersAt: (topic: string) => readonly Place[]): object | undefined {
  const known = [...places.values()].filter(isKnown)
  const resume = known.map(({ topic, epoch }) => {
    const peers = peersAt(topic).filter((peer) => peer.epoch === epoch && isKnown(peer))
    return [topic, { epoch, seq: Math.min(...peers.map(({ seq }) => seq)) }]
  })
  return known.length > 0 ? (Object.fromEntries(resume) as object) : undefined
}
