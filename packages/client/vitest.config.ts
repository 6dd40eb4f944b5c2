import { defineConfig, type ViteUserConfig } from 'vitest/config'

const config: ViteUserConfig = defineConfig({
  resolve: { conditions: ['@topicwire/source'] },
  ssr: { resolve: { conditions: ['@topicwire/source'] } },
  // Generous: no test depends on speed, and machines differ.
  test: { include: ['test/**/*.test.ts'], testTimeout: 60_000, hookTimeout: 60_000 },
})

export default config
