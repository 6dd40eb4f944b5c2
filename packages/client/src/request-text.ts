/**
 * A request as JSON whose text is equal for requests that are equal in value, whatever the order of their members: listeners
 * of one text share a subscription. That the server counts more requests as one, as where it fills in defaults, does no harm.
 *
 * Raises `RangeError` for the numbers that JSON would change: NaN and infinities; `TypeError` for a bigint or a cycle.
 */
export function requestText(request: unknown): string {
  return JSON.stringify(request, (_key, value: unknown) => {
    if (typeof value === 'number' && !Number.isFinite(value))
      throw new RangeError(`JSON cannot carry ${value}.`)
    if (!value || typeof value !== 'object' || Array.isArray(value)) return value
    const members = value as Record<string, unknown>
    return Object.fromEntries(
      Object.keys(members)
        .sort()
        .map((key) => [key, members[key]]),
    )
  })
}
