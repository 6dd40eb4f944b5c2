import { sentForm } from './sent-form.js'

/**
 * Text that is equal for requests that are equal in value, whatever the order of their members; undefined for no request.
 * What JSON cannot carry is refused by the subscription, not here: this is called while a page is rendered.
 */
export function requestKey(request: unknown): string | undefined {
  return request === undefined ? undefined : JSON.stringify(request, ordered)
}

/** The same of a request as it travels. One that cannot be converted is refused by the subscription, too. */
export function sentKey(route: object, request: unknown): string | undefined {
  let form = request
  try {
    form = sentForm(route, request)
  } catch {
    // its own members tell it from others
  }
  return requestKey(form)
}

function ordered(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  // Without a prototype, `__proto__` is a member like any other.
  return Object.assign(Object.create(null) as object, Object.fromEntries(members))
}
