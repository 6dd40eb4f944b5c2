import type { Members } from './frames.js'
import type { TopicMark } from './options.js'
import type { UpdateInfo } from './routes.js'

/** Where a subscription stands in one of its topics: `seq` is the last number passed on, NaN where none is given. */
export interface Place {
  readonly topic: string
  readonly epoch: string | undefined
  seq: number
  /** Nothing was passed on since the server named this place, so a snapshot of this very number may follow. */
  fresh: boolean | undefined
  /** A snapshot was announced and has not come: there is nothing to resume from. */
  due: boolean | undefined
  /** The number after which a gap was seen and the server was asked again; nothing before. */
  tornAt?: number
  /** Each update is a whole state; otherwise one may be a change of it. */
  whole: boolean | undefined
  /** The server has said whether a snapshot follows: it may be asked for one. */
  hasStates: boolean
  /** The state at `seq`, where it is known: a snapshot, or an update that is a whole state. */
  state?: readonly [data: unknown, info: UpdateInfo] | undefined
  /** Its producer has died, and is started again. */
  isInterrupted?: boolean | undefined
  /** The topic in this subscription, over all its numberings. */
  mark: TopicMark
}

/** By topic. */
export type Places = Map<string, Place>

/** The place that the server names, beginning there. */
export function placeAt(topic: string, { epoch, seq = NaN, snapshot, full_state }: Members): Place {
  return {
    topic,
    epoch,
    seq,
    fresh: true,
    due: snapshot,
    whole: full_state,
    hasStates: snapshot !== undefined,
    mark: { topic },
  }
}

/** Whether there is something to resume from: a position that the server named, and the state that it announced. */
export function isKnown({ epoch, seq, due }: Place): boolean {
  return !!epoch && seq >= 0 && !due
}
