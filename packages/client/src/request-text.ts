import { uncarried } from './sentences.js'

/**
 * A request as JSON whose text is equal for requests that are equal in value, whatever the order of their members: listeners
 * of one text share a subscription. That the server counts more requests as one, as where it fills in defaults, does no harm.
 *
 * Raises `RangeError` for what JSON would leave out or change, or the server could not read: NaN, infinities, functions, half
 * a surrogate pair. `JSON.stringify` itself raises `TypeError` for a bigint or a cycle.
 */
export function requestText(request: unknown): string {
  return JSON.stringify(request, (name, value: unknown) => {
    if (
      typeof value === 'function' ||
      (typeof value === 'number' && !isFinite(value)) ||
      /\p{Cs}/u.test(typeof value === 'string' ? `${name} ${value}` : name)
    )
      throw new RangeError(uncarried(value))
    // Made of entries, so that `__proto__` is a member like any other.
    return value && typeof value === 'object' && !Array.isArray(value)
      ? Object.fromEntries(
          Object.keys(value)
            .sort()
            .map((key) => [key, (value as Readonly<Record<string, unknown>>)[key]]),
        )
      : value
  })
}
