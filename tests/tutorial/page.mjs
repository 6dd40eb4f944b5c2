// Opens an address in Chromium, and prints the text of #updates once it says something, and what the console was told.
import { existsSync } from 'node:fs'
import { chromium } from '@playwright/test'

const executablePath = process.env.CHROMIUM ?? ['/usr/bin/chromium'].find((path) => existsSync(path))
const browser = await chromium.launch({
  ...(executablePath === undefined ? {} : { executablePath }),
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
})
try {
  const page = await browser.newPage()
  const logged = page.waitForEvent('console', { predicate: (one) => one.text().startsWith('trades ') })
  await page.goto(process.argv[2])
  const updates = page.locator('#updates', { hasText: 'ticks: number' })
  await updates.waitFor()
  console.log(await updates.textContent())
  console.log(await page.locator('#status').textContent())
  console.log((await logged).text())
} finally {
  await browser.close()
}
