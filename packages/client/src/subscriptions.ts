import { canonicalJson } from './canonical.js'
import type { ClientConnection } from './client-connection.js'
import { gapError } from './errors.js'
import type { Handle } from './handle.js'
import type { SubscribeOptions } from './options.js'
import type { Accepted, Staleness, Subscriptions } from './routes.js'
import { streamOf } from './stream.js'

/** Subscribing to one route, for one client. */
export function subscriptionsOf(
  connection: ClientConnection,
  route: string,
): Subscriptions<unknown, unknown> {
  const listeners = new Map<string, Handle>()
  const watchers = new Set<(staleness: Staleness) => void>()

  const handleOf = (
    listenerId: string | undefined,
    { onGap, onStale }: SubscribeOptions,
    takes: Pick<Handle, 'update' | 'resolve' | 'reject'>,
  ): Handle => ({
    ...takes,
    owner: connection,
    gap: (gap) => {
      if (onGap) onGap(gap)
      else if (gap.delivery === undefined) connection.emit('error', gapError(gap))
    },
    stale: (stale, topic) => {
      for (const watcher of [...watchers]) connection.run(() => watcher({ topic, stale, listenerId }))
      onStale?.(stale, topic)
    },
  })
  const begin = (
    handle: Handle,
    params: unknown,
    timeoutMs: number | undefined,
    starting?: () => void,
  ): void => {
    const link = connection.use()
    const canonical = canonicalJson(params)
    // Before anything comes of it: a callback may end it, or begin it anew.
    starting?.()
    link.subscribe(handle, route, canonical, timeoutMs)
  }

  return {
    subscribe: (listenerId, params, onUpdate, options = {}) =>
      new Promise((resolve, reject) => {
        const { onError, timeoutMs } = options
        const handle = handleOf(listenerId, options, {
          update: onUpdate,
          resolve: (accepted) => {
            handle.accepted = true
            resolve(accepted as Accepted)
          },
          reject: (error) => {
            if (!handle.accepted) reject(error)
            else if (onError) onError(error)
            else connection.report(error)
          },
        })
        let earlier: Handle | undefined
        begin(handle, params, timeoutMs, () => {
          earlier = listeners.get(listenerId)
          listeners.set(listenerId, handle)
        })
        // After the new one has joined, so that equal parameters keep their subscription on the wire.
        void connection.leave(earlier)
      }),
    unsubscribe: (listenerId) => {
      const handle = listeners.get(listenerId)
      listeners.delete(listenerId)
      return connection.leave(handle)
    },
    stream: (params, options = {}) =>
      streamOf(options, (told, takes) => {
        const handle = handleOf(undefined, told, takes)
        return {
          begin: () => {
            begin(handle, params, options.timeoutMs)
          },
          end: () => void connection.leave(handle),
        }
      }),
    on: (_event, handler) => {
      const watcher = (staleness: Staleness): void => {
        handler(staleness)
      }
      watchers.add(watcher)
      return () => {
        watchers.delete(watcher)
      }
    },
  }
}
