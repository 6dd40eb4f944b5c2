/** `@topicwire/client/latency`: how long the server takes to answer. */
import { TopicwireError, type Clock, type Connection } from '@topicwire/client'
import { hostClock } from '../host.js'

export interface LatencyOptions {
  /** Time between two measurements, in ms. Default 10 000. */
  readonly intervalMs?: number
  /** Default: the host's; tests pass the `ManualClock` that the client has. */
  readonly clock?: Clock
}

/**
 * Tells the round trip in ms, measured when the connection opens and then at intervals; undefined when it is lost. It never
 * opens a connection. A server that does not choose the subprotocol knows no `ping`: there is nothing to tell of it.
 *
 *     const stop = latency(ws.connection, (ms) => gauge(ms))
 *
 * Returns what ends it. An interval that is shorter than the client's `idleMs` keeps an unused connection open.
 */
export function latency(
  connection: Connection,
  onLatency: (latencyMs: number | undefined) => void,
  { intervalMs = 10_000, clock = hostClock }: LatencyOptions = {},
): () => void {
  /** Another one for each connection, so that what was under way on an earlier one is told from this one's. */
  let current: object | undefined
  let timer: unknown
  let known = false

  const tell = (latencyMs: number | undefined): void => {
    if (latencyMs === undefined && !known) return
    known = latencyMs !== undefined
    onLatency(latencyMs)
  }
  const again = (measured: object): void => {
    timer = clock.setTimeout(() => {
      measure(measured)
    }, intervalMs)
  }
  const measure = (measured: object): void => {
    const begun = clock.now()
    connection.call('ping').then(
      () => {
        if (measured !== current) return
        again(measured)
        tell(clock.now() - begun)
      },
      (error: unknown) => {
        // Otherwise it is lost, which the status says, or knows no `ping`: the next connection may.
        if (measured === current && error instanceof TopicwireError && error.code === 'timeout')
          again(measured)
      },
    )
  }
  const follow = (status: string): void => {
    clock.clearTimeout(timer)
    current = status === 'open' ? {} : undefined
    if (current) measure(current)
    else tell(undefined)
  }
  const off = connection.on('status', follow)
  follow(connection.status)
  return () => {
    off()
    clock.clearTimeout(timer)
    current = undefined
  }
}
