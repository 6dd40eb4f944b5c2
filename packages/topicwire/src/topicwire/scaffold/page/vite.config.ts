import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

// `npm run dev` serves the page with changes at once, and asks the running application for the rest.
const backend = process.env['BACKEND_URL'] ?? 'http://127.0.0.1:8000'

export default defineConfig({
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  server: { host: '127.0.0.1', proxy: { '/api': { target: backend, ws: true } } },
  build: { target: 'es2022' },
})
