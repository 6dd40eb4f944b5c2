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
      // The members by their own names again: of the session, and of what it is given.
      const { names } = await buildSession()
      return `import { newSession as build } from ${JSON.stringify(SESSION_TEXT)}
        const names = ${JSON.stringify(names)}
        const own = Object.fromEntries(Object.entries(names).map(([name, short]) => [short, name]))
        const given = new WeakMap()
        const renamed = (value) => {
          if (typeof value !== 'object' || value === null || value instanceof Error) return value
          if (!given.has(value)) given.set(value, new Proxy(value, { get: (of, name) => of[own[name] || name] }))
          return given.get(value)
        }
        export const newSession = (host, tell) => {
          const session = build(renamed(host), tell)
          return new Proxy(session, {
            get: (_, name) => (...of) => session[names[name] || name](...of.map(renamed)),
          })
        }`
    },
  }
}
