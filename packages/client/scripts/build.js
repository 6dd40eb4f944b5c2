/**
 * Writes `dist`. What `tsc` makes of the source, but the core is one minified file, and the modules that it was made of
 * go, unless another entry uses them. The readable source is in `src`, which is published too.
 */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { buildCore, buildDevelopment } from './core.js'
import { buildScript } from './worker.js'

const root = fileURLToPath(new URL('../', import.meta.url))
const { exports } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'))
const entries = Object.values(exports).map((entry) => /** @type {{ default: string }} */ (entry).default)

rmSync(`${root}dist`, { recursive: true, force: true })
const tsc = fileURLToPath(import.meta.resolve('typescript/lib/tsc.js'))
execFileSync(process.execPath, [tsc, '-p', `${root}tsconfig.build.json`], { stdio: 'inherit' })
writeFileSync(`${root}dist/index.js`, await buildCore())
writeFileSync(`${root}dist/index.development.js`, await buildDevelopment())
writeFileSync(`${root}dist/worker/script.js`, `${await buildScript()}\n`)
const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: [...entries, 'dist/index.development.js'],
  bundle: true,
  format: 'esm',
  packages: 'external',
  outdir: 'dist',
  write: false,
  metafile: true,
})
for (const file of readdirSync(`${root}dist`, { recursive: true, encoding: 'utf8' })) {
  const path = join('dist', file)
  if (path.endsWith('.js') && !(path in metafile.inputs)) rmSync(`${root}${path}`)
}
