import { execFileSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import * as paths from './paths'
import { Server, freePort } from './server'

/** A page of `pages/` as Vite builds it for production, served beside the backend. */
export interface BuiltPage {
  readonly url: string
  stop(): Promise<void>
}

/**
 * Builds and serves it. What a test answers in a server's place is for Chromium of no known address, and a worker of it may
 * connect to nothing on loopback.
 */
export async function serveBuilt(name: string, backendUrl: string): Promise<BuiltPage> {
  const folder = await mkdtemp(path.join(tmpdir(), 'topicwire-e2e-'))
  const port = String(await freePort())
  const env = { PAGE: name, BACKEND_URL: backendUrl, FRONTEND_PORT: port, FRONTEND_HOST: '127.0.0.1' }
  const config = `${paths.support}/pages/vite.config.ts`
  execFileSync(
    process.execPath,
    [paths.vite, 'build', '--config', config, '--outDir', folder, '--emptyOutDir'],
    {
      cwd: paths.support,
      env: { ...process.env, ...env },
      stdio: 'inherit',
    },
  )
  const url = `http://127.0.0.1:${port}/${name}.html`
  const server = new Server({
    name: 'The server of the built page',
    program: process.execPath,
    arguments: [paths.vite, 'preview', '--outDir', folder],
    cwd: paths.frontend,
    env,
    readyUrl: url,
  })
  const stop = async (): Promise<void> => {
    await server.stop()
    await rm(folder, { recursive: true, force: true })
  }
  try {
    await server.start()
  } catch (cause) {
    await stop()
    throw cause
  }
  return { url, stop }
}
