/** `@topicwire/client/animation-frame`: a listener is called once a frame, with what has come since the last one. */
import type { Accepted, SubscribeOptions, Subscriptions, UpdateInfo, UpdateListener } from '@topicwire/client'
import { frameLine, hostFrames, type FrameScheduler } from './frames.js'
import { allOf, newestOf, type Pending } from './pending.js'
import { paced, type Pace } from './paced.js'

export type { FrameScheduler } from './frames.js'

/** When a listener is called, and which updates may be left out. */
export interface FrameOptions<Data> {
  /**
   * The key of an update; keys are compared as those of a `Map`. Of the updates of one key since the last frame only the
   * newest is passed on.
   */
  readonly by?: (data: Data, info: UpdateInfo) => unknown
  /**
   * How many may wait for a frame: updates, or keys. Default 10 000. When there are so many they are passed on at once, so
   * that memory is bounded and nothing is lost.
   */
  readonly maxBuffered?: number
  /** Default: the page's animation frames, a second where none comes; 16 ms where there are none at all. */
  readonly frames?: FrameScheduler
}

/** Where the updates of a batch stand. Its own members are those of the newest. */
export interface BatchInfo extends UpdateInfo {
  /** Of each update of the batch, in the same order. */
  readonly each: readonly UpdateInfo[]
}

/** Called at most once a frame, with at least one update; in the server's order. */
export type BatchListener<Data> = (data: readonly Data[], info: BatchInfo) => void

/** Subscribing to one route, whose updates come as arrays. */
export interface BatchSubscriptions<Request, Data> extends Subscriptions<Request, readonly Data[]> {
  /** As of any route; `callback` is given what has come since the last frame. */
  subscribe(
    listenerId: string,
    params: Request,
    callback: BatchListener<Data>,
    options?: SubscribeOptions,
  ): Promise<Accepted>
}

/** Those that were made without options, by route: a component that makes one in each rendering has the same. */
const conflatedRoutes: WeakMap<object, unknown> = new WeakMap()
const batchedRoutes: WeakMap<object, unknown> = new WeakMap()

/**
 * The route, whose listeners are called before the page is painted, with the newest update of each topic since the last
 * time; or of each key, by the option `by`. However many come, that is one call a frame for each of them.
 *
 *     await conflated(ws.quotes).subscribe('ticker', { symbol }, (quote) => show(quote.last))
 *
 * It is for updates that are whole states. Where one is a change of the one before, none may be left out: `batched`.
 *
 * - What is passed on keeps the server's order. Nothing comes after `unsubscribe` or `connection.close()`: what waits is
 *   dropped.
 * - `onGap` and `onError` are told after what waits has been passed on, at once.
 * - A hidden page has no frames. There what waits is passed on every second, or as seldom as the browser lets timers run,
 *   and whenever `maxBuffered` wait.
 * - Its listener ids are its own: what was begun by it is ended by it. Without options it is the same object each time;
 *   with some, make it once, not in each rendering.
 */
export function conflated<Request, Data>(
  route: Subscriptions<Request, Data>,
  options?: FrameOptions<Data>,
): Subscriptions<Request, Data> {
  if (!options) return known(conflatedRoutes, route, () => conflated(route, {}))
  const { by = (_data: Data, { topic, source = topic }: UpdateInfo): unknown => source } = options
  const pending = (): Pending<Data> => newestOf(by)
  return paced<Request, Data, UpdateListener<Data>>(
    route,
    paceOf(options, pending),
    (updates, listener, call) => {
      for (const [data, info] of updates) {
        call(() => {
          listener(data, info)
        })
      }
    },
  )
}

/**
 * The route, whose listeners are given all updates since the last frame as one array, before the page is painted; with the
 * option `by` only the newest of each key.
 *
 *     await batched(ws.trades).subscribe('tape', { symbols }, (trades) => grid.add(trades))
 *     const quotes = batched(ws.quotes, { by: (quote) => quote.symbol })
 *
 * Every update comes once, in the server's order, over all topics of the subscription. A batch never has updates from before
 * and after a gap that `onGap` is told of. All else is as with `conflated`.
 */
export function batched<Request, Data>(
  route: Subscriptions<Request, Data>,
  options?: FrameOptions<Data>,
): BatchSubscriptions<Request, Data> {
  if (!options) return known(batchedRoutes, route, () => batched(route, {}))
  const { by } = options
  const pending = (): Pending<Data> => (by ? newestOf(by) : allOf())
  return paced<Request, Data, BatchListener<Data>>(
    route,
    paceOf(options, pending),
    (updates, listener, call) => {
      const each = updates.map(([, info]) => info)
      const newest = each.at(-1)
      if (!newest) return
      const data = updates.map(([one]) => one)
      call(() => {
        listener(data, { ...newest, each })
      })
    },
  )
}

function known<Made extends object>(made: WeakMap<object, unknown>, route: object, make: () => Made): Made {
  // What is there was made of this very route.
  const one = (made.get(route) as Made | undefined) ?? make()
  made.set(route, one)
  return one
}

function paceOf<Data>(
  { maxBuffered = 10_000, frames = hostFrames }: FrameOptions<Data>,
  pending: () => Pending<Data>,
): Pace<Data> {
  return { maxBuffered, line: frameLine(frames), pending }
}
