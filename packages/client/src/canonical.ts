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
  if ('toJSON' in value && typeof value.toJSON === 'function') {
    return canonicalJson((value as { toJSON(): unknown }).toJSON())
  }
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join()}]`
  const members = value as Record<string, unknown>
  // Not a sorted copy given to JSON.stringify: objects put integer-like keys first, whatever the order of insertion.
  return `{${Object.keys(members)
    .filter((key) => members[key] !== undefined)
    .sort()
    .map((key) => `${primitive(key)}:${canonicalJson(members[key])}`)
    .join()}}`
}

function primitive(value: unknown): string {
  const carried =
    typeof value === 'string'
      ? !/\p{Surrogate}/u.test(value)
      : value === null || typeof value === 'boolean' || Number.isFinite(value)
  if (carried) return JSON.stringify(value)
  const kinds: Record<string, string> = { number: String(value), string: 'half a surrogate pair' }
  throw new RangeError(`JSON cannot carry ${kinds[typeof value] ?? typeof value}.`)
}
