/** What is used of the host, so that nothing depends on the DOM's types. */
const host = globalThis as unknown as {
  readonly TextEncoder: new () => { encode(text: string): Uint8Array }
}

/**
 * A value that was read from JSON, as MessagePack. A whole number goes as the integer that JSON writes, up to 64 bits or
 * `largest`; every other number as a double.
 */
export function encode(value: unknown, largest?: number): Uint8Array {
  const bytes: number[] = []
  write(bytes, value, largest ?? Infinity)
  return Uint8Array.from(bytes)
}

function write(bytes: number[], value: unknown, largest: number): void {
  if (value === null || value === undefined) bytes.push(0xc0)
  else if (typeof value === 'boolean') bytes.push(value ? 0xc3 : 0xc2)
  else if (typeof value === 'number') writeNumber(bytes, value, largest)
  else if (typeof value === 'string') {
    const text = new host.TextEncoder().encode(value)
    head(bytes, text.length, 0xa0, 32, 0xd9)
    for (const byte of text) bytes.push(byte)
  } else if (Array.isArray(value)) {
    head(bytes, value.length, 0x90, 16, 0xdb)
    for (const item of value as unknown[]) write(bytes, item, largest)
  } else {
    // As JSON: what is undefined is not there.
    const members = Object.entries(value).filter(([, member]) => member !== undefined)
    head(bytes, members.length, 0x80, 16, 0xdd)
    for (const [key, member] of members) {
      write(bytes, key, largest)
      write(bytes, member, largest)
    }
  }
}

/**
 * A length: within `fix` where it is less than `limit`, or after one of the types from `sized` on, for 8, 16 and 32 bits. Lists
 * and maps have none for 8 bits, and theirs count from where it would be.
 */
function head(bytes: number[], length: number, fix: number, limit: number, sized: number): void {
  if (length < limit) bytes.push(fix | length)
  else if (length < 0x100 && fix === 0xa0) bytes.push(sized, length)
  else if (length < 0x10000) bytes.push(sized + 1, length >> 8, length & 0xff)
  else bytes.push(sized + 2, length >>> 24, (length >> 16) & 0xff, (length >> 8) & 0xff, length & 0xff)
}

function writeNumber(bytes: number[], value: number, largest: number): void {
  const view = new DataView(new ArrayBuffer(9))
  let size = 9
  const isWhole = Number.isInteger(value) && Math.abs(value) <= largest
  if (isWhole && value > -(2 ** 63) && value < 2 ** 64) {
    if (value >= -32 && value < 128) {
      bytes.push(value & 0xff)
      return
    }
    if (value >= -(2 ** 31) && value < 2 ** 31) {
      view.setUint8(0, 0xd2)
      view.setInt32(1, value)
      size = 5
    } else {
      view.setUint8(0, value < 0 ? 0xd3 : 0xcf)
      // The digits that JSON has: beyond 2^53 those of the number itself are others.
      view.setBigInt64(1, BigInt(String(value)))
    }
  } else {
    view.setUint8(0, 0xcb)
    view.setFloat64(1, value)
  }
  for (let at = 0; at < size; at += 1) bytes.push(view.getUint8(at))
}
