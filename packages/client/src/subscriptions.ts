import { requestText } from './request-text.js'
import type { ClientConnection } from './client-connection.js'
import { TopicwireError } from './errors.js'
import { gapMessage } from './gap-message.js'
import type { Handle } from './handle.js'
import type { Accepted, Subscriptions } from './routes.js'

/** Subscribing to one route, for one client. */
export function subscriptionsOf(
  connection: ClientConnection,
  route: string,
): Subscriptions<unknown, unknown> {
  const listeners = new Map<string, Handle>()
  const staleEvent = `${route}.stale`

  return {
    subscribe: (listenerId, params, take, { onError, onGap, onStale, onClose, timeoutMs } = {}) =>
      new Promise((resolve, reject) => {
        // What cannot be asked for at all is thrown before anything has begun.
        const text = requestText(params)
        const handle: Handle = {
          owner: connection,
          take,
          settled: (accepted) => {
            handle.accepted = true
            resolve(accepted as Accepted)
          },
          failed: (error) => {
            if (!handle.accepted) reject(error)
            else if (error.code === 'closed') onClose?.(error)
            else if (onError) onError(error)
            else connection.report(error)
          },
          missed: (gap) => {
            const { topic, delivery } = gap
            if (onGap) onGap(gap)
            else if (!delivery)
              connection.tell('error', new TopicwireError('gap', gapMessage(gap), { topic }))
          },
          aged: (stale, topic) => {
            connection.tell(staleEvent, { topic, stale, listenerId })
            onStale?.(stale, topic)
          },
        }
        const earlier = listeners.get(listenerId)
        // Before anything comes of it: a callback may end it, or begin it anew.
        listeners.set(listenerId, handle)
        connection.use().ask(handle, route, text, false, timeoutMs)
        // After the new one has joined, so that equal parameters keep their subscription on the wire.
        void connection.leave(earlier)
      }),
    unsubscribe: (listenerId) => {
      const handle = listeners.get(listenerId)
      listeners.delete(listenerId)
      return connection.leave(handle)
    },
    on: (_event, handler) => connection.listen(staleEvent, handler, connection.report),
  }
}
