import { defineConfig } from 'vitest/config'

/** `vitest run --mode long` takes every cut and 10,000 examples of each property. */
export default defineConfig(({ mode }) => ({
  resolve: { conditions: ['@topicwire/source'] },
  ssr: { resolve: { conditions: ['@topicwire/source'] } },
  test: {
    include:
      mode === 'long'
        ? ['test/cut.test.ts', 'test/session.model.test.ts', 'test/client.model.test.ts']
        : ['test/**/*.test.ts'],
    env: { TOPICWIRE_LONG: mode === 'long' ? '1' : '' },
    // Generous: no test depends on speed, and machines differ.
    testTimeout: mode === 'long' ? 3_600_000 : 60_000,
    hookTimeout: 60_000,
  },
}))
