/**
 * The canonical JSON of RFC 8785: equal values, equal text, here and in every other language. Keys in the order of
 * their UTF-16 units; ECMAScript's own numbers and escapes are what the RFC prescribes. As in `JSON.stringify`,
 * `toJSON` is honoured and `undefined` members are left out.
 *
 * Raises `RangeError` for what JSON cannot say: NaN, infinities, half a surrogate pair, functions, bigints, undefined
 * by itself.
 */
export function canonicalJson(value: unknown): string {
  if (typeof value !== 'object' || value === null) return primitive(value)
  if (hasToJson(value)) return canonicalJson(value.toJSON())
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join()}]`
  const members = value as Record<string, unknown>
  // Not a sorted copy given to JSON.stringify: objects put integer-like keys first, whatever the order of insertion.
  return `{${Object.keys(members)
    .filter((key) => members[key] !== undefined)
    .sort()
    .map((key) => `${primitive(key)}:${canonicalJson(members[key])}`)
    .join()}}`
}

function hasToJson(value: object): value is { toJSON(): unknown } {
  return typeof (value as { toJSON?: unknown }).toJSON === 'function'
}

function primitive(value: unknown): string {
  const isText = typeof value === 'string'
  const carried = isText
    ? !/\p{Surrogate}/u.test(value)
    : value === null || typeof value === 'boolean' || Number.isFinite(value)
  if (carried) return JSON.stringify(value)
  const kind = isText ? 'half a surrogate pair' : typeof value === 'number' ? String(value) : typeof value
  throw new RangeError(`JSON cannot carry ${kind}.`)
}
