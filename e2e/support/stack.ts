import { execFileSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import * as paths from './paths'
import { Server, freePort } from './server'

/** The whole application as a user has it: the real backend, and the page built for production. */
export interface Stack {
  readonly backend: Server
  /** The page; `/api` behind it is the backend's. */
  readonly pageUrl: string
  readonly backendUrl: string
  stop(): Promise<void>
}

/** Builds the page into a folder of its own and starts both servers on free ports. */
export async function startStack(): Promise<Stack> {
  const folder = await mkdtemp(path.join(tmpdir(), 'topicwire-e2e-'))
  const [backendPort, pagePort] = [await freePort(), await freePort()]
  const [backendUrl, pageUrl] = [`http://127.0.0.1:${backendPort}`, `http://127.0.0.1:${pagePort}`]
  const ports = {
    BACKEND_PORT: String(backendPort),
    FRONTEND_PORT: String(pagePort),
    FRONTEND_HOST: '127.0.0.1',
  }
  const build = ['build', '--outDir', folder, '--emptyOutDir', '--logLevel', 'warn']
  execFileSync(process.execPath, [paths.vite, ...build], { cwd: paths.frontend, stdio: 'inherit' })

  const backend = new Server({
    name: 'The backend',
    program: paths.python,
    arguments: [
      '-m',
      'uvicorn',
      'trading_api.main:app',
      '--host',
      '127.0.0.1',
      '--port',
      String(backendPort),
    ],
    cwd: paths.backend,
    readyUrl: `${backendUrl}/api/v1/health`,
  })
  const page = new Server({
    name: 'The page server',
    program: process.execPath,
    arguments: [paths.vite, 'preview', '--outDir', folder],
    cwd: paths.frontend,
    env: ports,
    readyUrl: pageUrl,
  })
  async function stop(): Promise<void> {
    await Promise.all([backend.stop(), page.stop()])
    await rm(folder, { recursive: true, force: true })
  }
  try {
    await Promise.all([backend.start(), page.start()])
  } catch (cause) {
    await stop()
    throw cause
  }
  return { backend, pageUrl, backendUrl, stop }
}
