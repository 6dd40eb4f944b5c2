/** Builds the page that is named in PAGE as an application does that uses Vite: with its defaults. */
export default {
  root: import.meta.dirname,
  logLevel: 'warn',
  resolve: { conditions: ['@topicwire/source', 'module', 'browser', 'development|production'] },
  build: {
    target: 'es2022',
    rollupOptions: { input: `${import.meta.dirname}/${process.env['PAGE'] ?? ''}.html` },
  },
}
