import type { WebSocketLike } from '../options.js'

/** The server's end of a fake socket. */
export interface FakeSocketEnd {
  readonly protocols: readonly string[]
  onMessage: ((data: string | Uint8Array) => void) | undefined
  /** Called whichever side ends the connection; twice where both do. */
  onClose: (() => void) | undefined
  open(protocol: string): void
  deliver(data: unknown): void
  close(code: number, reason: string): void
}

/** A WebSocket without a network: whatever passes, passes later, in order, in both directions. */
export class FakeSocket implements WebSocketLike {
  protocol = ''
  onopen: unknown = null
  onmessage: unknown = null
  onclose: unknown = null
  onerror: unknown = null
  readonly url: string
  readonly #later: (act: () => void) => void
  readonly #end: FakeSocketEnd
  #state: 'connecting' | 'open' | 'closed' = 'connecting'

  constructor(
    url: string,
    protocols: readonly string[],
    later: (act: () => void) => void,
    connect: (end: FakeSocketEnd) => void,
  ) {
    this.url = url
    this.#later = later
    this.#end = {
      protocols,
      onMessage: undefined,
      onClose: undefined,
      open: (protocol) => {
        this.#arrive(() => {
          this.#state = 'open'
          this.protocol = protocol
          call(this.onopen, {})
        })
      },
      deliver: (data) => {
        this.#arrive(() => {
          call(this.onmessage, { data })
        })
      },
      close: (code, reason) => {
        this.#end.onClose?.()
        const closed = (): void => {
          this.#state = 'closed'
          call(this.onclose, { code, reason })
        }
        if (code !== 1006) this.#arrive(closed)
        else if (this.#state !== 'closed') {
          // A cut cable loses what is under way, in both directions.
          this.#state = 'closed'
          later(closed)
        }
      },
    }
    later(() => {
      if (this.#state === 'connecting') connect(this.#end)
    })
  }

  send(data: string | Uint8Array): void {
    if (this.#state === 'connecting') throw new Error('The socket is still connecting.')
    this.#arrive(() => this.#end.onMessage?.(data))
  }

  /** As in a browser, the closing side hears of it too, later. */
  close(code = 1000, reason = ''): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#later(() => {
      this.#end.onClose?.()
      call(this.onclose, { code, reason })
    })
  }

  #arrive(act: () => void): void {
    this.#later(() => {
      if (this.#state !== 'closed') act()
    })
  }
}

function call(handler: unknown, event: unknown): void {
  if (typeof handler === 'function') (handler as (event: unknown) => void)(event)
}
