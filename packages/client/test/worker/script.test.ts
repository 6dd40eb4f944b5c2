import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { expect, test } from 'vitest'
import { MODULE, scriptModule } from '../../scripts/worker.js'

/** What a page that uses it is given beside the core, minified and gzipped; the worker's own script is part of that. */
const BOUND = 1_792

test('the text of the worker is that of its source; if not, run `node scripts/worker.js`', async () => {
  expect(readFileSync(MODULE, 'utf8')).toBe(await scriptModule())
})

test('the entry is no larger than what is allowed', async () => {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('../../src/worker/index.ts', import.meta.url))],
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    packages: 'external',
    write: false,
  })
  const [size] = outputFiles.map(({ contents }) => gzipSync(contents, { level: 9 }).length)
  expect(size).toBeGreaterThan(1_000)
  expect(size).toBeLessThanOrEqual(BOUND)
})
