import { expect, test } from '../support/fixtures'

test('the AsyncAPI page shows every route, with no request to another host', async ({ page }) => {
  await page.goto('/api/v1/ws/asyncapi')
  await expect(
    page
      .getByText(/^Trading API \d/)
      .filter({ visible: true })
      .first(),
  ).toBeVisible()
  for (const type of [
    'bars.subscribe',
    'quotes.update',
    'orders.subscribe.response',
    'positions.unsubscribe',
  ]) {
    await expect(page.getByText(type).first()).toBeAttached()
  }
})
