import { mount } from '@vue/test-utils'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { quote, symbolInfo } from '@/testing/fakeMarket'
import WatchList from './WatchList.vue'

const animate = vi.fn()

beforeEach(() => {
  animate.mockClear()
  HTMLElement.prototype.animate = animate
})

afterEach(() => {
  vi.unstubAllGlobals()
})

const props = {
  symbols: [symbolInfo('AAPL'), symbolInfo('IBM')],
  quotes: new Map([['AAPL', quote('AAPL', 101.5)]]),
  stale: new Set<string>(),
  sparklines: new Map([['AAPL', [1, 3, 2]]]),
  modelValue: 'AAPL',
}

describe('the watchlist', () => {
  it('shows last price and change, and a dash where there is no quote yet', () => {
    const wrapper = mount(WatchList, { props })
    expect(wrapper.get('[data-testid=quote-AAPL]').text()).toContain('101.50+1.50%')
    expect(wrapper.get('[data-testid=quote-IBM]').text()).toContain('––')
    expect(wrapper.get('[data-testid=quote-AAPL]').find('polyline').exists()).toBe(true)
    expect(wrapper.get('[data-testid=quote-IBM]').find('polyline').exists()).toBe(false)
  })

  it('colours the line by its own course, which may be another than the day’s', () => {
    const climbing = new Map([['AAPL', [1, 3, 2]]])
    const fallen = quote('AAPL', 101.5)
    const quotes = new Map([['AAPL', { ...fallen, change: -2, change_percent: -1.9 }]])
    const row = mount(WatchList, { props: { ...props, quotes, sparklines: climbing } })
    expect(row.get('[data-testid=quote-AAPL] svg').classes()).toContain('up')
    expect(row.get('[data-testid=change]').classes()).toContain('down')
  })

  it('says which quote may be old, by a word, and shows its price all the same', () => {
    const wrapper = mount(WatchList, { props: { ...props, stale: new Set(['AAPL']) } })
    const row = wrapper.get('[data-testid=quote-AAPL]')
    expect(row.text()).toMatch(/101\.50\s*Stale$/)
    expect(row.classes()).toContain('stale')
    expect(wrapper.get('[data-testid=quote-IBM]').text()).not.toContain('Stale')
  })

  it('selects by a button that says which is selected', async () => {
    const wrapper = mount(WatchList, { props })
    expect(wrapper.get('[data-testid=quote-AAPL]').attributes('aria-current')).toBe('true')
    await wrapper.get('[data-testid=quote-IBM]').trigger('click')
    expect(wrapper.emitted('update:modelValue')).toEqual([['IBM']])
  })

  it('flashes the side of a change, and not when nothing changed', async () => {
    vi.stubGlobal('matchMedia', () => ({ matches: false }))
    const wrapper = mount(WatchList, { props })
    const set = (last: number): Promise<void> =>
      wrapper.setProps({ quotes: new Map([['AAPL', quote('AAPL', last)]]) })
    await set(101.5)
    expect(animate).not.toHaveBeenCalled()
    await set(101.6)
    await set(101.4)
    const colors = animate.mock.calls.map(([frames]) => (frames as { color?: string }[])[0]?.color)
    expect(colors).toEqual(['var(--up)', 'var(--down)'])
  })

  it('does not flash for those who want no motion', async () => {
    vi.stubGlobal('matchMedia', () => ({ matches: true }))
    const wrapper = mount(WatchList, { props })
    await wrapper.setProps({ quotes: new Map([['AAPL', quote('AAPL', 99)]]) })
    expect(animate).not.toHaveBeenCalled()
  })
})
