import type { ErrorCode, TopicwireErrorFields } from './errors.js'

/** The message of an error in production: where, which code, and what says more: `orders.preview: timeout: 10000`. */
export function sentence(code: ErrorCode, what: string | number, fields: TopicwireErrorFields): string {
  return [fields.type, code, what, fields.cause]
    .filter((part) => part)
    .map(String)
    .join(': ')
}

/** The message about a value that no JSON has, in production: the error makes text of it. */
export function uncarried(value: unknown): string {
  return value as string
}
