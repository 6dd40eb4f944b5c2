import { describe, expect, it } from 'vitest'
import { RestError, answered } from './restClient'

const outcome = (data: unknown, status: number, error?: unknown): Promise<never> =>
  Promise.resolve({ data, error, response: new Response(null, { status }) } as never)

describe('an answer', () => {
  it('is its data', async () => {
    expect(await answered(outcome({ ok: true }, 200))).toEqual({ ok: true })
  })

  it.each([
    [404, { detail: 'unknown symbol' }, 'unknown symbol'],
    [409, { detail: { code: 'conflict', message: 'already placed' } }, 'already placed'],
    [422, { detail: [{ msg: 'too short' }, { msg: 'not a number' }] }, 'too short; not a number'],
    [418, undefined, 'The server answered 418.'],
    [502, '<html>', 'The server cannot be reached.'],
    [500, { detail: 'database gone' }, 'database gone'],
  ])('with status %i and %o is an error saying so', async (status, body, message) => {
    const failure = await answered(outcome(undefined, status, body)).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(RestError)
    expect(failure).toMatchObject({ status, message })
  })

  it('that never came is told as such, and what caused it is kept', async () => {
    const cause = new TypeError('fetch failed')
    const failure = await answered(Promise.reject(cause)).catch((error: unknown) => error)
    expect(failure).toMatchObject({ status: undefined, message: 'The server cannot be reached.', cause })
  })

  it('that nobody wants any more stays an abort', async () => {
    const abort = new DOMException('stopped', 'AbortError')
    await expect(answered(Promise.reject(abort))).rejects.toBe(abort)
  })
})
