/** The package as it is published: packed, installed into an empty project without a network, compiled, run, and judged. */
import { execFileSync, spawnSync } from 'node:child_process'
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildCore } from '../scripts/core.js'

const root = join(import.meta.dirname, '..')
const programs = join(root, '../../node_modules/.bin')
let folder: string
let tarball: string
let project: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'topicwire-package-'))
  project = join(folder, 'project')
  mkdirSync(project)
  execFileSync('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: root })
  tarball = join(folder, readdirSync(folder).find((file) => file.endsWith('.tgz')) ?? '')
  writeFileSync(join(project, 'package.json'), '{ "name": "page", "version": "1.0.0", "type": "module" }')
  execFileSync('npm', ['install', '--offline', '--no-audit', '--no-fund', '--silent', tarball], {
    cwd: project,
  })
}, 120_000)

afterAll(() => {
  rmSync(folder, { recursive: true })
})

test('holds the file that is measured, and nothing that a page does not need', async () => {
  const installed = join(project, 'node_modules/@topicwire/client')
  expect(readFileSync(join(installed, 'dist/index.js'), 'utf8')).toBe(await buildCore())
  expect(readdirSync(join(project, 'node_modules')).filter((name) => !name.startsWith('.'))).toEqual([
    '@topicwire',
  ])
  expect(readdirSync(installed).sort()).toEqual(['LICENSE', 'README.md', 'dist', 'package.json', 'src'])
  expect(readFileSync(join(installed, 'LICENSE'), 'utf8')).toBe(
    readFileSync(join(root, '../../LICENSE'), 'utf8'),
  )
  const { license, exports } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as Manifest
  expect(license).toBe('MIT')
  for (const { types, default: code } of Object.values(exports)) {
    expect(readFileSync(join(installed, types), 'utf8')).not.toBe('')
    expect(readFileSync(join(installed, code), 'utf8')).not.toBe('')
  }
})

test.each([
  ['bundler', 'esnext'],
  ['node16', 'node16'],
])('compiles, as strictly as may be: %s', (moduleResolution, module) => {
  copyFileSync(join(root, 'test/package/main.ts'), join(project, 'main.ts'))
  const compilerOptions = {
    module,
    moduleResolution,
    target: 'es2022',
    lib: ['es2022', 'dom'],
    types: [],
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    verbatimModuleSyntax: true,
    erasableSyntaxOnly: true,
    isolatedDeclarations: true,
    declaration: true,
    skipLibCheck: false,
    rootDir: '.',
    outDir: `out-${moduleResolution}`,
  }
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['main.ts'] }))
  const { stdout, status } = run(join(programs, 'tsc'), '-p', '.')
  expect(stdout).toBe('')
  expect(status).toBe(0)
  const { stdout: said } = run(process.execPath, `out-${moduleResolution}/main.js`)
  expect(JSON.parse(said)).toEqual({ seen: [1, 7], isTyped: true, status: 'closed', makes: 'function' })
})

test('an error is a sentence in development; in production it is its code, and what says more', () => {
  const page = `
    import { createClient } from '@topicwire/client'
    class None { constructor() { throw new Error('no way') } }
    const ws = createClient(['trades'], { url: 'ws://shop.example/ws', webSocket: None })
    await ws.trades.subscribe('tape', {}, () => 0).catch((error) => console.log(error.message))`
  const messageUnder = (...conditions: readonly string[]): string =>
    run(process.execPath, ...conditions, '--input-type=module', '-e', page).stdout.trim()
  expect(messageUnder('--conditions=development')).toBe('No socket to ws://shop.example/ws: Error: no way')
  expect(messageUnder()).toBe('connection_failed: ws://shop.example/ws: Error: no way')
})

test('publint finds nothing', () => {
  const { stdout, status } = run(join(programs, 'publint'), 'run', tarball, '--strict')
  expect(stdout).toContain('All good!')
  expect(status).toBe(0)
})

test('its types are found where its code is', () => {
  const { stdout, status } = run(join(programs, 'attw'), tarball, '--profile', 'esm-only', '--format', 'json')
  const { problems } = JSON.parse(stdout) as Problems
  // It is made of ES modules alone: `require` of Node 16 and the resolution before `exports` do not concern it.
  const concerning = Object.values(problems)
    .flat()
    .filter(({ resolutionKind }) => resolutionKind !== 'node10' && resolutionKind !== 'node16-cjs')
  expect(concerning).toEqual([])
  expect(status).toBe(0)
})

interface Manifest {
  readonly license: string
  readonly exports: Readonly<Record<string, { readonly types: string; readonly default: string }>>
}

interface Problems {
  readonly problems: Readonly<Record<string, readonly { readonly resolutionKind?: string }[]>>
}

function run(program: string, ...options: readonly string[]): { stdout: string; status: number | null } {
  const { stdout, status } = spawnSync(program, options, { cwd: project, encoding: 'utf8' })
  return { stdout, status }
}
