/** `@topicwire/client/stream`: a subscription as a loop. */
import { TopicwireError } from '@topicwire/client'
import type { Gap, Subscriptions } from '@topicwire/client'
import { canonicalJson } from '../canonical.js'
import { gapMessage } from '../gap-message.js'
import { sentForm } from '../ui/sent-form.js'

/** What is used of an `AbortSignal`. */
export interface AbortSignalLike {
  readonly aborted: boolean
  addEventListener(type: 'abort', listener: () => void): void
  removeEventListener(type: 'abort', listener: () => void): void
}

/** What may be said of one stream. */
export interface StreamOptions {
  /** Aborted, the stream ends: the loop is over, without an error. */
  readonly signal?: AbortSignalLike
  /** How many updates may wait to be read. Default 1 000; one more ends the stream with `too_slow`. */
  readonly maxBuffered?: number
  /** How long the subscription may wait to be accepted, in ms. Default: the client's. */
  readonly timeoutMs?: number
  /**
   * Told as soon as updates were missed for good; those that still wait to be read came before. The stream goes on.
   * Without it the stream of a lossless route ends with an error, code `gap`.
   */
  readonly onGap?: (gap: Gap) => void
}

let streams = 0

/**
 * The updates of a route as a loop: `for await (const trade of stream(ws.trades, { symbols: ['AAPL'] })) …`. Every update
 * once and in order, or an error: a `TopicwireError` with the codes of `subscribe`, `too_slow` when more than
 * `maxBuffered` wait, `gap` when some were missed for good and there is no `onGap`. What came before is read first.
 *
 * Subscribes at once, by a listener id that begins with `stream `. Leaving the loop, an error or the signal unsubscribes.
 *
 * Not a generator: its `return` would wait behind a `next` that waits for an update, perhaps for ever.
 *
 * @throws RangeError - JSON cannot carry `params`
 */
export function stream<Request, Data>(
  route: Subscriptions<Request, Data>,
  params: NoInfer<Request>,
  { signal, maxBuffered = 1_000, timeoutMs, onGap }: StreamOptions = {},
): AsyncIterableIterator<Data, undefined> {
  const listenerId = `stream ${++streams}`
  const buffer: Data[] = []
  /** Each answers one `next`. */
  const readers: (() => void)[] = []
  let ended = false
  let failure: Error | undefined

  const serve = (): void => {
    while (buffer.length > 0 || ended) {
      const read = readers.shift()
      if (!read) return
      read()
    }
  }
  const finish = (error?: Error): void => {
    if (ended) return
    ended = true
    failure = error
    signal?.removeEventListener('abort', stop)
    void route.unsubscribe(listenerId)
    serve()
  }
  const stop = (): void => {
    buffer.length = 0
    finish()
    failure = undefined
  }
  const take = (data: Data): void => {
    if (ended) return
    if (buffer.length < maxBuffered) {
      buffer.push(data)
      serve()
    } else finish(new TopicwireError('too_slow', `${maxBuffered} updates wait to be read.`))
  }
  const begin = (): void => {
    const options = {
      ...(timeoutMs !== undefined && { timeoutMs }),
      onGap: (gap: Gap): void => {
        if (onGap) onGap(gap)
        else if (!gap.delivery) finish(new TopicwireError('gap', gapMessage(gap), { topic: gap.topic }))
      },
      onError: finish,
      onClose: finish,
    }
    route.subscribe(listenerId, params, take, options).catch(finish)
  }

  if (signal?.aborted === true) stop()
  else {
    // What cannot be asked for at all is thrown here, not where it is read.
    canonicalJson(sentForm(route, params))
    begin()
    if (!ended) signal?.addEventListener('abort', stop)
  }

  return {
    next: () =>
      new Promise((resolve, reject) => {
        readers.push(() => {
          // An update may be undefined, and is one all the same.
          const [first] = buffer.splice(0, 1).map((value) => ({ value, done: false as const }))
          if (first) resolve(first)
          else if (failure === undefined) resolve({ value: undefined, done: true })
          else {
            reject(failure)
            // Told once: whoever reads on finds the end.
            failure = undefined
          }
        })
        serve()
      }),
    return: () => {
      stop()
      return Promise.resolve({ value: undefined, done: true })
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}
