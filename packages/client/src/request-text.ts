import { uncarried } from './sentences.js'

/**
 * A request as JSON whose text is equal for requests that are equal in value, whatever the order of their members: listeners
 * of one text share a subscription. That the server counts more requests as one, as where it fills in defaults, does no harm.
 *
 * Raises `RangeError` for what JSON would leave out or change, or the server could not read: NaN, infinities, functions, half
 * a surrogate pair. `JSON.stringify` itself raises `TypeError` for a bigint or a cycle.
 */
export function requestText(request: unknown): string {
  const names = new Set<string>()
  JSON.stringify(request, (name, value: unknown) => {
    const kind = typeof value
    if (
      kind === 'function' ||
      (kind === 'number' && !isFinite(value as number)) ||
      /\p{Cs}/u.test(kind === 'string' ? `${name} ${value as string}` : name)
    )
      throw new RangeError(uncarried(value))
    names.add(name)
    return value
  })
  // Members are written in the order of the list, in each object those that it has.
  return JSON.stringify(request, [...names].sort())
}
