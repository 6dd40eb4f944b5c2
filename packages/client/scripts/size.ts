/** What the core costs a page: one ES module for es2022, minified by esbuild, then gzip -9. Prints bytes. */
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

export async function coreSize(): Promise<{ minified: number; gzipped: number }> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('../src/index.ts', import.meta.url))],
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    write: false,
  })
  const [{ contents } = { contents: new Uint8Array() }] = outputFiles
  return { minified: contents.length, gzipped: gzipSync(contents, { level: 9 }).length }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(await coreSize())
