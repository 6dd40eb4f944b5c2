import { TopicwireError } from '@topicwire/client'
import type { Accepted, SubscribeOptions, Subscriptions, UpdateListener } from '@topicwire/client'
import { reportToPage } from '../host.js'
import { requestText } from '../request-text.js'
import { sentForm, setSentForm } from '../ui/sent-form.js'
import type { FrameLine } from './frames.js'
import type { Pending, Update } from './pending.js'

/** How the updates of a subscription wait. */
export interface Pace<Data> {
  readonly maxBuffered: number
  readonly line: FrameLine
  /** A new one for each subscription. */
  readonly pending: () => Pending<Data>
}

/** Calls the listener by `call`, which reports what it throws, and does nothing once the subscription is over. */
export type PassOn<Data, Listener> = (
  updates: readonly Update<Data>[],
  listener: Listener,
  call: (act: () => void) => void,
) => void

/** One subscription. */
interface Waiting<Data> {
  readonly take: UpdateListener<Data>
  /** Passes on what waits, now. False where the listener has ended it. */
  readonly flush: () => boolean
  /** From here on the listener is not called any more. */
  readonly end: () => void
}

/** A route whose updates wait for a frame. */
export interface PacedRoute<Request, Listener> extends Pick<Subscriptions<Request, unknown>, 'unsubscribe'> {
  subscribe(
    listenerId: string,
    params: Request,
    callback: Listener,
    options?: SubscribeOptions,
  ): Promise<Accepted>
}

let routes = 0

export function paced<Request, Data, Listener>(
  route: Subscriptions<Request, Data>,
  pace: Pace<Data>,
  passOn: PassOn<Data, Listener>,
): PacedRoute<Request, Listener> {
  // Ids of its own: of what is ended or replaced by another object of the same route nothing would be heard here.
  const prefix = `frame ${++routes} `
  const waiting = new Map<string, Waiting<Data>>()

  const pacedRoute: PacedRoute<Request, Listener> = {
    subscribe: async (listenerId, params, callback, options = {}) => {
      const { onGap, onError, onClose } = options
      // What cannot be asked for at all replaces nobody.
      requestText(sentForm(route, params))
      const one = newWaiting(pace, (updates, call) => {
        passOn(updates, callback, call)
      })
      waiting.get(listenerId)?.end()
      waiting.set(listenerId, one)
      return route.subscribe(prefix + listenerId, params, one.take, {
        ...options,
        // What is not given is not given here either: then the connection is told.
        ...(onGap && {
          onGap: (gap) => {
            if (one.flush()) onGap(gap)
          },
        }),
        ...(onError && {
          onError: (error) => {
            if (one.flush()) onError(error)
          },
        }),
        onClose: (error) => {
          one.end()
          onClose?.(error)
        },
      })
    },
    unsubscribe: (listenerId) => {
      waiting.get(listenerId)?.end()
      waiting.delete(listenerId)
      return route.unsubscribe(prefix + listenerId)
    },
  }
  setSentForm(pacedRoute, (request) => sentForm(route, request))
  return pacedRoute
}

function newWaiting<Data>(
  { maxBuffered, line, pending }: Pace<Data>,
  passOn: (updates: readonly Update<Data>[], call: (act: () => void) => void) => void,
): Waiting<Data> {
  const held = pending()
  let isOver = false
  const call = (act: () => void): void => {
    if (isOver) return
    try {
      act()
    } catch (cause) {
      reportToPage(new TopicwireError('listener_failed', `A listener threw: ${String(cause)}`, { cause }))
    }
  }
  const flush = (): boolean => {
    line.leave(flush)
    passOn(held.take(), call)
    return !isOver
  }
  return {
    take: (data, info) => {
      if (isOver) return
      const size = held.add(data, info)
      if (size >= maxBuffered) flush()
      else if (size === 1) line.join(flush)
    },
    flush,
    end: () => {
      isOver = true
      line.leave(flush)
      held.take()
    },
  }
}
