import { flushPromises, mount } from '@vue/test-utils'
import { describe, expect, it, vi } from 'vitest'
import { order } from '@/testing/fakeMarket'
import OrderList from './OrderList.vue'

const props = { known: true, problem: undefined, cancel: (): Promise<void> => Promise.resolve() }

describe('the list of orders', () => {
  it('says what to do when there is none', () => {
    const wrapper = mount(OrderList, { props: { ...props, orders: [] } })
    expect(wrapper.text()).toContain('No orders yet.')
    expect(wrapper.find('table').exists()).toBe(false)
  })

  it('says that they are not known rather than that there is none', async () => {
    const wrapper = mount(OrderList, { props: { ...props, orders: [], known: false } })
    expect(wrapper.get('[role=status]').text()).toBe('The orders are not known yet. Waiting for the server…')
    await wrapper.setProps({ problem: 'The server cannot be reached.' })
    expect(wrapper.text()).toContain('The orders are not known yet. The server cannot be reached.')
    expect(wrapper.text()).not.toContain('No orders')
  })

  it('shows each order in words, and cancels only what is working', async () => {
    const cancel = vi.fn(() => Promise.resolve())
    const orders = [
      order('o2', 1),
      order('o1', 3, {
        side: -1,
        type: 2,
        status: 2,
        filled_qty: '10',
        avg_price: '99.5000',
        limit_price: null,
      }),
      order('o0', 1, { status: 5, reason: 'Unknown account' }),
    ]
    const wrapper = mount(OrderList, { props: { ...props, orders, cancel } })
    const rows = wrapper.findAll('tbody tr').map((row) => row.text())
    expect(rows[0]).toMatch(/AAPL.*Buy.*0 \/ 10.*100\.00.*–.*Working/)
    expect(rows[1]).toMatch(/AAPL.*Sell.*10 \/ 10.*Market.*99\.50.*Filled/)
    expect(rows[2]).toMatch(/Rejected.*Unknown account/)
    const buttons = wrapper.findAll('button')
    expect(buttons.map((button) => button.attributes('aria-label'))).toEqual(['Cancel buy 10 AAPL'])
    await buttons[0]?.trigger('click')
    expect(cancel).toHaveBeenCalledExactlyOnceWith('o2')
  })

  it('tells why an order was not canceled, and lets it be tried again', async () => {
    const cancel = (): Promise<void> => Promise.reject(new Error('already filled'))
    const wrapper = mount(OrderList, { props: { ...props, orders: [order('o1', 1)], cancel } })
    await wrapper.get('button').trigger('click')
    await flushPromises()
    expect(wrapper.get('[role=alert]').text()).toBe('already filled')
    expect(wrapper.get('button').attributes('disabled')).toBeUndefined()
  })
})
