/** `@topicwire/client/worker`: the socket in a Web Worker, and its frames on the page once for each of the page's own. */
import type { TopicwireError, WebSocketConstructor } from '@topicwire/client'
import { page, startOf, type WorkerLike } from './host.js'
import { SCRIPT } from './script-text.js'
import { WorkerSocket, type Workers } from './socket.js'

export type { WorkerLike } from './host.js'

/** Where the worker comes from, and who is told that there is none. */
export interface WorkerSocketOptions {
  /**
   * Starts a worker of the script `@topicwire/client/worker/script`. Default: of the same script as a blob, for which a content
   * security policy must allow `worker-src blob:`.
   */
  readonly start?: () => WorkerLike
  /** Told why the sockets are on the page instead, once. Default: a warning on the console. */
  readonly onFallback?: (error: TopicwireError) => void
}

/**
 * The option `webSocket` of a client whose socket is in a worker:
 *
 *     export const InWorker = workerSocket()
 *     const ws = new WsAdapter({ webSocket: InWorker })
 *
 * A browser's work for each frame of a socket is then the worker's, and the page has one message for all frames that came since
 * it was painted last. Every update comes, in order; up to a frame later, where the one before came within the same.
 *
 * - Make it once: clients share a socket by their `webSocket`. Each connection has a worker of its own, which ends with it.
 * - Where no worker can be started the socket is on the page, and `onFallback` is told so.
 * - A page that is not painted has what came every 100 ms.
 * - 16 million characters may wait for a page that does nothing. Past that the connection is closed as too slow (4008), and
 *   resumes when the page goes on.
 */
export function workerSocket({
  start = () => startOf(SCRIPT),
  onFallback = ({ message }) => {
    page.console.warn(message)
  },
}: WorkerSocketOptions = {}): WebSocketConstructor {
  const workers: Workers = { start, onFallback, isMissing: false }
  return class extends WorkerSocket {
    constructor(url: string, protocols: string | string[] = []) {
      super(url, protocols, workers)
    }
  }
}
