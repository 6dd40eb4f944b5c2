import { defineConfig } from 'vitest/config'
import { packed } from './test/packed.js'
import { shipped } from './test/shipped.js'

/** What is no test of behaviour: of a module by itself, of types, of the packages that are built. */
const INTERNAL = [
  'canonical',
  'frames',
  'host',
  'package',
  'private-members',
  'request-text',
  'sentences',
  'size',
  'testing/*',
  'types',
  'ui/*',
  'worker/gather',
  'worker/script',
]

/** Over sockets of their own, which are not packed. */
const SOCKETS = ['backoff', 'cut', 'msgpack/*', 'real-socket']

const MODELS = ['test/session.model.test.ts', 'test/client.model.test.ts']

/**
 * Everything runs on the source, behaviour once more over MessagePack, and once more on the minified file that is published.
 * `vitest run --mode long` takes every cut and 10,000 examples of each property, on the source.
 */
export default defineConfig(({ mode }) => ({
  resolve: { conditions: ['@topicwire/source'] },
  ssr: { resolve: { conditions: ['@topicwire/source'] } },
  test: {
    // Generous: no test depends on speed, and machines differ.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'source',
          // Here, and not in what is extended: that is read once more, without the mode.
          env: { TOPICWIRE_LONG: mode === 'long' ? '1' : '' },
          testTimeout: mode === 'long' ? 3_600_000 : 60_000,
          include: mode === 'long' ? ['test/cut.test.ts', ...MODELS] : ['test/**/*.test.ts'],
        },
      },
      {
        extends: true,
        plugins: [packed()],
        test: {
          name: 'packed',
          env: { TOPICWIRE_LONG: mode === 'long' ? '1' : '' },
          testTimeout: mode === 'long' ? 3_600_000 : 60_000,
          include: mode === 'long' ? MODELS : ['test/**/*.test.ts'],
          exclude: [...INTERNAL, ...SOCKETS].map((name) => `test/${name}.test.ts`),
        },
      },
      ...(mode === 'long'
        ? []
        : [
            {
              extends: true as const,
              plugins: [shipped()],
              test: {
                name: 'published',
                include: ['test/**/*.test.ts'],
                exclude: INTERNAL.map((name) => `test/${name}.test.ts`),
              },
            },
          ]),
    ],
  },
}))
