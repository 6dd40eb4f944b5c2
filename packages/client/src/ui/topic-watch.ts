import { TopicwireError } from '@topicwire/client'
import type { Gap, Subscriptions, UpdateInfo } from '@topicwire/client'
import { watched, type WatchedOptions, type WatchedSubscriptions } from '../stale/index.js'

/**
 * - `idle`: there is no request, so nothing is subscribed.
 * - `waiting`: asked for, not accepted yet. An `error` beside it says why not so far; it is still tried.
 * - `live`: accepted. It stays so while the client reconnects by itself: the socket's state is `connection.status`.
 * - `failed`: refused, or ended by the server; `error` says why. It is not tried again until `retry` or another request.
 */
export type TopicStatus = 'idle' | 'waiting' | 'live' | 'failed'

/** What is known of a subscription. Replaced as a whole by each change, never changed itself. */
export interface TopicState<Data> {
  /**
   * The latest update, or the state that came first; undefined before there is one. Where each update counts (an event,
   * a row to add), take `onUpdate`: of several updates that come together this is only the last.
   */
  readonly data: Data | undefined
  readonly status: TopicStatus
  /** A topic of the subscription is silent though its route promised a rate, or its producer died: `data` may be old. */
  readonly stale: boolean
  /** Why the subscription is not there, or not yet. */
  readonly error: TopicwireError | undefined
}

/** What may be said of one `useTopic`. */
export interface TopicOptions<Data> {
  /** Called for every update, in the server's order, with the request that is current; the newest function given. */
  readonly onUpdate?: ((data: Data, info: UpdateInfo) => void) | undefined
  /** Told when updates were missed for good; as in `subscribe`, without it a lossless route's goes to the connection. */
  readonly onGap?: ((gap: Gap) => void) | undefined
  /**
   * True: `data` of the former request stays until the first update of the new one, instead of going at once. Default
   * false, for what is of another request is shown under the wrong name otherwise.
   */
  readonly keepPrevious?: boolean | undefined
  /** How long an attempt to subscribe may take before `error` says so, in ms. Default: the client's. */
  readonly timeoutMs?: number | undefined
}

/** The errors that say only that the server is not there: the subscription is asked for again. */
const PASSING: ReadonlySet<string> = new Set(['offline', 'timeout'])

let watches = 0

/**
 * One request of a route, followed as long as it is started: what `useTopic` is in every framework. Making it touches
 * nothing. Stopped and started again it goes on from the state that it had.
 */
export class TopicWatch<Request, Data> {
  state: TopicState<Data>
  readonly #route: WatchedSubscriptions<Request, Data>
  readonly #request: Request | undefined
  readonly #options: () => TopicOptions<Data>
  readonly #changed: () => void
  /** Undefined while stopped; another one for each attempt, so that an earlier attempt's end is told from this one's. */
  #attempt: object | undefined
  readonly #listenerId = `useTopic ${++watches}`
  readonly #staleTopics: Set<string> = new Set()

  constructor(
    route: Subscriptions<Request, Data>,
    request: Request | undefined,
    options: () => TopicOptions<Data>,
    changed: () => void,
    previous: Data | undefined,
  ) {
    this.#route = watched(route)
    this.#request = request
    this.#options = options
    this.#changed = changed
    const status = request === undefined ? 'idle' : 'waiting'
    this.state = { data: previous, status, stale: false, error: undefined }
  }

  start(): void {
    if (this.#request === undefined || this.#attempt !== undefined) return
    const attempt = (this.#attempt = {})
    const current = (): boolean => this.#attempt === attempt
    const { timeoutMs, onGap } = this.#options()
    const options: WatchedOptions = {
      ...(timeoutMs !== undefined && { timeoutMs }),
      ...(onGap !== undefined && { onGap: (gap) => this.#options().onGap?.(gap) }),
      onError: (error) => {
        if (current()) this.#failed(error)
      },
      onStale: (stale, topic) => {
        if (!current()) return
        if (stale) this.#staleTopics.add(topic)
        else this.#staleTopics.delete(topic)
        this.#set({ stale: this.#staleTopics.size > 0 })
      },
    }
    const listener = (data: Data, info: UpdateInfo): void => {
      if (!current()) return
      // Accepted, though the promise has yet to say so.
      this.#set({ data, status: 'live', error: undefined })
      this.#options().onUpdate?.(data, info)
    }
    this.#route.subscribe(this.#listenerId, this.#request, listener, options).then(
      () => {
        // An update that failed may have ended it before this is told.
        if (current()) this.#set({ status: 'live', error: undefined })
      },
      (cause: unknown) => {
        if (current()) this.#failed(errorOf(cause))
      },
    )
  }

  /** From here on nothing is told any more. */
  stop(): void {
    if (this.#attempt === undefined) return
    this.#attempt = undefined
    this.#staleTopics.clear()
    void this.#route.unsubscribe(this.#listenerId)
  }

  /** Subscribes anew after a failure; does nothing otherwise. */
  readonly retry = (): void => {
    if (this.state.status !== 'failed') return
    this.#attempt = undefined
    this.#set({ status: 'waiting' })
    this.start()
  }

  #failed(error: TopicwireError): void {
    this.#attempt = undefined
    this.#staleTopics.clear()
    const passing = PASSING.has(error.code)
    this.#set({ status: passing ? 'waiting' : 'failed', stale: false, error })
    // It has waited for the time that the attempt was given, so this does not spin.
    if (passing) this.start()
  }

  #set(change: Partial<TopicState<Data>>): void {
    const next = { ...this.state, ...change }
    const { data, status, stale, error } = this.state
    if (next.data === data && next.status === status && next.stale === stale && next.error === error) return
    this.state = next
    this.#changed()
  }
}

function errorOf(cause: unknown): TopicwireError {
  if (cause instanceof TopicwireError) return cause
  // What JSON cannot carry is refused before it is sent.
  return new TopicwireError('invalid_request', `The request cannot be sent: ${String(cause)}`, { cause })
}
