import { canonicalJson } from './canonical.js'
import type { ClientConnection } from './client-connection.js'
import { gapError, type TopicwireError } from './errors.js'
import type { Handle } from './handle.js'
import type { SubscribeOptions } from './options.js'
import type { Accepted, Subscriptions } from './routes.js'
import { streamOf } from './stream.js'

/** Subscribing to one route, for one client. */
export function subscriptionsOf(
  connection: ClientConnection,
  route: string,
): Subscriptions<unknown, unknown> {
  const listeners = new Map<string, Handle>()
  const staleEvent = `${route}.stale`

  /** `onLoss` is told of a gap that breaks a promise and that nobody takes. */
  const handleOf = (
    listenerId: string | undefined,
    { onGap, onStale }: Pick<SubscribeOptions, 'onGap' | 'onStale'>,
    onLoss: (error: TopicwireError) => void,
    takes: Pick<Handle, 'update' | 'resolve' | 'reject'>,
  ): Handle => ({
    ...takes,
    owner: connection,
    gap: (gap) => {
      if (onGap) onGap(gap)
      else if (!gap.delivery) onLoss(gapError(gap))
    },
    stale: (stale, topic) => {
      connection.tell(staleEvent, { topic, stale, listenerId })
      onStale?.(stale, topic)
    },
  })
  /** What cannot be asked for at all is thrown before anything has begun. */
  const prepare = (params: unknown, timeoutMs: number | undefined): ((handle: Handle) => void) => {
    const link = connection.use()
    const canonical = canonicalJson(params)
    return (handle) => {
      link.ask(handle, route, canonical, false, timeoutMs)
    }
  }

  return {
    subscribe: (listenerId, params, onUpdate, options = {}) =>
      new Promise((resolve, reject) => {
        const { onError, timeoutMs } = options
        const begin = prepare(params, timeoutMs)
        const onLoss = (error: TopicwireError): void => {
          connection.emit('error', error)
        }
        const handle = handleOf(listenerId, options, onLoss, {
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
        const earlier = listeners.get(listenerId)
        // Before anything comes of it: a callback may end it, or begin it anew.
        listeners.set(listenerId, handle)
        begin(handle)
        // After the new one has joined, so that equal parameters keep their subscription on the wire.
        void connection.leave(earlier)
      }),
    unsubscribe: (listenerId) => {
      const handle = listeners.get(listenerId)
      listeners.delete(listenerId)
      return connection.leave(handle)
    },
    stream: (params, options = {}) =>
      streamOf(options, (update, finish) => {
        const takes = { update, resolve: () => undefined, reject: finish }
        const handle = handleOf(undefined, options, finish, takes)
        return {
          begin: () => {
            prepare(params, options.timeoutMs)(handle)
          },
          end: () => void connection.leave(handle),
        }
      }),
    on: (_event, handler) => connection.listen(staleEvent, handler, connection.report),
  }
}
