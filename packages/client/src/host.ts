import type { Clock, WebSocketConstructor } from './options.js'

/** What is used of the page, where there is one: spelled out, so that nothing depends on the DOM's types. */
interface Host {
  readonly WebSocket?: WebSocketConstructor
  readonly location?: { readonly href: string }
  readonly URL: new (address: string, base?: string) => { readonly href: string }
  readonly reportError?: (error: unknown) => void
}

export const host = globalThis as unknown as Host

// What every host has, by its bare name.
declare const console: { readonly error: (...values: unknown[]) => void }
declare const performance: { now(): number }
declare function setTimeout(callback: () => void, delayMs: number): unknown
declare function clearTimeout(timer: unknown): void

export const hostClock: Clock = {
  now: () => performance.now(),
  // More than 31 bits of a delay are none at all; who waits for so long asks again.
  setTimeout: (callback, delayMs) => setTimeout(callback, Math.min(delayMs, 2e9)),
  clearTimeout: (timer) => clearTimeout(timer),
}

/** Where faults go that nobody took. */
export function reportToPage(error: unknown): void {
  const take = host.reportError ?? console.error
  take(error)
}
