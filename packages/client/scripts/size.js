/** What the core costs a page: the file that is published, gzip -9. Run, it prints the bytes. */
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { buildCore } from './core.js'

/** @returns {Promise<{minified: number, gzipped: number}>} */
export async function coreSize() {
  const minified = Buffer.from(await buildCore())
  return { minified: minified.length, gzipped: gzipSync(minified, { level: 9 }).length }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(await coreSize())
