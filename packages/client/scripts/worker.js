/**
 * The worker's script as one minified text. The page's entry holds it as a string, so that a bundler need know nothing of workers;
 * `node scripts/worker.js` writes that module, and `test/worker/script.test.ts` compares it.
 */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const src = fileURLToPath(new URL('../src/worker/', import.meta.url))
export const MODULE = `${src}script-text.ts`

/** @returns {Promise<string>} the text of `dist/worker/script.js`: of a module, or of a script that is none */
export async function buildScript() {
  const { outputFiles } = await build({
    entryPoints: [`${src}script.ts`],
    bundle: true,
    minify: true,
    format: 'iife',
    target: 'es2022',
    write: false,
  })
  return outputFiles.map(({ text }) => text.trim()).join('')
}

/** @returns {Promise<string>} the text of the module */
export async function scriptModule() {
  const text = (await buildScript()).replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', '\\n')
  return [
    '// Written by scripts/worker.js from gather.ts and script.ts. Do not edit: run `node scripts/worker.js`.',
    '// prettier-ignore',
    `export const SCRIPT = '${text}'`,
    '',
  ].join('\n')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(MODULE, await scriptModule())
