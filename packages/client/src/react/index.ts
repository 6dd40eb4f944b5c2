/** `@topicwire/client/react`: a route's updates as the state of a component. */
import { useInsertionEffect, useMemo, useRef, useSyncExternalStore } from 'react'
import type { Subscriptions } from '@topicwire/client'
import { sentKey } from '../ui/request-key.js'
import { TopicWatch, type TopicOptions, type TopicState } from '../ui/topic-watch.js'

export type { TopicOptions, TopicState, TopicStatus } from '../ui/topic-watch.js'

/** A subscription as a component sees it in one rendering. */
export interface UseTopic<Data> extends TopicState<Data> {
  /** Subscribes anew after a failure; does nothing otherwise. The same function for the same request. */
  readonly retry: () => void
}

/**
 * The updates of a route, as long as the component is mounted:
 *
 *     const { data, status, stale, error } = useTopic(ws.quotes, { symbol })
 *
 * The subscription follows the request by value: an object made anew in each rendering keeps it, another value replaces
 * it, undefined ends it. `data` goes with its request, unless `keepPrevious`. While the client reconnects everything
 * stays as it is. A server that is not there is waited for; what it refuses is in `error`, and `retry` asks again.
 *
 * The mounting, unmounting and mounting again of `StrictMode` makes one subscription on the wire. All of one rendering
 * sees one state. On a server nothing is subscribed and no socket is opened: `data` is undefined there.
 */
export function useTopic<Request, Data>(
  route: Subscriptions<Request, Data>,
  request: NoInfer<Request> | undefined,
  options: TopicOptions<Data> = {},
): UseTopic<Data> {
  const newest = useRef(options)
  const shown = useRef<Data>(undefined)
  const key = sentKey(route, request)
  const store = useMemo(
    () =>
      storeOf(
        route,
        request,
        () => newest.current,
        options.keepPrevious === true ? shown.current : undefined,
      ),
    // By value: the request of the first rendering with this key is as good as any later one.
    [route, key],
  )
  const state = useSyncExternalStore(store.subscribe, store.read, store.readFirst)
  // Before any other effect, and before updates that a new subscription brings.
  useInsertionEffect(() => {
    newest.current = options
    shown.current = state.data
  })
  return useMemo(() => ({ ...state, retry: store.retry }), [state, store])
}

interface Store<Data> {
  readonly subscribe: (changed: () => void) => () => void
  readonly read: () => TopicState<Data>
  /** What a server renders, and a page that takes its HTML over. */
  readonly readFirst: () => TopicState<Data>
  readonly retry: () => void
}

/** Making it does nothing: the subscription begins when React has committed the component. */
function storeOf<Request, Data>(
  route: Subscriptions<Request, Data>,
  request: Request | undefined,
  options: () => TopicOptions<Data>,
  previous: Data | undefined,
): Store<Data> {
  const readers = new Set<() => void>()
  const changed = (): void => {
    for (const reader of [...readers]) reader()
  }
  const watch = new TopicWatch(route, request, options, changed, previous)
  const first = watch.state
  return {
    subscribe: (reader) => {
      readers.add(reader)
      watch.start()
      return () => {
        readers.delete(reader)
        if (readers.size === 0) watch.stop()
      }
    },
    read: () => watch.state,
    readFirst: () => first,
    retry: watch.retry,
  }
}
