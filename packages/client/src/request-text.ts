/**
 * A request as JSON whose text is equal for requests that are equal in value, whatever the order of their members: listeners
 * of one text share a subscription. That the server counts more requests as one, as where it fills in defaults, does no harm.
 *
 * Raises `RangeError` for what JSON would leave out or change, or the server could not read: NaN, infinities, functions, half
 * a surrogate pair. `JSON.stringify` itself raises `TypeError` for a bigint or a cycle.
 */
export function requestText(request: unknown): string {
  return JSON.stringify(request, (key, value: unknown) => {
    const kind = typeof value
    const text = kind === 'string' ? `${key} ${value as string}` : key
    if (
      kind === 'function' ||
      (kind === 'number' && !isFinite(value as number)) ||
      /\p{Surrogate}/u.test(text)
    )
      throw new RangeError(`JSON cannot carry ${String(value)}.`)
    if (!value || kind !== 'object' || Array.isArray(value)) return value
    return Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)))
  })
}
