import { existsSync } from 'node:fs'
import { defineConfig } from '@playwright/test'

/** Debian's Chromium where there is one; elsewhere Playwright's own, whose absence Playwright reports itself. */
const chromium = process.env['CHROMIUM'] ?? ['/usr/bin/chromium'].find((path) => existsSync(path))

export default defineConfig({
  testDir: 'tests',
  // One backend and one page server for all tests, and a browser that may have two slow processors to itself.
  workers: 1,
  fullyParallel: false,
  forbidOnly: true,
  retries: 0,
  timeout: 90_000,
  expect: { timeout: 20_000 },
  reporter: [['list']],
  outputDir: 'test-results',
  use: {
    browserName: 'chromium',
    viewport: { width: 1440, height: 900 },
    screenshot: 'only-on-failure',
    launchOptions: {
      ...(chromium === undefined ? {} : { executablePath: chromium }),
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
})
