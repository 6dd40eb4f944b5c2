import { textOf } from './text.js'

/** Reads MessagePack, one value after another. Only what JSON has too: no bytes, no extensions, no NaN. */
export interface Reader {
  /** Whether all of it has been read. */
  readonly isOver: boolean
  /** How many bytes have been read. */
  readonly at: number
  /**
   * The next value. Raises where it ends too early or has what JSON has not. Where it cannot be known then where the next one
   * begins, all is over.
   */
  read(): unknown
}

export function newReader(buffer: ArrayBuffer): Reader {
  return new FrameReader(buffer)
}

class FrameReader implements Reader {
  at = 0
  readonly #bytes: Uint8Array
  readonly #view: DataView
  /** What was read and cannot be passed on, though what follows can be read. */
  #fault: string | undefined

  constructor(buffer: ArrayBuffer) {
    this.#bytes = new Uint8Array(buffer)
    this.#view = new DataView(buffer)
  }

  get isOver(): boolean {
    return this.at >= this.#bytes.length
  }

  read(): unknown {
    let value: unknown
    this.#fault = undefined
    try {
      value = this.#value()
    } catch (cause) {
      this.at = this.#bytes.length
      throw cause
    }
    if (this.#fault !== undefined) throw new TypeError(this.#fault)
    return value
  }

  #value(): unknown {
    const type = this.#bytes[this.at++] as number
    if (type < 0x80) return type
    if (type < 0x90) return this.#map(type & 0x0f)
    if (type < 0xa0) return this.#list(type & 0x0f)
    if (type < 0xc0) return this.#text(type & 0x1f)
    if (type >= 0xe0) return type - 0x100
    switch (type) {
      case 0xc0:
        return null
      case 0xc2:
        return false
      case 0xc3:
        return true
      case 0xca:
        return this.#finite(this.#view.getFloat32(this.#skip(4)))
      case 0xcb:
        return this.#finite(this.#view.getFloat64(this.#skip(8)))
      case 0xcc:
      case 0xcd:
      case 0xce:
        return this.#size(type - 0xcc)
      case 0xcf:
        return this.#safe(this.#size(2) * 2 ** 32 + this.#size(2))
      case 0xd0:
        return this.#view.getInt8(this.#skip(1))
      case 0xd1:
        return this.#view.getInt16(this.#skip(2))
      case 0xd2:
        return this.#view.getInt32(this.#skip(4))
      case 0xd3:
        return this.#safe(this.#view.getInt32(this.#skip(4)) * 2 ** 32 + this.#size(2))
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.#text(this.#size(type - 0xd9))
      case 0xdc:
      case 0xdd:
        return this.#list(this.#size(type - 0xdb))
      case 0xde:
      case 0xdf:
        return this.#map(this.#size(type - 0xdd))
      default:
        // Bytes and extensions; or nothing at all.
        throw new TypeError(
          this.at > this.#bytes.length
            ? 'The frame ends within a message.'
            : `Type ${type} of MessagePack, before byte ${this.at}, is none of JSON.`,
        )
    }
  }

  /** A whole number of 8, 16 or 32 bits: 0, 1 or 2. */
  #size(power: number): number {
    if (power === 0) return this.#view.getUint8(this.#skip(1))
    if (power === 1) return this.#view.getUint16(this.#skip(2))
    return this.#view.getUint32(this.#skip(4))
  }

  #skip(length: number): number {
    const from = this.at
    this.at += length
    return from
  }

  #safe(value: number): number {
    // A double of it would be another number, and nobody would know.
    if (!Number.isSafeInteger(value))
      this.#fault = `A whole number before byte ${this.at} is beyond 2^53 - 1.`
    return value
  }

  #finite(value: number): number {
    if (!Number.isFinite(value)) this.#fault = `A number before byte ${this.at} is not finite.`
    return value
  }

  #text(length: number): string {
    const from = this.#skip(length)
    if (this.at > this.#bytes.length) throw new TypeError('The frame ends within a text.')
    return textOf(this.#bytes, from, this.at)
  }

  #list(length: number): unknown[] {
    // Not made of this length at once: it is only what somebody says.
    const items: unknown[] = []
    for (let left = length; left > 0; left -= 1) items.push(this.#value())
    return items
  }

  #map(length: number): Record<string, unknown> {
    const members: Record<string, unknown> = {}
    for (let left = length; left > 0; left -= 1) {
      const key = this.#value()
      if (typeof key !== 'string') this.#fault = `The name of a member before byte ${this.at} is no text.`
      const value = this.#value()
      if (key !== '__proto__') members[key as string] = value
      // A member like any other, as JSON has it.
      else
        Object.defineProperty(members, key, { value, configurable: true, enumerable: true, writable: true })
    }
    return members
  }
}
