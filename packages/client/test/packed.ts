/** For Vitest: the fake server is reached over MessagePack, and a session is given frames of it, in every test unchanged. */
import { fileURLToPath } from 'node:url'
import type { Plugin } from 'vitest/config'

const source = (path: string): string =>
  JSON.stringify(fileURLToPath(new URL(`../src/${path}`, import.meta.url)))

const SERVER = '\0topicwire-packed-server'
const SESSION = '\0topicwire-packed-session'

const PACKED_SERVER = `import { FakeServer as Plain } from ${source('testing/index.ts')}
  import { msgpack } from ${source('msgpack/index.ts')}
  export * from ${source('testing/index.ts')}
  export class FakeServer extends Plain {
    constructor(options) {
      super(options)
      const Socket = this.WebSocket
      this.WebSocket = msgpack(
        class extends Socket {
          send(data) {
            if (this.protocol && typeof data === 'string') throw new Error('This should have been packed.')
            super.send(data)
          }
        },
      )
    }
  }`

/** What a test writes as lines of JSON is packed, joined and read again. What is no JSON stays as it is. */
const PACKED_SESSION = `import { newSession as build } from ${source('session.ts')}
  import { messagesOf } from ${source('msgpack/messages.ts')}
  import { encode } from ${source('msgpack/encode.ts')}
  const packed = (line) => {
    try {
      return messagesOf(encode(JSON.parse(line)).buffer)
    } catch {
      return [line]
    }
  }
  export const newSession = (host, tell) => {
    const session = build(host, tell)
    return { ...session, receive: (lines) => session.receive(lines.flatMap(packed)) }
  }`

export function packed(): Plugin {
  return {
    name: 'topicwire-packed',
    enforce: 'pre',
    resolveId(path, importer) {
      if (importer === SERVER || importer === SESSION) return undefined
      if (path === '@topicwire/client/testing' || path.endsWith('/src/testing/index.js')) return SERVER
      return path.endsWith('/src/session.js') ? SESSION : undefined
    },
    load(id) {
      if (id === SERVER) return PACKED_SERVER
      return id === SESSION ? PACKED_SESSION : undefined
    },
  }
}
