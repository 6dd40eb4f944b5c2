import { cp, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, test } from '../support/fixtures'
import * as paths from '../support/paths'
import { Server, freePort } from '../support/server'

const WS = 'backend/src/trading_api/modules/datafeed/ws.py'
const DECLARED = 'WsRouter[BarsSubscriptionRequest, Bar]'

test('a mistake in ws.py is shown in the page, with its line, until it is mended', async ({
  browser,
  stack,
}) => {
  // A page of its own: what the dev server says to it is not of the application's document.
  const page = await browser.newPage()
  const folder = await mkdtemp(path.join(tmpdir(), 'topicwire-e2e-'))
  const name = path.join(folder, WS)
  for (const part of ['src', 'pyproject.toml', 'generated']) {
    await cp(path.join(paths.backend, part), path.join(folder, 'backend', part), { recursive: true })
  }
  const port = await freePort()
  const dev = new Server({
    name: 'The dev server',
    program: process.execPath,
    arguments: [paths.vite],
    cwd: paths.frontend,
    env: {
      BACKEND_URL: stack.backendUrl,
      FRONTEND_PORT: String(port),
      GENERATION_STATE: path.join(folder, 'backend/.topicwire_cache/watch.json'),
    },
    readyUrl: `http://127.0.0.1:${port}/`,
  })
  const generator = new Server({
    name: 'The generator',
    program: paths.python,
    arguments: ['-m', 'topicwire.cli', 'generate', '--watch', '-C', path.join(folder, 'backend')],
    cwd: folder,
    // It answers nobody: what waits for it is the page.
    readyUrl: `${stack.backendUrl}/api/v1/health`,
  })
  /** As editors do: a new file takes the place of the old one. */
  async function save(text: string): Promise<void> {
    await writeFile(`${name}.new`, text)
    await rename(`${name}.new`, name)
  }
  try {
    await Promise.all([dev.start(), generator.start()])
    const good = await readFile(name, 'utf8')
    const line = good.split('\n').findIndex((text) => text.includes(DECLARED)) + 1
    expect(line).toBeGreaterThan(0)
    await page.goto(`http://127.0.0.1:${port}/`)
    const shown = page.getByRole('banner').or(page.getByRole('main')).first()
    await expect(shown).toBeVisible()

    const overlay = page.locator('vite-error-overlay')
    await save(good.replace(DECLARED, 'WsRouter[BarsSubscriptionRequest, Barr]'))
    await expect(overlay).toContainText(`modules/datafeed/ws.py:${line}: 'Barr' is not defined here.`)
    await expect(overlay).toContainText('topicwire generate --watch')
    // The line itself, and the mark below the name.
    const frame = overlay.locator('.frame')
    await expect(frame).toContainText(`${line}  |      BarWsRouter: TypeAlias = WsRouter[`)
    await expect(frame).toContainText(/\n +\| +\^$/)
    await page.reload()
    await expect(overlay).toContainText("'Barr' is not defined here.")

    await save(good)
    await expect(overlay).toBeHidden()
    await expect(shown).toBeVisible()
  } finally {
    await Promise.all([page.close(), dev.stop(), generator.stop()])
    await rm(folder, { recursive: true, force: true })
  }
})
