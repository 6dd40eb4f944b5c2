/** What the core costs a page: the file that is published, gzip -9; and MessagePack beside it. Run, it prints the bytes. */
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { buildCore, buildEntry } from './core.js'

/** @returns {Promise<{minified: number, gzipped: number}>} */
export async function coreSize() {
  return sizeOf(await buildCore())
}

/** @returns {Promise<{minified: number, gzipped: number}>} of a page that speaks MessagePack, beside the core */
export async function msgpackSize() {
  return sizeOf(await buildEntry('msgpack'))
}

/** @param {string} text */
function sizeOf(text) {
  const minified = Buffer.from(text)
  return { minified: minified.length, gzipped: gzipSync(minified, { level: 9 }).length }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  console.log({ core: await coreSize(), msgpack: await msgpackSize() })
}
