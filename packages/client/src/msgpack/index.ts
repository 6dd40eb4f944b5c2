/** `@topicwire/client/msgpack`: the same protocol as MessagePack in binary frames. Pages that use JSON have none of it. */

import { SUBPROTOCOL } from '../frames.js'
import type { WebSocketConstructor, WebSocketLike } from '../options.js'
import { encode } from './encode.js'
import { messagesOf } from './messages.js'
import { MSGPACK_SUBPROTOCOL } from './subprotocol.js'

export { MSGPACK_SUBPROTOCOL } from './subprotocol.js'

// Where there is none, it is said when a connection is made.
const host = globalThis as unknown as { readonly WebSocket: WebSocketConstructor }

/** Clients that share a socket are told by their `webSocket`: there is one for each that it is made of. */
const made: WeakMap<object, WebSocketConstructor> = new WeakMap()
const PAGE = {}

/**
 * The option `webSocket` of clients that speak MessagePack:
 *
 *     const ws = new WsAdapter({ webSocket: msgpack() })
 *
 * All else is as with JSON: what listeners, `validate` and mapped scalars are given is the same, and so is what they
 * promise. It is offered to the server beside JSON; a server that does not know it goes on with JSON, and so does the client.
 *
 * Called again with the same constructor it returns the same, so that clients share their socket.
 *
 * @param webSocket sends and receives binary frames; default: `globalThis.WebSocket` when a connection is made
 */
export function msgpack(webSocket?: WebSocketConstructor): WebSocketConstructor {
  const key = webSocket ?? PAGE
  const known = made.get(key)
  if (known) return known
  const packed = class extends PackedSocket {
    constructor(url: string, protocols: string | string[] = []) {
      const Socket = webSocket ?? host.WebSocket
      super(new Socket(url, [MSGPACK_SUBPROTOCOL, ...[protocols].flat()]))
    }
  }
  made.set(key, packed)
  return packed
}

/** A socket that is one of JSON to the client, whichever of the two was agreed. */
class PackedSocket implements WebSocketLike {
  onopen: unknown = null
  onmessage: unknown = null
  onclose: unknown = null
  onerror: unknown = null
  readonly #socket: WebSocketLike

  constructor(socket: WebSocketLike) {
    this.#socket = socket
    Object.assign(socket, {
      binaryType: 'arraybuffer',
      onopen: (event: unknown) => {
        call(this.onopen, event)
      },
      onmessage: ({ data }: { readonly data: unknown }) => {
        call(this.onmessage, {
          data: this.#isPacked && typeof data !== 'string' ? messagesOf(data as ArrayBuffer) : data,
        })
      },
      onclose: (event: unknown) => {
        call(this.onclose, event)
      },
      onerror: (event: unknown) => {
        call(this.onerror, event)
      },
    })
  }

  get #isPacked(): boolean {
    return this.#socket.protocol === MSGPACK_SUBPROTOCOL
  }

  get protocol(): string {
    return this.#isPacked ? SUBPROTOCOL : this.#socket.protocol
  }

  send(text: string): void {
    // The browser's takes both.
    this.#socket.send(this.#isPacked ? (encode(JSON.parse(text)) as unknown as string) : text)
  }

  close(code?: number, reason?: string): void {
    this.#socket.close(code, reason)
  }
}

function call(handler: unknown, event: unknown): void {
  if (typeof handler === 'function') (handler as (event: unknown) => void)(event)
}
