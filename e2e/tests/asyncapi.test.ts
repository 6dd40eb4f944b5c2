import { expect, test } from '../support/fixtures'

test('the AsyncAPI page shows every route, with no request to another host', async ({ page }) => {
  await page.goto('/api/v1/ws/asyncapi')
  await expect(page.getByRole('heading', { name: 'Operations' })).toBeVisible()
  const operations = ['bars.subscribe', 'quotes.update', 'orders.unsubscribe', 'positions.subscribe']
  for (const operation of operations) {
    await expect(page.getByRole('button', { name: new RegExp(`^${operation}`) })).toBeVisible()
  }
})

test('an operation of the AsyncAPI page unfolds by its heading, and by a link to it', async ({ page }) => {
  await page.goto('/api/v1/ws/asyncapi#operation-send-bars.update')
  const unfolded = page.getByRole('button', { name: 'bars.update' })
  await expect(unfolded).toHaveAttribute('aria-expanded', 'true')
  await expect(unfolded).toBeInViewport()
  const folded = page.getByRole('button', { name: 'orders.update' })
  await expect(folded).toHaveAttribute('aria-expanded', 'false')
  const details = page.locator("[id='operation-send-orders.update']").getByText('Operation ID')
  await expect(details).toBeHidden()
  await page.locator('.sidebar').getByText('orders.update').click()
  await expect(details).toBeVisible()
  await folded.click()
  await expect(details).toBeHidden()
})
