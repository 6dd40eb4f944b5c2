/** For Vitest: what imports the public entry gets the published file, what imports the session gets it from such a file. */
import type { Plugin } from 'vitest/config'
import { buildCore, buildSession } from '../scripts/core.js'

const CORE = '\0topicwire-core'
const SESSION = '\0topicwire-session'
const SESSION_TEXT = '\0topicwire-session-text'

export function shipped(): Plugin {
  return {
    name: 'topicwire-shipped',
    enforce: 'pre',
    resolveId(source) {
      if (source === '@topicwire/client' || source.endsWith('/src/index.js')) return CORE
      if (source.endsWith('/src/session.js')) return SESSION
      return source === SESSION_TEXT ? source : undefined
    },
    async load(id) {
      if (id === CORE) return buildCore()
      if (id === SESSION_TEXT) return (await buildSession()).text
      if (id !== SESSION) return undefined
      // The session's members by their own names again.
      const { names } = await buildSession()
      return `import { newSession as build } from ${JSON.stringify(SESSION_TEXT)}
        const names = ${JSON.stringify(names)}
        export const newSession = () =>
          new Proxy(build(), { get: (session, name) => session[names[name] || name] })`
    },
  }
}
