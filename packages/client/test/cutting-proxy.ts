/** A proxy that ends one connection at a chosen byte: it knows where WebSocket frames begin and end. */
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'

export type Direction = 'to client' | 'to server'
export type Where = 'before' | 'inside' | 'after'

export interface Cut {
  readonly direction: Direction
  /** Of the frames in this direction, over all connections, the first being 1. */
  readonly frame: number
  readonly where: Where
}

export class CuttingProxy {
  /** The frames that passed, by direction. */
  readonly passed: Record<Direction, number> = { 'to client': 0, 'to server': 0 }
  cuts = 0
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #cut: Cut | undefined

  private constructor(port: number, cut: Cut | undefined) {
    this.#cut = cut
    this.#server = createServer((client) => {
      const server = connect(port, '127.0.0.1')
      this.#pipe(client, server, 'to server')
      this.#pipe(server, client, 'to client')
    })
  }

  static async to(port: number, cut?: Cut): Promise<CuttingProxy> {
    const proxy = new CuttingProxy(port, cut)
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve))
    return proxy
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #pipe(from: Socket, to: Socket, direction: Direction): void {
    this.#sockets.add(from)
    let rest = Buffer.alloc(0)
    let upgraded = false
    const end = (): void => {
      from.destroy()
      to.destroy()
    }
    from.setNoDelay()
    from.on('data', (data: Buffer) => {
      rest = Buffer.concat([rest, data])
      for (
        let length = lengthOf(rest, upgraded);
        length > 0 && length <= rest.length;
        length = lengthOf(rest, upgraded)
      ) {
        const unit = rest.subarray(0, length)
        rest = rest.subarray(length)
        const where = upgraded ? this.#passing(direction) : undefined
        upgraded = true
        if (where !== 'before') to.write(where === 'inside' ? unit.subarray(0, length >> 1) : unit)
        if (where === undefined) continue
        this.cuts += 1
        // What was written leaves before the end.
        to.end(end)
        return
      }
    })
    from.on('close', () => {
      this.#sockets.delete(from)
      to.destroy()
    })
    from.on('error', end)
  }

  #passing(direction: Direction): Where | undefined {
    this.passed[direction] += 1
    const cut = this.#cut
    return cut?.direction === direction && cut.frame === this.passed[direction] ? cut.where : undefined
  }
}

/** The length of the handshake or the frame (RFC 6455, 5.2) that the bytes begin with; 0 where that is not known yet. */
function lengthOf(bytes: Buffer, upgraded: boolean): number {
  if (!upgraded) return bytes.indexOf('\r\n\r\n') + (bytes.includes('\r\n\r\n') ? 4 : 1)
  const [, second] = bytes
  if (second === undefined) return 0
  const mask = second >= 128 ? 4 : 0
  const short = second & 127
  if (short < 126) return 2 + mask + short
  if (short === 126) return bytes.length < 4 ? 0 : 4 + mask + bytes.readUInt16BE(2)
  return bytes.length < 10 ? 0 : 10 + mask + Number(bytes.readBigUInt64BE(2))
}
