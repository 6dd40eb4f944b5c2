import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import ts from 'typescript'
import { afterAll, beforeAll, expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')
const usage = join(root, 'test/types/usage.ts')
let dist: string

const strict: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  lib: ['lib.es2022.d.ts', 'lib.dom.d.ts'],
  types: [],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noPropertyAccessFromIndexSignature: true,
  noUnusedLocals: true,
  noUnusedParameters: true,
  verbatimModuleSyntax: true,
  erasableSyntaxOnly: true,
  noEmit: true,
  rootDir: '/',
}

const node16 = { module: ts.ModuleKind.Node16, moduleResolution: ts.ModuleResolutionKind.Node16 }
const bundler = { module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler }

beforeAll(() => {
  dist = mkdtempSync(join(tmpdir(), 'topicwire-client-'))
  const file = ts.readConfigFile(join(root, 'tsconfig.build.json'), (path) => ts.sys.readFile(path))
  const { options, fileNames } = ts.parseJsonConfigFileContent(file.config, ts.sys, root, { outDir: dist })
  expect(complaints(fileNames, options)).toEqual([])
})

afterAll(() => {
  rmSync(dist, { recursive: true })
})

test('users’ mistakes are errors and their right code is none, from source: bundler', () => {
  expect(complaints([usage], { ...strict, ...bundler, customConditions: ['@topicwire/source'] })).toEqual([])
})

test('the same from the published declarations: node16', () => {
  const paths = {
    '@topicwire/client': [join(dist, 'index.d.ts')],
    '@topicwire/client/animation-frame': [join(dist, 'animation-frame/index.d.ts')],
    '@topicwire/client/latency': [join(dist, 'latency/index.d.ts')],
    '@topicwire/client/stream': [join(dist, 'stream/index.d.ts')],
    '@topicwire/client/testing': [join(dist, 'testing/index.d.ts')],
    '@topicwire/client/token': [join(dist, 'token/index.d.ts')],
  }
  expect(complaints([usage], { ...strict, ...node16, paths })).toEqual([])
})

function complaints(files: string[], options: ts.CompilerOptions): string[] {
  const program = ts.createProgram(files, options)
  const emitted = options.noEmit === true ? [] : program.emit().diagnostics
  return [...ts.getPreEmitDiagnostics(program), ...emitted].map((diagnostic) => {
    const line = diagnostic.file?.getLineAndCharacterOfPosition(diagnostic.start ?? 0).line ?? -1
    return `${diagnostic.file?.fileName ?? ''}:${line + 1}: ${ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n')}`
  })
}
