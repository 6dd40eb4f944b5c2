import type { Received, ToPage, ToWorker } from './messages.js'

/** As much is posted at once; a page that has more waiting is given the next as soon as it has taken this. In characters or bytes. */
export const PIECE: number = 1 << 18
/** As much may wait for a page that does not take it. */
export const MOST_WAITING: number = 1 << 24
/** How long a page waits that is not painted: hidden, or out of sight in a frame of another. */
export const UNSEEN_MS = 100

/** The socket of a worker, as much as is used of it. */
export interface WorkerScopeSocket {
  binaryType: string
  readonly protocol: string
  onopen: (() => void) | null
  onmessage: ((event: { readonly data: Received }) => void) | null
  onclose: ((event: { readonly code: number; readonly reason: string }) => void) | null
  send(data: unknown): void
  close(code: number, reason?: string): void
}

/** The worker, as much as is used of it. */
export interface WorkerScope {
  readonly WebSocket: new (url: string, protocols: readonly string[]) => WorkerScopeSocket
  onmessage: ((event: { readonly data: ToWorker }) => void) | null
  postMessage(message: ToPage, transfer: readonly ArrayBuffer[]): void
  setTimeout(callback: () => void, delayMs: number): unknown
  clearTimeout(timer: unknown): void
  /** Ends the worker. */
  close(): void
}

/**
 * What runs in the worker: it has the socket, and posts what comes to the page, in order: at once where nothing was posted
 * since the last frame, else with the next one. So a page has a message each frame, however many frames of the socket there are.
 *
 * Nothing is posted before the page has taken what was posted before. Of a page that does not, all waits here, up to a bound;
 * past it the connection is closed as too slow, which is what a server does whose client does not read.
 */
export function gather(scope: WorkerScope): void {
  let socket: WorkerScopeSocket | undefined
  let waiting: Received[] = []
  let size = 0
  let isTaken = true
  let isDue = true
  let unseen: unknown

  const post = (message: ToPage): void => {
    scope.postMessage(
      message,
      message[0] === 'received' ? message[1].filter((one) => typeof one !== 'string') : [],
    )
  }

  /** The first of what waits, until it is so much. */
  const taken = (most: number): Received[] => {
    const items: Received[] = []
    let texts: string[] = []
    const join = (): void => {
      if (texts.length > 0) items.push(texts.join('\n'))
      texts = []
    }
    let count = 0
    for (let length = 0; count < waiting.length && length < most; count += 1) {
      const one = waiting[count] as Received
      length += sizeOf(one)
      size -= sizeOf(one)
      if (typeof one === 'string') texts.push(one)
      else {
        join()
        // By itself: one that cannot be read is to harm no other.
        items.push(one)
      }
    }
    join()
    waiting = waiting.slice(count)
    return items
  }

  const goOn = (): void => {
    if (waiting.length === 0 || !isTaken || !(isDue || size >= PIECE)) return
    isTaken = isDue = false
    scope.clearTimeout(unseen)
    unseen = scope.setTimeout(due, UNSEEN_MS)
    post(['received', taken(PIECE)])
  }
  const due = (): void => {
    isDue = true
    goOn()
  }

  const receive = ({ data }: { readonly data: Received }): void => {
    waiting.push(data)
    size += sizeOf(data)
    if (size > MOST_WAITING) {
      // The page resumes from what it has taken, so what waits is sent again.
      end(4008, 'The page does not take what is sent.')
      socket?.close(4008)
    } else goOn()
  }

  /** The page hears nothing more; the worker ends when its socket has. */
  const end = (code: number, reason: string): void => {
    if (socket) {
      socket.onopen = socket.onmessage = null
      socket.onclose = () => {
        scope.close()
      }
    }
    scope.clearTimeout(unseen)
    waiting = []
    size = 0
    post(['closed', code, reason])
  }

  const open = (url: string, protocols: readonly string[]): void => {
    try {
      const opened = (socket = new scope.WebSocket(url, protocols))
      opened.binaryType = 'arraybuffer'
      opened.onopen = () => {
        post(['opened', opened.protocol])
      }
      opened.onmessage = receive
      opened.onclose = ({ code, reason }) => {
        if (waiting.length > 0) post(['received', taken(Infinity)])
        end(code, reason)
        scope.close()
      }
    } catch (cause) {
      post(['failed', String(cause)])
    }
  }

  scope.onmessage = ({ data }) => {
    switch (data[0]) {
      case 'open':
        open(data[1], data[2])
        break
      case 'send':
        socket?.send(data[1])
        break
      case 'close':
        // As of any socket: what comes after is heard by nobody.
        if (socket) socket.onmessage = null
        waiting = []
        size = 0
        socket?.close(data[1], data[2])
        break
      case 'taken':
        isTaken = true
        goOn()
        break
      case 'frame':
        due()
    }
  }
  post(['ready'])
}

function sizeOf(one: Received): number {
  return typeof one === 'string' ? one.length : one.byteLength
}
