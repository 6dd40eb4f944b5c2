import { fileURLToPath } from 'node:url'
import vue from '@vitejs/plugin-vue'
import { createLogger, defaultClientConditions } from 'vite'
import { defineConfig } from 'vitest/config'
import { backendAway } from './backendAway.ts'
import { generationErrors } from './generationErrors.ts'

const STATE = '../backend/.topicwire_cache/watch.json'

function port(variable: string, fallback: number): number {
  const text = process.env[variable]
  if (text === undefined || text === '') return fallback
  const value = Number(text)
  if (Number.isInteger(value) && value > 0 && value < 65536) return value
  throw new Error(
    `${variable} is '${text}': a port is a whole number from 1 to 65535. Unset it for ${fallback}.`,
  )
}

const backend = process.env['BACKEND_URL'] ?? `http://127.0.0.1:${port('BACKEND_PORT', 8000)}`
/** What the generator says of the source: `make dev` runs it in backend/. */
const generation = process.env['GENERATION_STATE'] ?? fileURLToPath(new URL(STATE, import.meta.url))
const { logger, configure } = backendAway(backend, createLogger())

const server = {
  host: process.env['FRONTEND_HOST'] ?? '127.0.0.1',
  port: port('FRONTEND_PORT', 5173),
  strictPort: true,
  proxy: {
    '/api': { target: backend, ws: true, configure },
  },
}

export default defineConfig({
  customLogger: logger,
  plugins: [vue(), generationErrors(generation)],
  resolve: {
    alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) },
    // The client of this repository is used from its source, so nothing is to be built first.
    conditions: ['@topicwire/source', ...defaultClientConditions],
  },
  server,
  preview: server,
  build: { target: 'es2022' },
  test: {
    include: ['src/**/*.test.ts'],
    environment: 'happy-dom',
    // Component tests look at what is rendered, never at styles.
    css: false,
  },
})
