/** A worker in the same thread: its scope is given to the real script; what is posted arrives later, in order. */
import { ManualClock } from '../../src/testing/index.js'
import { gather, type WorkerScope, type WorkerScopeSocket } from '../../src/worker/gather.js'
import type { Received, ToPage, ToWorker } from '../../src/worker/messages.js'
import type { WorkerLike } from '../../src/worker/index.js'

/** The server's end of a worker's socket. */
export class ScopeSocket implements WorkerScopeSocket {
  binaryType = 'blob'
  protocol = ''
  onopen: WorkerScopeSocket['onopen'] = null
  onmessage: WorkerScopeSocket['onmessage'] = null
  onclose: WorkerScopeSocket['onclose'] = null
  readonly sent: unknown[] = []
  readonly closes: unknown[][] = []
  readonly url: string
  readonly protocols: readonly string[]

  constructor(url: string, protocols: readonly string[]) {
    if (url === 'ws://refused/') throw new SyntaxError('no such address')
    this.url = url
    this.protocols = protocols
  }

  send(data: unknown): void {
    this.sent.push(data)
  }

  close(code: number, reason?: string): void {
    this.closes.push([code, reason])
  }

  opens(protocol: string): void {
    this.protocol = protocol
    this.onopen?.()
  }

  receives(...frames: readonly Received[]): void {
    for (const data of frames) this.onmessage?.({ data })
  }

  closed(code: number, reason = ''): void {
    this.onclose?.({ code, reason })
  }
}

/** What the script sees: what it posts is in `posted`. */
export class Scope implements WorkerScope {
  readonly clock: ManualClock = new ManualClock()
  readonly posted: ToPage[] = []
  readonly transferred: ArrayBuffer[] = []
  readonly sockets: ScopeSocket[] = []
  isClosed = false
  onmessage: WorkerScope['onmessage'] = null
  onposted: ((message: ToPage) => void) | undefined
  readonly WebSocket: WorkerScope['WebSocket']

  constructor() {
    const { sockets } = this
    this.WebSocket = class extends ScopeSocket {
      constructor(url: string, protocols: readonly string[]) {
        super(url, protocols)
        sockets.push(this)
      }
    }
  }

  get socket(): ScopeSocket {
    const last = this.sockets.at(-1)
    if (!last) throw new Error('The worker has no socket.')
    return last
  }

  postMessage(message: ToPage, transfer: readonly ArrayBuffer[]): void {
    this.posted.push(message)
    this.transferred.push(...transfer)
    this.onposted?.(message)
  }

  setTimeout(callback: () => void, delayMs: number): unknown {
    return this.clock.setTimeout(callback, delayMs)
  }

  clearTimeout(timer: unknown): void {
    this.clock.clearTimeout(timer)
  }

  close(): void {
    this.isClosed = true
  }

  hears(...message: ToWorker): void {
    this.onmessage?.({ data: message })
  }
}

/** A `Worker`, for the page's side. */
export class FakeWorker implements WorkerLike {
  onmessage: unknown = null
  onerror: unknown = null
  readonly scope: Scope = new Scope()
  isTerminated = false

  constructor(runs = true) {
    this.scope.onposted = (message) => {
      void Promise.resolve().then(() => {
        this.#tell(this.onmessage, { data: structuredClone(message) })
      })
    }
    if (runs)
      void Promise.resolve().then(() => {
        gather(this.scope)
      })
  }

  postMessage(message: unknown): void {
    void Promise.resolve().then(() => {
      if (!this.isTerminated) this.scope.onmessage?.({ data: structuredClone(message) as ToWorker })
    })
  }

  terminate(): void {
    this.isTerminated = true
  }

  fails(message?: string): void {
    this.#tell(this.onerror, { message, preventDefault: () => undefined })
  }

  #tell(handler: unknown, event: object): void {
    if (!this.isTerminated && typeof handler === 'function') (handler as (event: object) => void)(event)
  }
}
