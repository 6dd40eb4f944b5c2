/** The core as it is published: one minified ES module for es2022, private members renamed. */
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { PRIVATE_NAMES } from './private-names.js'

const src = fileURLToPath(new URL('../src/', import.meta.url))

/** @type {import('esbuild').BuildOptions & { write: false }} */
const FLAGS = { bundle: true, minify: true, format: 'esm', target: 'es2022', write: false }

/**
 * What a page is given that is not built for development: errors have codes and values, not sentences.
 *
 * @type {import('esbuild').Plugin}
 */
const production = {
  name: 'production',
  setup: ({ onResolve }) =>
    onResolve({ filter: /^\.\/sentences\.js$/ }, () => ({ path: `${src}sentences.production.ts` })),
}

const DEVELOPMENT = { ...FLAGS, mangleProps: new RegExp(`^(?:${PRIVATE_NAMES.join('|')})$`) }
const OPTIONS = { ...DEVELOPMENT, plugins: [production] }

/** @returns {Promise<string>} the text of `dist/index.js` */
export async function buildCore() {
  const { outputFiles } = await build({ ...OPTIONS, entryPoints: [`${src}index.ts`] })
  return textOf(outputFiles)
}

/** @returns {Promise<string>} the text of `dist/index.development.js`: the same, but that errors have sentences */
export async function buildDevelopment() {
  const { outputFiles } = await build({ ...DEVELOPMENT, entryPoints: [`${src}index.ts`] })
  return textOf(outputFiles)
}

/**
 * What holds the bytes of `dist/index.js` before gzip.
 *
 * @returns {Promise<Record<string, number>>} by module, the largest first
 */
export async function coreModules() {
  const options = { ...OPTIONS, entryPoints: [`${src}index.ts`], metafile: true, outfile: 'index.js' }
  const { metafile } = await build(options)
  const modules = Object.values(metafile?.outputs ?? {}).flatMap(({ inputs }) => Object.entries(inputs))
  const sizes = modules.map(
    ([path, { bytesInOutput }]) => /** @type {const} */ ([basename(path), bytesInOutput]),
  )
  return Object.fromEntries(sizes.filter(([, bytes]) => bytes > 0).sort(([, one], [, other]) => other - one))
}

/**
 * The same with the session exported too, for the tests that drive it.
 *
 * @returns {Promise<{ text: string, names: Record<string, string | false> }>} what each private member is called there
 */
export async function buildSession() {
  const contents = "export * from './index.js'; export { newSession } from './session.js'"
  const stdin = { contents, resolveDir: src }
  const { outputFiles, mangleCache } = await build({ ...OPTIONS, stdin, mangleCache: {} })
  return { text: textOf(outputFiles), names: mangleCache ?? {} }
}

/**
 * An entry beside the core, which is not in it.
 *
 * @param {string} name such as `msgpack`
 */
export async function buildEntry(name) {
  const { outputFiles } = await build({
    ...FLAGS,
    entryPoints: [`${src}${name}/index.ts`],
    external: ['@topicwire/client'],
  })
  return textOf(outputFiles)
}

/**
 * Another package by the same flags, to compare with; nothing of it is renamed.
 *
 * @param {string} contents what a page imports, as a module
 * @param {string} resolveDir the folder that it is installed in
 */
export async function buildOther(contents, resolveDir) {
  const { outputFiles } = await build({ ...FLAGS, stdin: { contents, resolveDir } })
  return textOf(outputFiles)
}

/** @param {import('esbuild').OutputFile[]} files */
function textOf(files) {
  return files.map(({ text }) => text).join('')
}
