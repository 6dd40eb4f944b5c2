/**
 * What a realtime client costs a page: each bundled alone by the command that `packages/client/scripts/core.js` is built by
 * (esbuild, one ES module for es2022, minified), then gzip -9. The others are installed into a temporary folder, at the
 * versions named here. `node bench/client_size/measure.js` prints the bytes and records them in
 * `bench/results/client_size.json`.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { buildCore, buildEntry, buildOther, coreModules } from '../../packages/client/scripts/core.js'

const RESULTS = fileURLToPath(new URL('../results/client_size.json', import.meta.url))

/** What a page imports of each. */
const OTHERS = [
  { name: 'centrifuge', version: '5.8.0', imports: 'Centrifuge' },
  { name: 'socket.io-client', version: '4.8.4', imports: 'io' },
  // What reads and writes MessagePack alone: beside the entry `msgpack`, which does that too.
  { name: '@msgpack/msgpack', version: '3.1.3', imports: 'encode, decodeMulti' },
]

/** @param {string} text */
function bytesOf(text) {
  const minified = Buffer.from(text)
  return { minified: minified.length, gzipped: gzipSync(minified, { level: 9 }).length }
}

/** @param {{ name: string, version: string, imports: string }} other */
async function measured({ name, version, imports }) {
  const folder = mkdtempSync(join(tmpdir(), 'client-size-'))
  try {
    writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }')
    const options = [
      'install',
      '--silent',
      '--no-audit',
      '--no-fund',
      '--ignore-scripts',
      `${name}@${version}`,
    ]
    execFileSync('npm', options, { cwd: folder, stdio: 'inherit' })
    return {
      name,
      version,
      imports,
      ...bytesOf(await buildOther(`export { ${imports} } from '${name}'`, folder)),
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const require = createRequire(new URL('../../packages/client/package.json', import.meta.url))
const { name, version } = JSON.parse(
  readFileSync(new URL('../../packages/client/package.json', import.meta.url), 'utf8'),
)
const rows = [
  { name, version, imports: 'everything', ...bytesOf(await buildCore()) },
  { name: `${name}/msgpack`, version, imports: 'beside it', ...bytesOf(await buildEntry('msgpack')) },
]
for (const other of OTHERS) rows.push(await measured(other))
console.table(rows)
const modules = await coreModules()
console.table(modules)
const command = 'node bench/client_size/measure.js'
const tools = { esbuild: require('esbuild/package.json').version, node: process.version }
const flags = 'bundle minify format=esm target=es2022, gzip -9'
const record = { command, tools, flags, rows, modules }
writeFileSync(RESULTS, `${JSON.stringify(record, null, 2)}\n`)
