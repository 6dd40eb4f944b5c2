import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'

const READY_MS = 60_000
const STOP_MS = 15_000
const LOG_LINES = 40

/** A loopback port that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

export interface Command {
  readonly name: string
  readonly program: string
  readonly arguments: readonly string[]
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
  /** Answers with 2xx when the server is ready. */
  readonly readyUrl: string
}

/** A server of this test run: a child process, and its address. */
export class Server {
  readonly #command: Command
  #child: ChildProcess | undefined
  #log: string[] = []

  constructor(command: Command) {
    this.#command = command
  }

  /**
   * Resolves when it answers.
   *
   * @throws Error - it ended or did not answer in time; with its last output
   */
  async start(): Promise<void> {
    const { program, arguments: words, cwd, env } = this.#command
    const child = spawn(program, words, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#child = child
    this.#log = []
    const keep = (data: Buffer): void => {
      this.#log = [...this.#log, ...data.toString().split('\n')].slice(-LOG_LINES)
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    const failed = new Promise<never>((_, reject) => {
      child.once('error', reject)
      child.once('exit', (code, signal) => {
        reject(this.#failure(`ended with ${code ?? signal ?? 'no code'}`))
      })
    })
    // Whoever stops it later does not wait for this promise.
    failed.catch(() => undefined)
    await Promise.race([this.#answers(), failed])
  }

  /** Ends it as a crash does, at once. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL')
  }

  async stop(): Promise<void> {
    await this.#end('SIGTERM')
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill(signal)
    const overdue = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
    await ended
    clearTimeout(overdue)
  }

  /** Each attempt waits for the one before, and the next for a moment: nothing tells when a port is listened on. */
  async #answers(): Promise<void> {
    const deadline = Date.now() + READY_MS
    for (;;) {
      const response = await fetch(this.#command.readyUrl).catch(() => undefined)
      if (response?.ok === true) return
      if (Date.now() > deadline) throw this.#failure(`did not answer at ${this.#command.readyUrl}`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  #failure(what: string): Error {
    return new Error(`${this.#command.name} ${what}. Its last output:\n${this.#log.join('\n')}`)
  }
}
