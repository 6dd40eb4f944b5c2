import { createRestClient } from '@/clients/openapi-generated'
import type { RestClient } from '@/clients/openapi-generated'

export type { RestClient }

/** The REST interface, on the page's own host. */
export const restClient: RestClient = createRestClient({ baseUrl: '' })

/** What is known of a call that failed, fit to be shown to a person. */
export class RestError extends Error {
  override readonly name: string = 'RestError'
  /** HTTP status; undefined when no answer came. */
  readonly status: number | undefined

  constructor(message: string, status?: number, cause?: unknown) {
    super(message, { cause })
    this.status = status
  }

  /** The server was away or failed: the same call may succeed later. */
  get mayPass(): boolean {
    return this.status === undefined || this.status >= 500
  }
}

interface Outcome<T> {
  readonly data?: T | undefined
  readonly error?: unknown
  readonly response: Response
}

/**
 * The data of an answer.
 *
 * @throws RestError - no answer came, or its status is not 2xx; the message is the server's own where it has one
 */
export async function answered<T>(call: Promise<Outcome<T>>): Promise<T> {
  let outcome: Outcome<T>
  try {
    outcome = await call
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause
    throw new RestError('The server cannot be reached.', undefined, cause)
  }
  if (outcome.data !== undefined) return outcome.data
  const { status } = outcome.response
  // A proxy answers 5xx with a page of its own while the server behind it is away.
  const message = explained(outcome.error) ?? (status >= 500 ? 'The server cannot be reached.' : undefined)
  throw new RestError(message ?? `The server answered ${status}.`, status)
}

/** FastAPI's `detail`: a sentence, an object with a message, or the faults of a request. */
function explained(body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null) return undefined
  const { detail, message } = body as { detail?: unknown; message?: unknown }
  if (typeof message === 'string') return message
  if (typeof detail === 'string') return detail
  if (Array.isArray(detail)) {
    const faults = detail.map((fault: unknown) => (fault as { msg?: unknown } | null)?.msg)
    return faults.filter((text) => typeof text === 'string').join('; ') || undefined
  }
  return explained(detail)
}
