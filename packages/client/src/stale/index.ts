/** `@topicwire/client/stale`: which topics are silent though the connection is not. */
import type { Accepted, SubscribeOptions, Subscriptions, UpdateListener } from '@topicwire/client'
import { sentForm, setSentForm } from '../ui/sent-form.js'
import { each, Listener } from './watch.js'

/** A topic that became stale, or is heard again. */
export interface Staleness {
  readonly topic: string
  readonly stale: boolean
  /** Whose subscription it is; a stream's begins with `stream `. */
  readonly listenerId: string
}

/** What may be said of one subscription whose topics are watched. */
export interface WatchedOptions extends SubscribeOptions {
  /**
   * Told when a topic of the subscription becomes stale (its route promised a rate and the topic is silent, or its
   * producer died and the server starts it again), and when it is heard again. It says nothing of the connection.
   */
  readonly onStale?: (stale: boolean, topic: string) => void
}

/** A route whose topics are watched. */
export interface WatchedSubscriptions<Request, Data> extends Subscriptions<Request, Data> {
  subscribe(
    listenerId: string,
    params: Request,
    callback: UpdateListener<Data>,
    options?: WatchedOptions,
  ): Promise<Accepted>

  /** Calls `handler` when a topic of one of these subscriptions becomes stale, or is heard again. Returns what ends it. */
  on(event: 'stale', handler: (staleness: Staleness) => void): () => void
}

/**
 * The same route, whose subscriptions tell which of their topics are stale:
 *
 *     const quotes = watched(ws.quotes)
 *     await quotes.subscribe('tape', { symbol: 'AAPL' }, draw, { onStale: (stale, topic) => grey(topic, stale) })
 *     quotes.on('stale', ({ topic, stale }) => grey(topic, stale))
 *
 * Each change is told once, in turn with the updates: that a topic is heard, before its update. A listener that comes to a
 * stale topic is told at once. While the connection is lost nothing becomes stale.
 */
export function watched<Request, Data>(
  route: Subscriptions<Request, Data>,
): WatchedSubscriptions<Request, Data> {
  const handlers = new Set<(staleness: Staleness) => void>()
  const listeners = new Map<string, Listener>()

  const watchedRoute: WatchedSubscriptions<Request, Data> = {
    ...route,
    subscribe: (listenerId, params, callback, { onStale, ...options } = {}) => {
      const listener = new Listener((stale, topic) => {
        const told = [...handlers].map((handler) => () => {
          handler({ topic, stale, listenerId })
        })
        each([...told, () => onStale?.(stale, topic)])
      })
      listeners.get(listenerId)?.end()
      listeners.set(listenerId, listener)
      const accepted = route.subscribe(
        listenerId,
        params,
        (data, info) => {
          listener.heard(info.topic)
          // Who was told may have ended it.
          if (!listener.ended) callback(data, info)
        },
        {
          ...options,
          onNotice: (...notice) => {
            options.onNotice?.(...notice)
            listener.noted(...notice)
          },
        },
      )
      accepted.catch(() => {
        listener.end()
      })
      return accepted
    },
    unsubscribe: (listenerId) => {
      listeners.get(listenerId)?.end()
      listeners.delete(listenerId)
      return route.unsubscribe(listenerId)
    },
    on: (_event, handler) => {
      // A function of its own for each registration, so that ending one leaves another of the same handler.
      const registered = (staleness: Staleness): void => {
        handler(staleness)
      }
      handlers.add(registered)
      return () => handlers.delete(registered)
    },
  }
  setSentForm(watchedRoute, (request) => sentForm(route, request))
  return watchedRoute
}
