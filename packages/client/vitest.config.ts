import { defineConfig, type ViteUserConfig } from 'vitest/config'

const config: ViteUserConfig = defineConfig({
  resolve: { conditions: ['@topicwire/source'] },
  ssr: { resolve: { conditions: ['@topicwire/source'] } },
  test: { include: ['test/**/*.test.ts'] },
})

export default config
