import { TopicwireError } from './errors.js'
import type { StreamOptions } from './options.js'

/** A subscription that is still to begin; ending it stops what is under way, if anything is. */
export interface Beginning {
  begin(): void
  end(): void
}

/** Prepares a subscription that tells what it gets; an error is its end, accepted or not. */
export type Prepare = (update: (data: unknown) => void, finish: (error: TopicwireError) => void) => Beginning

/**
 * A subscription as an iterator. Not a generator: its `return` would wait behind a `next` that waits for an update,
 * perhaps for ever.
 */
export function streamOf(
  { signal, maxBuffered = 1_000 }: StreamOptions,
  prepare: Prepare,
): AsyncIterableIterator<unknown, undefined> {
  const buffer: unknown[] = []
  /** Each answers one `next`. */
  const readers: (() => void)[] = []
  let ended = false
  let failure: TopicwireError | undefined

  const serve = (): void => {
    while (buffer.length > 0 || ended) {
      const read = readers.shift()
      if (!read) return
      read()
    }
  }
  const finish = (error?: TopicwireError): void => {
    if (ended) return
    ended = true
    failure = error
    signal?.removeEventListener('abort', stop)
    subscription.end()
    serve()
  }
  const stop = (): void => {
    buffer.length = 0
    finish()
    failure = undefined
  }

  const subscription = prepare((data) => {
    if (ended) return
    if (buffer.length < maxBuffered) {
      buffer.push(data)
      serve()
    } else finish(new TopicwireError('too_slow', `${maxBuffered} updates wait to be read.`))
  }, finish)
  if (signal?.aborted === true) stop()
  else {
    subscription.begin()
    if (!ended) signal?.addEventListener('abort', stop)
  }

  return {
    next: () =>
      new Promise((resolve, reject) => {
        readers.push(() => {
          if (failure && buffer.length === 0) {
            reject(failure)
            // Told once: whoever reads on finds the end.
            failure = undefined
          } else {
            const done = buffer.length === 0
            resolve({ value: buffer.shift(), done } as IteratorResult<unknown, undefined>)
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
