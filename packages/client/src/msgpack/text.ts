/** What is used of the host, so that nothing depends on the DOM's types. */
const host = globalThis as unknown as {
  readonly TextDecoder: new (
    encoding: string,
    options: { readonly fatal: boolean; readonly ignoreBOM: boolean },
  ) => { decode(bytes: Uint8Array): string }
}

/** A call of the host costs more than so many characters. */
const SHORT = 64
const SLOTS = 1_024

/** Strings come again: the names of members, topics, symbols. One for each place. */
const known: (string | undefined)[] = []
let utf8: { decode(bytes: Uint8Array): string } | undefined

/** The text of these bytes, which are UTF-8. Raises `TypeError` where they are not. */
export function textOf(bytes: Uint8Array, start: number, end: number): string {
  const length = end - start
  if (length === 0) return ''
  if (length <= SHORT) {
    const slot = slotOf(bytes, start, end)
    const text = known[slot]
    if (text?.length === length && isText(text, bytes, start)) return text
    const ascii = asciiOf(bytes, start, end)
    if (ascii !== undefined) return (known[slot] = ascii)
  }
  utf8 ??= new host.TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  return utf8.decode(bytes.subarray(start, end))
}

/** Where the text would be: a few bytes say it, for most differ in them. */
function slotOf(bytes: Uint8Array, start: number, end: number): number {
  const first = bytes[start] as number
  const middle = bytes[(start + end) >> 1] as number
  const before = bytes[end - 2] as number
  const last = bytes[end - 1] as number
  return ((end - start) * 7 + first * 31 + middle * 131 + before * 17 + last * 257) % SLOTS
}

function isText(text: string, bytes: Uint8Array, start: number): boolean {
  for (let at = 0; at < text.length; at += 1) {
    if (text.charCodeAt(at) !== bytes[start + at]) return false
  }
  return true
}

function asciiOf(bytes: Uint8Array, start: number, end: number): string | undefined {
  const codes: number[] = []
  for (let at = start; at < end; at += 1) {
    const code = bytes[at] as number
    if (code > 0x7f) return undefined
    codes.push(code)
  }
  return String.fromCharCode(...codes)
}
