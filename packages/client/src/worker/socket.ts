import { TopicwireError } from '@topicwire/client'
import type { WebSocketLike } from '../options.js'
import { page, type WorkerLike } from './host.js'
import type { Received, ToPage, ToWorker } from './messages.js'

/** A script that has not said within this time that it runs is not waited for. */
const START_MS = 5_000

/** Where the sockets of one constructor are. */
export interface Workers {
  readonly start: () => WorkerLike
  readonly onFallback: (error: TopicwireError) => void
  /** No worker can be had here: that is told once, and not tried again. */
  isMissing: boolean
}

/** A socket in a worker of its own, which ends with it; or on the page, where there is no worker. */
export class WorkerSocket implements WebSocketLike {
  protocol = ''
  onopen: unknown = null
  onmessage: unknown = null
  onclose: unknown = null
  onerror: unknown = null
  readonly #url: string
  readonly #protocols: readonly string[]
  readonly #workers: Workers
  #worker: WorkerLike | undefined
  /** That on the page. */
  #own: WebSocketLike | undefined
  /** Until the script runs. */
  #starting: unknown
  #isFrameAsked = false
  /** `close` was called, or it is closed: nothing is received any more. */
  #isOver = false

  constructor(url: string, protocols: string | readonly string[], workers: Workers) {
    this.#url = url
    this.#protocols = [protocols].flat()
    this.#workers = workers
    if (workers.isMissing) this.#openOnPage()
    else this.#openInWorker()
  }

  send(data: string): void {
    if (this.#own) this.#own.send(data)
    else this.#say(['send', data])
  }

  close(code = 1000, reason = ''): void {
    this.#isOver = true
    if (this.#own) this.#own.close(code, reason)
    else this.#say(['close', code, reason])
  }

  #openInWorker(): void {
    try {
      this.#worker = this.#workers.start()
    } catch (cause) {
      this.#toldMissing(cause)
      this.#openOnPage()
      return
    }
    this.#worker.onmessage = ({ data }: { readonly data: ToPage }) => {
      this.#hear(data)
    }
    this.#worker.onerror = (event: { readonly message?: string; preventDefault?(): void }) => {
      // It is told here.
      event.preventDefault?.()
      this.#failed(event.message ?? 'its script cannot be had')
    }
    this.#starting = page.setTimeout(() => {
      this.#failed(`it has not begun within ${START_MS} ms`)
    }, START_MS)
    this.#say(['open', this.#url, this.#protocols])
  }

  #hear(message: ToPage): void {
    switch (message[0]) {
      case 'ready':
        this.#started()
        break
      case 'failed':
        // The page's own says it as it says it ever.
        this.#leave()
        this.#openLate()
        break
      case 'opened':
        this.protocol = message[1]
        call(this.onopen, {})
        break
      case 'received':
        this.#take(message[1])
        break
      case 'closed':
        this.#worker = undefined
        this.#closed(message[1], message[2])
    }
  }

  #take(received: readonly Received[]): void {
    try {
      for (const data of received) if (!this.#isOver) call(this.onmessage, { data })
    } finally {
      this.#say(['taken'])
      if (!this.#isFrameAsked && page.requestAnimationFrame) {
        this.#isFrameAsked = true
        page.requestAnimationFrame(() => {
          this.#isFrameAsked = false
          this.#say(['frame'])
        })
      }
    }
  }

  /** The worker has ended by a fault: before its script ran there is a socket on the page instead; after that it was lost. */
  #failed(reason: string): void {
    const wasStarting = this.#starting !== undefined
    this.#leave()
    if (wasStarting) {
      this.#toldMissing(reason)
      this.#openLate()
    } else this.#closed(1006, '')
  }

  #leave(): void {
    this.#started()
    this.#worker?.terminate()
    this.#worker = undefined
  }

  #started(): void {
    page.clearTimeout(this.#starting)
    this.#starting = undefined
  }

  #toldMissing(cause: unknown): void {
    if (this.#workers.isMissing) return
    this.#workers.isMissing = true
    const message = `No worker for the socket, which is on the page instead: ${String(cause)}`
    this.#workers.onFallback(new TopicwireError('connection_failed', message, { cause }))
  }

  /** When whoever made it has it, and is told by its events alone. */
  #openLate(): void {
    try {
      if (this.#isOver) this.#closed(1006, '')
      else this.#openOnPage()
    } catch (cause) {
      call(this.onerror, { error: cause })
      this.#closed(1006, String(cause))
    }
  }

  #openOnPage(): void {
    const own = (this.#own = new page.WebSocket(this.#url, [...this.#protocols]))
    Object.assign(own, {
      // As in the worker.
      binaryType: 'arraybuffer',
      onopen: () => {
        this.protocol = own.protocol
        call(this.onopen, {})
      },
      onmessage: (event: unknown) => {
        call(this.onmessage, event)
      },
      onclose: ({ code, reason }: { readonly code: number; readonly reason: string }) => {
        this.#closed(code, reason)
      },
      onerror: (event: unknown) => {
        call(this.onerror, event)
      },
    })
  }

  #closed(code: number, reason: string): void {
    this.#isOver = true
    call(this.onclose, { code, reason })
  }

  #say(message: ToWorker): void {
    this.#worker?.postMessage(message)
  }
}

function call(handler: unknown, event: unknown): void {
  if (typeof handler === 'function') (handler as (event: unknown) => void)(event)
}
