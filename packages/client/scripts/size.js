/** What the core costs a page: one ES module for es2022, minified by esbuild, then gzip -9. Run, it prints the bytes. */
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

/** @returns {Promise<{minified: number, gzipped: number}>} */
export async function coreSize() {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('../src/index.ts', import.meta.url))],
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    write: false,
  })
  const minified = outputFiles.map(({ contents }) => Buffer.from(contents))
  return {
    minified: Buffer.concat(minified).length,
    gzipped: gzipSync(Buffer.concat(minified), { level: 9 }).length,
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(await coreSize())
