import { onScopeDispose, readonly, shallowRef, watch } from 'vue'
import { TopicwireError } from '@topicwire/client'
import { watched } from '@topicwire/client/stale'
import type { ErrorCode, Subscriptions, UpdateInfo } from '@topicwire/client'
import type { Ref } from 'vue'
import { RestError } from '@/plugins/restClient'
import { useConnection } from './useConnection'
import type { ConnectionState } from './useConnection'

/** `waiting` until the server has accepted and the state before the first update is there; then `live`. */
export type SubscriptionState = 'waiting' | 'live' | 'failed'

export interface SubscriptionSource<Request, Data> {
  readonly route: Subscriptions<Request, Data>
  /** What to subscribe to; another value replaces the subscription, undefined ends it. */
  readonly params: () => Request | undefined
  /** Called before each subscription: from here on updates belong to a new life of the data. */
  readonly begin?: (params: Request, recovering: boolean) => void
  /** Called for each update, in the server's order, never after the scope has ended or `params` has changed. */
  readonly update: (data: Data, info: UpdateInfo) => void
  /**
   * Called when the server has accepted, first and after each recovery: fetch here what came before the first
   * update. Updates may arrive while it runs. Aborted when it has become pointless.
   */
  readonly accepted?: (params: Request, signal: AbortSignal) => Promise<void>
}

export interface SubscriptionHandle {
  readonly state: Readonly<Ref<SubscriptionState>>
  /** Why it failed. */
  readonly error: Readonly<Ref<Error | undefined>>
  /** Nothing has come for longer than the server promised, though the connection is open. */
  readonly stale: Readonly<Ref<boolean>>
  /** Tries again after a failure. */
  readonly retry: () => void
}

/** Failures of the way to the server rather than its refusals. */
const PASSING: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['offline', 'timeout', 'disconnected', 'draining'])
const RETRY_MS = 3_000

function mayPass(error: unknown): boolean {
  if (error instanceof TopicwireError) return PASSING.has(error.code)
  return error instanceof RestError && error.mayPass
}

let listeners = 0

/**
 * A subscription that lives as long as its component: it follows `params`, and after a lost connection it runs
 * `begin`, subscription and `accepted` again, in that order, so that nothing between is missed. What failed because
 * the server was not there is tried again by itself; what the server refused is not.
 *
 * @param connection - to be given where there is no current component to look it up from
 */
export function useSubscription<Request, Data>(
  source: SubscriptionSource<Request, Data>,
  connection: ConnectionState = useConnection(),
): SubscriptionHandle {
  const state = shallowRef<SubscriptionState>('waiting')
  const error = shallowRef<Error>()
  const stale = shallowRef(false)
  const { recoveries } = connection
  const route = watched(source.route)
  const listener = `page-${++listeners}`
  let current: AbortController | undefined
  let timer: ReturnType<typeof setTimeout> | undefined

  async function start(recovering: boolean): Promise<void> {
    current?.abort()
    clearTimeout(timer)
    const params = source.params()
    error.value = undefined
    state.value = 'waiting'
    stale.value = false
    if (params === undefined) {
      current = undefined
      await route.unsubscribe(listener)
      return
    }
    const attempt = new AbortController()
    current = attempt
    const { signal } = attempt
    const fail = (cause: unknown): void => {
      if (signal.aborted) return
      error.value = cause instanceof Error ? cause : new Error(String(cause))
      state.value = 'failed'
      if (mayPass(cause)) timer = setTimeout(() => void start(recovering), RETRY_MS)
    }
    try {
      source.begin?.(params, recovering)
      // The same listener id replaces the former subscription.
      await route.subscribe(
        listener,
        params,
        (data, info) => {
          if (!signal.aborted) source.update(data, info)
        },
        {
          onError: fail,
          onStale(isStale) {
            if (!signal.aborted) stale.value = isStale
          },
        },
      )
      if (!signal.aborted) await source.accepted?.(params, signal)
      if (!signal.aborted) state.value = 'live'
    } catch (cause) {
      fail(cause)
    }
  }

  watch(
    () => JSON.stringify(source.params()),
    () => void start(false),
    { immediate: true },
  )
  watch(recoveries, () => void start(true), { flush: 'sync' })
  onScopeDispose(() => {
    current?.abort()
    clearTimeout(timer)
    void route.unsubscribe(listener)
  })

  return {
    state: readonly(state),
    error,
    stale,
    retry: () => void start(false),
  }
}
