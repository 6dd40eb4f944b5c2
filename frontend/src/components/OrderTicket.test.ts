import { mount } from '@vue/test-utils'
import type { VueWrapper } from '@vue/test-utils'
import { describe, expect, it, vi } from 'vitest'
import { order, quote, symbolInfo } from '@/testing/fakeMarket'
import type { Order, PlaceOrder } from '@/composables/useOrders'
import { RestError } from '@/plugins/restClient'
import OrderTicket from './OrderTicket.vue'

function ticket(place: (order: PlaceOrder) => Promise<Order>): VueWrapper {
  return mount(OrderTicket, {
    props: { info: symbolInfo('AAPL'), quote: quote('AAPL', 100), connected: true, place },
  })
}

const press = async (wrapper: VueWrapper, text: string): Promise<void> => {
  const button = wrapper.findAll('button').find((one) => one.text().startsWith(text))
  if (button === undefined) throw new Error(`no button ${text}`)
  await button.trigger('click')
}

const settled = (): Promise<void> => new Promise((resolve) => queueMicrotask(resolve))
const told = (wrapper: VueWrapper): string => wrapper.get('[role=status]').text()

describe('the ticket', () => {
  it('places a market order and says so', async () => {
    const place = vi.fn((asked: PlaceOrder) => Promise.resolve(order('o1', 1, { qty: asked.qty })))
    const wrapper = ticket(place)
    await wrapper.get('input[name=qty]').setValue(' 25 ')
    expect(wrapper.get('[data-testid=place]').text()).toContain('Buy 25 AAPL')
    await wrapper.get('form').trigger('submit')
    await settled()
    expect(place).toHaveBeenCalledExactlyOnceWith({
      account_id: 'demo',
      symbol: 'AAPL',
      side: 1,
      type: 2,
      qty: '25',
      client_order_id: expect.any(String) as string,
    })
    expect(told(wrapper)).toBe('Order placed: buy 25.')
  })

  it('starts a limit order at the own side’s price', async () => {
    const place = vi.fn(() => Promise.resolve(order('o1', 1)))
    const wrapper = ticket(place)
    await press(wrapper, 'Sell')
    await press(wrapper, 'Limit')
    expect(wrapper.get<HTMLInputElement>('input[name=limit-price]').element.value).toBe('100.01')
    await wrapper.get('form').trigger('submit')
    expect(place.mock.calls[0]).toMatchObject([{ side: -1, type: 1, limit_price: '100.01' }])
  })

  it('says what is wrong instead of asking the server', async () => {
    const place = vi.fn(() => Promise.resolve(order('o1', 1)))
    const wrapper = ticket(place)
    await wrapper.get('form').trigger('submit')
    await settled()
    expect(told(wrapper)).toContain('Order placed')
    place.mockClear()
    const button = wrapper.get('[data-testid=place]')
    await wrapper.get('input[name=qty]').setValue('0')
    expect(told(wrapper)).toBe('Enter a quantity above zero.')
    expect(button.attributes('disabled')).toBeDefined()
    expect(button.text()).toBe('Buy AAPL')
    await wrapper.get('form').trigger('submit')
    expect(place).not.toHaveBeenCalled()

    await wrapper.get('input[name=qty]').setValue('5')
    await press(wrapper, 'Limit')
    await wrapper.get('input[name=limit-price]').setValue('abc')
    expect(told(wrapper)).toBe('Enter a limit price above zero.')
    await wrapper.get('input[name=limit-price]').setValue('99')
    expect(told(wrapper)).toBe('')
    expect(button.attributes('disabled')).toBeUndefined()
  })

  it('forgets that the server was away when it is back, and any failure at the next input', async () => {
    const failures = [new RestError('The server cannot be reached.'), new RestError('Too much.', 422)]
    const place = vi.fn(() => Promise.reject(failures[place.mock.calls.length - 1] ?? new Error('once more')))
    const wrapper = ticket(place)
    await wrapper.setProps({ connected: false })
    await wrapper.get('form').trigger('submit')
    await settled()
    expect(told(wrapper)).toBe('The server cannot be reached.')
    await wrapper.setProps({ connected: true })
    expect(told(wrapper)).toBe('')

    await wrapper.get('form').trigger('submit')
    await settled()
    await wrapper.setProps({ connected: false })
    await wrapper.setProps({ connected: true })
    expect(told(wrapper)).toBe('Too much.')
    await wrapper.get('input[name=qty]').setValue('1')
    expect(told(wrapper)).toBe('')
  })

  it('waits for the server where nothing is known of the symbol', async () => {
    const place = vi.fn(() => Promise.resolve(order('o1', 1)))
    const wrapper = ticket(place)
    await wrapper.setProps({ info: undefined, quote: undefined })
    expect(told(wrapper)).toBe('Waiting for the server…')
    expect(wrapper.get('[data-testid=place]').attributes('disabled')).toBeDefined()
    await wrapper.get('form').trigger('submit')
    expect(place).not.toHaveBeenCalled()
  })

  it('asks again under the same id after a failure, and under a new one after success or a change', async () => {
    const ids: unknown[] = []
    const place = vi.fn((asked: PlaceOrder) => {
      ids.push(asked.client_order_id)
      return ids.length === 1
        ? Promise.reject(new Error('The server cannot be reached.'))
        : Promise.resolve(order('o1', 1))
    })
    const wrapper = ticket(place)
    const submit = async (): Promise<void> => {
      await wrapper.get('form').trigger('submit')
      await settled()
    }
    await submit()
    expect(told(wrapper)).toBe('The server cannot be reached.')
    await submit()
    await submit()
    await wrapper.get('input[name=qty]').setValue('11')
    await submit()
    expect(ids[1]).toBe(ids[0])
    expect(new Set(ids).size).toBe(3)
  })

  it('places one order however often it is pressed while waiting', async () => {
    const place = vi.fn(() => new Promise<Order>(() => undefined))
    const wrapper = ticket(place)
    await wrapper.get('form').trigger('submit')
    await wrapper.get('form').trigger('submit')
    expect(place).toHaveBeenCalledTimes(1)
  })
})
