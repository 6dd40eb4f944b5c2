import type { WebSocketConstructor } from '../options.js'

/** What is used of a `Worker`. */
export interface WorkerLike {
  onmessage: unknown
  onerror: unknown
  postMessage(message: unknown): void
  terminate(): void
}

/** What is used of the page, looked up when it is used: on a server there is none of it. */
interface Page {
  readonly Worker: new (url: string) => WorkerLike
  readonly WebSocket: WebSocketConstructor
  readonly Blob: new (parts: readonly string[], options: { readonly type: string }) => object
  readonly URL: { createObjectURL(blob: object): string }
  readonly requestAnimationFrame?: (callback: () => void) => unknown
  readonly setTimeout: (callback: () => void, delayMs: number) => unknown
  readonly clearTimeout: (timer: unknown) => void
  readonly console: { warn(...values: unknown[]): void }
}

const host: object = globalThis
export const page = host as Page

let scriptUrl: string | undefined

/** Of a text: no bundler need know of it, and nothing is fetched. */
export function startOf(script: string): WorkerLike {
  // One address for all: it must outlive their starting, and nobody is told when that is over.
  scriptUrl ??= page.URL.createObjectURL(new page.Blob([script], { type: 'text/javascript' }))
  return new page.Worker(scriptUrl)
}
