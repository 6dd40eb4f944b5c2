/**
 * A request as JSON whose text is equal for requests that are equal in value, whatever the order of their members: listeners
 * of one text share a subscription. That the server counts more requests as one, as where it fills in defaults, does no harm.
 *
 * Raises `RangeError` for what JSON cannot say, and would leave out or change: NaN, infinities, half a surrogate pair,
 * functions.
 */
export function requestText(request: unknown): string {
  return JSON.stringify(request, (_key, value: unknown) => {
    const kind = typeof value
    const refused =
      kind === 'string'
        ? /\p{Surrogate}/u.test(value as string)
        : value !== undefined && kind !== 'object' && kind !== 'boolean' && !Number.isFinite(value)
    if (refused) throw new RangeError(`JSON cannot carry ${String(value)}.`)
    if (!value || kind !== 'object' || Array.isArray(value)) return value
    const members = value as Record<string, unknown>
    return Object.fromEntries(
      Object.keys(members)
        .sort()
        .map((key) => [key, members[key]]),
    )
  })
}
