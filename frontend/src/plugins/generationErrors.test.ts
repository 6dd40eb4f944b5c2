// @vitest-environment node
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { ErrorPayload, ViteDevServer } from 'vite'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { generationErrors } from '../../generationErrors'

let folder: string
let http: Server
const sent: { type: string }[] = []

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  folder = mkdtempSync(path.join(tmpdir(), 'topicwire-'))
  http = createServer()
  sent.length = 0
})

afterEach(() => {
  http.emit('close')
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
  rmSync(folder, { recursive: true })
})

/** A page's own state file. */
function of(app: string): string {
  return path.join(folder, `${app}.json`)
}

/** As the watcher does it: another file takes the place of the one before. */
function says(app: string, ...messages: readonly string[]): void {
  saysOf(process.pid, app, ...messages)
}

function saysOf(pid: number, app: string, ...messages: readonly string[]): void {
  const errors = messages.map((message) => ({
    path: 'models.py',
    file: '/x/models.py',
    line: 7,
    column: 1,
    message,
    excerpt: 'price: Nothing',
    cure: 'Import it.',
  }))
  writeFileSync(`${of(app)}.new`, JSON.stringify({ app, ok: errors.length === 0, pid, errors }))
  renameSync(`${of(app)}.new`, of(app))
}

function served(...apps: readonly string[]): void {
  const server = {
    httpServer: http,
    ws: { on: () => undefined, send: (payload: { type: string }) => sent.push(payload) },
  }
  const { configureServer } = generationErrors(...apps.map(of))
  if (typeof configureServer !== 'function') throw new Error('the plugin configures no server')
  // What the plugin uses of it is all there.
  void configureServer.call({} as never, server as unknown as ViteDevServer)
}

function shown(): string | undefined {
  vi.advanceTimersByTime(100)
  const last = sent.at(-1)
  return last?.type === 'error' ? (last as ErrorPayload).err.message : undefined
}

test('a page shows what is wrong with its own application alone, until it is mended', () => {
  says('trading')
  says('admin', 'no Trade')
  served('trading')
  expect(sent).toEqual([])

  says('trading', 'no Price')
  expect(shown()).toBe('[trading] models.py:7: no Price\nImport it.')
  says('trading')
  expect(shown()).toBeUndefined()
  expect(sent.at(-1)?.type).toBe('update')
})

test('a page of several applications says which of them is wrong, until all are mended', () => {
  says('trading', 'no Price')
  says('admin', 'no Trade')
  served('trading', 'admin')
  expect(shown()).toBe(
    '[trading] models.py:7: no Price\nImport it.\n\n[admin] models.py:7: no Trade\nImport it.',
  )
  says('trading')
  expect(shown()).toBe('[admin] models.py:7: no Trade\nImport it.')
  rmSync(of('admin')) // it is watched no more
  expect(shown()).toBeUndefined()
  expect(sent.at(-1)?.type).toBe('update')
})

test('the only application of a project has no name', () => {
  says('', 'no Price')
  served('')
  expect(shown()).toBe('models.py:7: no Price\nImport it.')
})

test('what is said once is shown once, and is gone with the watcher that said it', async () => {
  const watcher = spawn(process.execPath, ['-e', 'setInterval(() => 0, 1000)'])
  saysOf(watcher.pid ?? 0, '', 'no Price')
  served('')
  expect(shown()).toBe('models.py:7: no Price\nImport it.')
  saysOf(watcher.pid ?? 0, '', 'no Price')
  expect(shown()).toBe('models.py:7: no Price\nImport it.')
  expect(sent).toHaveLength(1)
  watcher.kill()
  await once(watcher, 'exit')
  expect(shown()).toBeUndefined()
  expect(sent.at(-1)?.type).toBe('update')
})
