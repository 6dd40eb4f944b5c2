import { fileURLToPath } from 'node:url'

const at = (relative: string): string => fileURLToPath(new URL(`../../${relative}`, import.meta.url))

export const repository: string = at('.')
export const backend: string = at('backend')
export const frontend: string = at('frontend')
export const python: string = at('backend/.venv/bin/python')
export const support: string = at('e2e/support')
export const vite: string = at('node_modules/vite/bin/vite.js')
