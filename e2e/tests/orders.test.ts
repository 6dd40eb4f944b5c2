import { expect, test } from '../support/fixtures'
import { MarketPage } from '../support/marketPage'

interface Placed {
  readonly id: string
}

test('an order placed by REST appears on the page, and its cancellation too', async ({ page, request }) => {
  const market = new MarketPage(page)
  await market.open()
  // Far below the market, so that it stays working.
  const order = { symbol: 'IBM', side: 1, type: 1, qty: '7', limit_price: '1.00' }
  const answer = await request.post('/api/v1/broker/orders', { data: order })
  expect(answer.ok()).toBe(true)
  const { id } = (await answer.json()) as Placed

  const row = page.getByTestId(`order-${id}`)
  await expect(row).toContainText(/IBM.*Buy.*0 \/ 7.*1\.00.*Working/)
  expect((await request.delete(`/api/v1/broker/orders/${id}`)).ok()).toBe(true)
  await expect(row).toContainText('Canceled')
})

test('an order from the ticket fills, and the position is valued live', async ({ page }) => {
  const market = new MarketPage(page)
  await market.open('/?symbol=GOOG')
  await market.ticket.getByLabel('Quantity').fill('25')
  await market.ticket.getByTestId('place').click()
  await expect(market.ticket.getByRole('status')).toHaveText('Order placed: buy 25.')
  await expect(market.orders.getByRole('row', { name: /GOOG/ }).first()).toContainText(
    /Buy.*25 \/ 25.*Filled/,
  )
  await expect(page.getByTestId('position')).toContainText('Long 25')
  await market.changes(page.getByTestId('position'))
})

test('a limit order from the ticket is canceled from the list', async ({ page }) => {
  const market = new MarketPage(page)
  await market.open('/?symbol=GOOG')
  await market.ticket.getByRole('button', { name: 'Limit' }).click()
  await market.ticket.getByLabel('Limit price').fill('1.005')
  await expect(market.ticket.getByRole('status')).toHaveText('The price is a multiple of 0.01.')
  await expect(market.ticket.getByTestId('place')).toBeDisabled()
  await market.ticket.getByLabel('Limit price').fill('1.00')
  await market.ticket.getByTestId('place').click()
  const row = market.orders.getByRole('row', { name: /GOOG/ }).first()
  await expect(row).toContainText('Working')
  await row.getByRole('button', { name: 'Cancel buy 10 GOOG' }).click()
  await expect(row).toContainText('Canceled')
})
