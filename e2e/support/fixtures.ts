import { test as base, expect } from '@playwright/test'
import type { Page } from '@playwright/test'
import { matchFrames } from './frames'
import type { Frame } from './frames'
import { startStack } from './stack'
import type { Stack } from './stack'

/** What a page did, seen from outside. */
export class Watch {
  /** Every frame of every WebSocket. */
  readonly frames: Frame[] = []
  /** Requests to any host but this one. */
  readonly strangers: string[] = []
  /** Errors of the console and uncaught ones. */
  readonly errors: string[] = []
  #forgiven: RegExp | undefined

  constructor(page: Page) {
    page.on('request', (request) => {
      this.#host(request.url())
    })
    page.on('websocket', (socket) => {
      this.#host(socket.url())
      socket.on('framesent', ({ payload }) => {
        this.frames.push({ direction: 'to_server', text: String(payload) })
      })
      socket.on('framereceived', ({ payload }) => {
        this.frames.push({ direction: 'to_client', text: String(payload) })
      })
    })
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') this.#error(message.text())
    })
    page.on('pageerror', (error) => {
      this.#error(String(error))
    })
  }

  /** From here on errors that match are expected. */
  forgive(errors: RegExp): void {
    this.#forgiven = errors
  }

  #error(text: string): void {
    if (this.#forgiven?.test(text) !== true) this.errors.push(text)
  }

  #host(address: string): void {
    const url = new URL(address)
    const ours = ['data:', 'blob:', 'about:'].includes(url.protocol) || url.hostname === '127.0.0.1'
    if (!ours) this.strangers.push(address)
  }
}

/**
 * `stack`: the servers, shared by all tests. `watch`: what the page does, checked after each test: no error in the
 * console, no request beyond loopback, and every WebSocket message is exactly one of the served AsyncAPI document.
 */
export const test = base.extend<{ watch: Watch }, { stack: Stack }>({
  stack: [
    // eslint-disable-next-line no-empty-pattern -- Playwright reads which fixtures are wanted from the pattern
    async ({}, use) => {
      const stack = await startStack()
      await use(stack)
      await stack.stop()
    },
    { scope: 'worker', timeout: 120_000 },
  ],
  baseURL: async ({ stack }, use) => {
    await use(stack.pageUrl)
  },
  watch: [
    async ({ page, stack }, use) => {
      const watch = new Watch(page)
      await use(watch)
      const served = await fetch(`${stack.backendUrl}/api/v1/ws/asyncapi.json`)
      const document: unknown = await served.json()
      matchFrames(document, watch.frames)
      expect(watch.strangers).toEqual([])
      expect(watch.errors).toEqual([])
    },
    { auto: true },
  ],
})

export { expect }
