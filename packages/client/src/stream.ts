import { gapError, TopicwireError } from './errors.js'
import type { StreamOptions, SubscribeOptions } from './options.js'
import type { UpdateListener } from './routes.js'

/** What a subscription tells the stream; `onError` is also told when it is not accepted. */
export type Told = Pick<SubscribeOptions, 'timeoutMs'> & Required<Pick<SubscribeOptions, 'onError' | 'onGap'>>

/** Begins a subscription. `started` is told how it is ended, before anything comes of it. */
export type Begin<Data> = (
  onUpdate: UpdateListener<Data>,
  told: Told,
  started: (end: () => void) => void,
) => void

interface Reader<Data> {
  resolve(result: IteratorResult<Data, undefined>): void
  reject(error: unknown): void
}

/**
 * A subscription as an iterator. Not a generator: its `return` would wait behind a `next` that waits for an update,
 * perhaps for ever.
 */
export function streamOf<Data>(
  begin: Begin<Data>,
  { signal, maxBuffered = 1_000, timeoutMs, onGap }: StreamOptions,
): AsyncIterableIterator<Data, undefined> {
  const buffer: Data[] = []
  const readers: Reader<Data>[] = []
  let ended = false
  let failure: TopicwireError | undefined

  const serve = (): void => {
    while (readers.length > 0 && (buffer.length > 0 || ended)) {
      const reader = readers.shift()
      if (buffer.length > 0) reader?.resolve({ value: buffer.shift() as Data, done: false })
      else if (failure === undefined) reader?.resolve({ value: undefined, done: true })
      else {
        reader?.reject(failure)
        // Told once: whoever reads on finds the end.
        failure = undefined
      }
    }
  }
  const finish = (error?: TopicwireError): void => {
    if (ended) return
    ended = true
    failure = error
    signal?.removeEventListener('abort', stop)
    end?.()
    serve()
  }
  const stop = (): void => {
    buffer.length = 0
    finish()
    failure = undefined
  }

  let end: (() => void) | undefined
  if (signal?.aborted === true) stop()
  else {
    begin(
      (data) => {
        if (ended) return
        if (buffer.length < maxBuffered) {
          buffer.push(data)
          serve()
        } else
          finish(new TopicwireError('too_slow', `${maxBuffered} updates wait to be read, as many as may.`))
      },
      {
        onError: finish,
        onGap:
          onGap ??
          ((gap) => {
            if (gap.delivery === undefined) finish(gapError(gap))
          }),
        ...(timeoutMs !== undefined && { timeoutMs }),
      },
      (leave) => {
        end = leave
        signal?.addEventListener('abort', stop)
      },
    )
  }

  return {
    next: () =>
      new Promise((resolve, reject) => {
        readers.push({ resolve, reject })
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
