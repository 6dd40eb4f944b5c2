import type { FakeSocketEnd } from './fake-socket.js'

/** One socket of a client, seen from the server. */
export class FakeConnection {
  /** Every subscription's topics, by its canonical request. */
  readonly subscriptions: Map<string, readonly string[]> = new Map()
  /** What the client offered at the handshake; a token is among them. */
  readonly protocols: readonly string[]
  readonly #end: FakeSocketEnd
  readonly #isSilent: () => boolean

  constructor(end: FakeSocketEnd, isSilent: () => boolean) {
    this.protocols = end.protocols
    this.#end = end
    this.#isSilent = isSilent
  }

  /** Sends the messages in one text frame, separated by newlines. */
  send(...messages: readonly object[]): void {
    this.sendFrame(messages.map((message) => JSON.stringify(message)).join('\n'))
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
