import { expect, test } from '../support/fixtures'

test('the AsyncAPI page shows every route, with no request to another host', async ({ page }) => {
  await page.goto('/api/v1/ws/asyncapi')
  await expect(page.getByRole('heading', { name: 'Operations' })).toBeVisible()
  const operations = ['bars.subscribe', 'quotes.update', 'orders.unsubscribe', 'positions.subscribe']
  for (const operation of operations) {
    await expect(page.getByText(operation).filter({ visible: true }).first()).toBeVisible()
  }
})
