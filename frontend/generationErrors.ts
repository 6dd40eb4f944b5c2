import { readFileSync } from 'node:fs'
import type { ErrorPayload, Plugin } from 'vite'

/**
 * How often the state is read: a file that is replaced, or not there yet, has no events of its own. Nor has a watcher that
 * dies. (`watchFile` takes its first look later, and would miss what is said until then.)
 */
const INTERVAL_MS = 100

/** What `topicwire generate --watch` writes: the fields that are read here. */
interface State {
  /** Which of several applications; empty of the only one. */
  readonly app: string
  readonly pid: number
  readonly errors: readonly Omit<Problem, 'app'>[]
}

interface Problem {
  /** As in the state. */
  readonly app: string
  readonly path: string
  /** Absolute; empty where the problem is in no file. */
  readonly file: string
  /** From 1; 0 where the problem is in no line. */
  readonly line: number
  readonly column: number
  readonly message: string
  readonly excerpt: string
  readonly cure: string
}

/**
 * Shows in the page what keeps the types from being generated, in Vite's own overlay, until it is mended.
 *
 * @param stateFiles what `topicwire generate --watch` writes: `.topicwire_cache/watch.json` of the application, or of
 *   several applications, whose types the page has, `.topicwire_cache/NAME/watch.json` of each.
 */
export function generationErrors(...stateFiles: readonly string[]): Plugin {
  return {
    name: 'topicwire:generation-errors',
    apply: 'serve',
    configureServer(server) {
      let error: ErrorPayload | undefined
      function look(): void {
        const now = payloadOf(stateFiles.flatMap(readProblems))
        if (JSON.stringify(now) === JSON.stringify(error)) return
        error = now
        // An update of nothing takes the overlay away, and leaves the page as it is.
        server.ws.send(error ?? { type: 'update', updates: [] })
      }
      // A page that is opened, or opened again, while something is wrong.
      server.ws.on('connection', () => {
        if (error !== undefined) server.ws.send(error)
      })
      const timer = setInterval(look, INTERVAL_MS).unref()
      server.httpServer?.once('close', () => {
        clearInterval(timer)
      })
      look()
    },
  }
}

/** What a watcher that lives says is wrong; nothing where nobody watches. */
function readProblems(file: string): readonly Problem[] {
  try {
    const { app, pid, errors } = JSON.parse(readFileSync(file, 'utf8')) as State
    process.kill(pid, 0)
    return errors.map((error) => ({ ...error, app }))
  } catch {
    return []
  }
}

function payloadOf(problems: readonly Problem[]): ErrorPayload | undefined {
  const first = problems[0]
  if (first === undefined) return undefined
  return {
    type: 'error',
    err: {
      message: problems.map(told).join('\n\n'),
      stack: '',
      plugin: 'topicwire generate --watch',
      ...(first.file === '' ? {} : { id: first.file }),
      ...(first.line === 0 ? {} : { loc: { file: first.file, line: first.line, column: first.column } }),
      frame: frameOf(first),
    },
  }
}

function told({ app, path, line, message, cure }: Problem): string {
  const where = line === 0 ? path : `${path}:${line}`
  const said = [where === '' ? message : `${where}: ${message}`, cure]
    .filter((part) => part !== '')
    .join('\n')
  return app === '' ? said : `[${app}] ${said}`
}

/** The line that is wrong, with a mark below: in the form of code frames, for the overlay shows no other. */
function frameOf({ line, column, excerpt }: Problem): string {
  if (excerpt === '') return ''
  const number = String(line)
  return `${number}  |  ${excerpt}\n${' '.repeat(number.length)}  |  ${' '.repeat(column - 1)}^\n`
}
