import { expect, test as base } from '@playwright/test'
import type { Page } from '@playwright/test'
import * as paths from '../support/paths'
import { Server, freePort } from '../support/server'

interface Guarded {
  readonly url: string
  /** The same server under another name, so another origin. */
  readonly foreignUrl: string
}

const test = base.extend<object, { guarded: Guarded }>({
  guarded: [
    // eslint-disable-next-line no-empty-pattern -- Playwright reads which fixtures are wanted from the pattern
    async ({}, use) => {
      const port = String(await freePort())
      const url = `http://127.0.0.1:${port}`
      const server = new Server({
        name: 'The guarded app',
        program: paths.python,
        arguments: ['-m', 'uvicorn', 'guarded_app:app', '--host', '127.0.0.1', '--port', port],
        cwd: paths.support,
        readyUrl: `${url}/page`,
      })
      await server.start()
      await use({ url, foreignUrl: `http://localhost:${port}` })
      await server.stop()
    },
    { scope: 'worker', timeout: 60_000 },
  ],
})

/** What a page sees of a WebSocket, up to its first message or its end. */
interface Seen {
  readonly protocol?: string
  readonly message?: string
  readonly code?: number
  readonly reason?: string
}

async function dial(page: Page, url: string, protocols: string[]): Promise<Seen> {
  return page.evaluate(
    ([address, offered]) =>
      new Promise<Seen>((resolve) => {
        const socket = new WebSocket(address, offered)
        socket.onmessage = ({ data }: MessageEvent<string>) => {
          resolve({ protocol: socket.protocol, message: data })
          socket.close()
        }
        socket.onclose = ({ code, reason }) => {
          resolve({ protocol: socket.protocol, code, reason })
        }
      }),
    [`${url.replace('http', 'ws')}/api/v1/ws`, protocols] as const,
  )
}

const OURS = 'topicwire.v1+json'
const bearer = (token: string): string => `topicwire.bearer.${Buffer.from(token).toString('base64url')}`

test('trap: a refused login seen from a real browser', async ({ page, guarded }) => {
  await page.goto(`${guarded.url}/page`)
  const refused = await dial(page, guarded.url, [OURS, bearer('wrong')])
  expect(refused).toEqual({ protocol: OURS, code: 4001, reason: 'Who this client is cannot be told' })
  expect(await dial(page, guarded.url, [OURS])).toMatchObject({ code: 4001 })
  const blocked = await dial(page, guarded.url, [OURS, bearer('blocked')])
  expect(blocked).toEqual({ protocol: OURS, code: 4003, reason: 'This account is blocked' })
})

test('a browser cannot see why a handshake is refused without the subprotocol', async ({ page, guarded }) => {
  await page.goto(`${guarded.url}/page`)
  expect(await dial(page, guarded.url, [])).toMatchObject({ code: 1006 })
})

test('a page signs in by a subprotocol, and one of another origin may not even then', async ({
  page,
  guarded,
}) => {
  await page.goto(`${guarded.url}/page`)
  const welcome = await dial(page, guarded.url, [OURS, bearer('good')])
  expect(welcome.protocol).toBe(OURS)
  expect(JSON.parse(welcome.message ?? '')).toMatchObject({ type: 'hello', payload: { version: 1 } })
  await page.goto(`${guarded.foreignUrl}/page`)
  const foreign = await dial(page, guarded.url, [OURS, bearer('good')])
  expect(foreign).toEqual({ protocol: OURS, code: 4003, reason: 'This origin is not allowed' })
})
