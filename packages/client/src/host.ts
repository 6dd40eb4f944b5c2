import type { Clock, WebSocketConstructor } from './options.js'

/** What is used of the page, where there is one: spelled out, so that nothing depends on the DOM's types. */
interface Host {
  readonly WebSocket?: WebSocketConstructor
  readonly location?: { readonly href: string }
  readonly URL: new (address: string, base?: string) => { readonly href: string }
  readonly reportError?: (error: unknown) => void
  readonly console: { readonly error: (...values: unknown[]) => void }
  readonly performance: { now(): number }
  setTimeout(callback: () => void, delayMs: number): unknown
  clearTimeout(timer: unknown): void
}

export const host = globalThis as unknown as Host

export const hostClock: Clock = {
  now: () => host.performance.now(),
  // More than 31 bits of a delay are none at all; who waits for so long asks again.
  setTimeout: (callback, delayMs) => host.setTimeout(callback, Math.min(delayMs, 2_147_483_647)),
  clearTimeout: (timer) => host.clearTimeout(timer),
}

/** Where faults go that nobody took. */
export function reportToPage(error: unknown): void {
  const take = host.reportError ?? host.console.error
  take(error)
}
