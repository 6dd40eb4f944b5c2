import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

/** A page of `pages/` as one script: the client is this repository's, from its source. */
export async function bundlePage(name: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(`./pages/${name}.ts`, import.meta.url))],
    bundle: true,
    format: 'esm',
    target: 'es2022',
    conditions: ['@topicwire/source'],
    define: {
      'process.env.NODE_ENV': '"development"',
      __VUE_OPTIONS_API__: 'false',
      __VUE_PROD_DEVTOOLS__: 'false',
      __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: 'false',
    },
    logLevel: 'error',
    write: false,
  })
  return outputFiles.map(({ text }) => text).join('\n')
}
