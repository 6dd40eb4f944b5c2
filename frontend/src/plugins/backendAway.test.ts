// @vitest-environment node
import { describe, expect, it, vi } from 'vitest'
import { backendAway } from '../../backendAway'

describe('the page server’s words on a backend that is away', () => {
  it('are one line until the backend has answered', () => {
    const [error, warn] = [vi.fn(), vi.fn()]
    const base = { error, warn } as unknown as Parameters<typeof backendAway>[1]
    const { logger, configure } = backendAway('http://backend.test', base)
    const heard = new Map<string, () => void>()
    const proxy = { on: (event: string, listener: () => void) => heard.set(event, listener) }
    configure(proxy as unknown as Parameters<typeof configure>[0], {})

    logger.error('ws proxy error:\nAggregateError [ECONNREFUSED]:\n    at a stack')
    logger.error('http proxy error: /api/v1/health\nError\n    at a stack')
    expect(warn).toHaveBeenCalledOnce()
    expect(warn.mock.calls[0]?.[0]).toBe(
      'No backend answers at http://backend.test now; the page asks again until one does.',
    )
    heard.get('proxyRes')?.()
    const ended = Object.assign(new Error('a page was closed'), { code: 'ECONNRESET' })
    logger.error('ws proxy error:\nError', { error: ended })
    expect(warn).toHaveBeenCalledOnce()
    logger.error('ws proxy error:\nError')
    expect(warn).toHaveBeenCalledTimes(2)
    expect(error).not.toHaveBeenCalled()

    logger.error('Build failed')
    expect(error).toHaveBeenCalledExactlyOnceWith('Build failed', undefined)
  })
})
