import { expect, test } from '../support/fixtures'

test('the REST page shows every operation, with no request to another host', async ({ page }) => {
  await page.goto('/api/v1/docs')
  await expect(page.getByRole('heading', { name: 'Trading API' })).toBeVisible()
  for (const path of ['/api/v1/datafeed/history', '/api/v1/broker/orders', '/api/v1/health']) {
    await expect(page.getByText(path, { exact: true }).first()).toBeVisible()
  }
  await page.getByRole('button', { name: 'post /api/v1/broker/orders', exact: true }).click()
  await expect(page.getByText('180.50').first()).toBeVisible()
})
