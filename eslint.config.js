// Lint rules of everything written in TypeScript, Vue or JavaScript here. Prettier owns the layout.
import { fileURLToPath } from 'node:url'
import js from '@eslint/js'
import prettier from 'eslint-config-prettier'
import vue from 'eslint-plugin-vue'
import { defineConfig } from 'eslint/config'
import globals from 'globals'
import tseslint from 'typescript-eslint'

const root = fileURLToPath(new URL('.', import.meta.url))

/**
 * docs/architecture.md, "Who may import whom": views -> components -> composables -> plugins -> clients.
 * A folder may import those to its right, never one to its left.
 */
const layers = ['views', 'components', 'composables', 'plugins', 'clients']

const layering = layers.slice(1).map((layer, index) => ({
  files: [`frontend/src/${layer}/**/*.{ts,vue}`],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: layers.slice(0, index + 1).map((above) => ({
          regex: `^(@|\\.\\.?(/\\.\\.)*)/${above}(/|$)`,
          message: `${layer}/ must not import ${above}/: ${layers.join(' → ')} is the only direction.`,
        })),
      },
    ],
  },
}))

export default defineConfig([
  {
    ignores: [
      '**/node_modules/',
      '**/dist/',
      '**/.venv/',
      '.tools/',
      '.cache/',
      '**/test-results/',
      '**/playwright-report/',
      // A new project's page: type-checked where `topicwire init` puts it, beside what is generated there.
      'packages/topicwire/src/topicwire/scaffold/page/',
    ],
  },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  {
    files: ['**/*.{ts,vue}'],
    extends: [tseslint.configs.recommendedTypeChecked, tseslint.configs.stylistic],
    languageOptions: {
      globals: { ...globals.browser },
      parserOptions: { projectService: true, tsconfigRootDir: root, extraFileExtensions: ['.vue'] },
    },
    rules: {
      '@typescript-eslint/array-type': 'off',
      // isolatedDeclarations wants a field's type written where the field is.
      '@typescript-eslint/consistent-generic-constructors': 'off',
      '@typescript-eslint/consistent-type-definitions': 'off',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-undef': 'off', // the compiler knows better
      'no-restricted-syntax': [
        'error',
        { selector: 'TSEnumDeclaration', message: 'Use a union of string literals.' },
      ],
    },
  },
  {
    // Settings of Vite, Vitest and Playwright, and what runs in Vite: type-checked by tsc, in no project of the sources.
    files: ['**/*.config.ts', 'frontend/generationErrors.ts'],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: { globals: { ...globals.node } },
    rules: { '@typescript-eslint/switch-exhaustiveness-check': 'off' },
  },
  {
    files: ['**/*.vue'],
    extends: [vue.configs['flat/recommended']],
    languageOptions: { parserOptions: { parser: tseslint.parser } },
    rules: {
      'vue/block-lang': ['error', { script: { lang: 'ts' } }],
      'vue/component-api-style': ['error', ['script-setup']],
      'vue/multi-word-component-names': 'off',
    },
  },
  {
    files: ['**/*.{js,mjs,cjs}'],
    ignores: ['packages/topicwire/src/**'],
    languageOptions: { globals: { ...globals.node } },
  },
  {
    // The script of the AsyncAPI page, shipped as it is written.
    files: ['packages/topicwire/src/**/*.js'],
    languageOptions: { globals: globals.browser },
  },
  {
    // No dependency at run time: the client imports its own files alone.
    files: ['packages/client/src/**/*.ts'],
    ignores: ['**/*.test.ts', 'packages/client/src/testing/**'],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ regex: '^[^.]', message: '@topicwire/client has no dependencies at run time.' }] },
      ],
    },
  },
  {
    // Their errors are those of the published core, which is a file of its own.
    files: ['packages/client/src/{animation-frame,latency,stale,stream,testing,token,worker}/**/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: '^(?!\\.|@topicwire/client$)',
              message: 'This entry imports files of the package and its public name alone.',
            },
          ],
        },
      ],
    },
  },
  ...[
    // The optional entries: each imports the package that it is for, and the core by its public name alone.
    ['vue', 'vue'],
    ['react', 'react'],
    ['validation', '@cfworker/json-schema'],
    ['scalars', ''],
    ['ui', ''],
    ['using', ''],
  ].map(([folder, dependency]) => ({
    files: [`packages/client/src/${folder}/**/*.ts`],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: `^(?!\\.|@topicwire/client$${dependency === '' ? '' : `|${dependency}$`})|^\\.\\./[^/]*$`,
              message: `src/${folder}/ imports files of the optional entries, @topicwire/client and its own peer alone.`,
            },
          ],
        },
      ],
    },
  })),
  ...layering,
  {
    // Generated code is checked by tsc and by use; its form is the generator's.
    files: ['frontend/src/clients/*-generated/**/*.ts'],
    rules: { '@typescript-eslint/consistent-indexed-object-style': 'off' },
  },
  prettier,
])
