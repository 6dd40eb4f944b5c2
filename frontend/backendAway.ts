import type { Logger, ProxyOptions } from 'vite'

/** What Vite says, with a stack, of each connection between a page and the backend that fails. */
const PROXY_ERROR = /(?:http|ws) proxy (?:socket )?error:/
/** A connection that has ended is no fault: a page was closed, or a backend stopped, which the next one will find. */
const ENDED: ReadonlySet<unknown> = new Set(['ECONNRESET', 'EPIPE'])
const TIMED = { timestamp: true }

/**
 * A logger and an option of the proxy that say in one line that the backend is away, once until it has answered
 * again: the page asks every other second, and a stack each time would drown everything else.
 */
export function backendAway(
  target: string,
  logger: Logger,
): { readonly logger: Logger; readonly configure: NonNullable<ProxyOptions['configure']> } {
  let told = false
  const answered = (): void => {
    told = false
  }
  return {
    logger: {
      ...logger,
      error(message, options) {
        if (!PROXY_ERROR.test(message)) {
          logger.error(message, options)
          return
        }
        const code = (options?.error as { code?: unknown } | null | undefined)?.code
        if (told || ENDED.has(code)) return
        told = true
        logger.warn(`No backend answers at ${target} now; the page asks again until one does.`, TIMED)
      },
    },
    configure(proxy) {
      proxy.on('proxyRes', answered)
      proxy.on('open', answered)
    },
  }
}
