import { encode } from '../msgpack/encode.js'
import type { FakeSocketEnd } from './fake-socket.js'

/** One socket of a client, seen from the server. */
export class FakeConnection {
  /** Every subscription's topics, by its canonical request. */
  readonly subscriptions: Map<string, readonly string[]> = new Map()
  /** What the client offered at the handshake; a token is among them. */
  readonly protocols: readonly string[]
  readonly #end: FakeSocketEnd
  readonly #isSilent: () => boolean
  readonly #isPacked: boolean

  constructor(end: FakeSocketEnd, isSilent: () => boolean, isPacked: boolean) {
    this.protocols = end.protocols
    this.#end = end
    this.#isSilent = isSilent
    this.#isPacked = isPacked
  }

  /** Sends the messages in one frame: of JSON separated by newlines, of MessagePack one after another. */
  send(...messages: readonly object[]): void {
    const texts = messages.map((message) => JSON.stringify(message))
    if (this.#isPacked) {
      // By way of JSON, as a server does: what a script gives may know how to be written. What no server sends as a whole
      // number is a double here, as it is in the test.
      const packs = texts.map((text) => [...encode(JSON.parse(text), Number.MAX_SAFE_INTEGER)])
      this.sendFrame(Uint8Array.from(packs.flat()).buffer)
    } else this.sendFrame(texts.join('\n'))
  }

  /** Sends anything as one frame: broken JSON, an `ArrayBuffer`. */
  sendFrame(data: unknown): void {
    if (!this.#isSilent()) this.#end.deliver(data)
  }

  /** Ends the connection; 1006 is what a client sees of a cut cable, which loses what is under way. */
  close(code = 1006, reason = ''): void {
    this.#end.close(code, reason)
  }
}
