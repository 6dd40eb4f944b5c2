/** `@topicwire/client/vue`: a route's updates as refs. */
import { getCurrentScope, onScopeDispose, shallowRef, toRaw, toValue, watch } from 'vue'
import type { MaybeRefOrGetter, ShallowRef } from 'vue'
import type { Subscriptions, TopicwireError } from '@topicwire/client'
import { sentKey } from '../ui/request-key.js'
import { TopicWatch, type TopicOptions, type TopicStatus } from '../ui/topic-watch.js'

export type { TopicOptions, TopicStatus } from '../ui/topic-watch.js'

/** A subscription as refs, each as `TopicState` says. */
export interface UseTopic<Data> {
  /** The latest update; undefined before there is one, and again when the request has changed. */
  readonly data: Readonly<ShallowRef<Data | undefined>>
  readonly status: Readonly<ShallowRef<TopicStatus>>
  /** A topic of the subscription is silent though its route promised a rate, or its producer died: `data` may be old. */
  readonly stale: Readonly<ShallowRef<boolean>>
  /** Why the subscription is not there, or not yet. */
  readonly error: Readonly<ShallowRef<TopicwireError | undefined>>
  /** Subscribes anew after a failure; does nothing otherwise. */
  readonly retry: () => void
}

/**
 * The updates of a route, as long as the component or effect scope lives:
 *
 *     const { data, status, stale, error } = useTopic(ws.quotes, () => ({ symbol: props.symbol }))
 *
 * The subscription follows the request: another value replaces it, one that is equal in value does not, undefined ends
 * it. `data` goes with its request, unless `keepPrevious`. While the client reconnects everything stays as it is. A
 * server that is not there is waited for; what it refuses is in `error`, and `retry` asks again.
 *
 * While a page is rendered on a server nothing is subscribed and no socket is opened: `data` is undefined there.
 *
 * @throws Error - outside of a component's setup and of any effect scope: nothing would end the subscription
 */
export function useTopic<Request, Data>(
  route: Subscriptions<Request, Data>,
  request: MaybeRefOrGetter<NoInfer<Request> | undefined>,
  options: TopicOptions<Data> = {},
): UseTopic<Data> {
  if (getCurrentScope() === undefined) {
    throw new Error(
      'useTopic was called outside of setup() and of any effectScope(), so nothing would end its subscription. ' +
        'Call it at the top of setup(), before any await, or within effectScope().run(…).',
    )
  }
  const data = shallowRef<Data>()
  const status = shallowRef<TopicStatus>('idle')
  const stale = shallowRef(false)
  const error = shallowRef<TopicwireError>()
  let current: TopicWatch<Request, Data> | undefined

  const show = (): void => {
    if (current === undefined) return
    ;({ data: data.value, status: status.value, stale: stale.value, error: error.value } = current.state)
  }
  watch(
    () => sentKey(route, toValue(request)),
    () => {
      current?.stop()
      const previous = options.keepPrevious === true ? data.value : undefined
      current = new TopicWatch(route, toRaw(toValue(request)), () => options, show, previous)
      show()
      if (inPage()) current.start()
    },
    { immediate: true },
  )
  onScopeDispose(() => current?.stop())
  return { data, status, stale, error, retry: () => current?.retry() }
}

/** Scopes of a page that is rendered on a server are never disposed of. */
function inPage(): boolean {
  return 'window' in globalThis
}
