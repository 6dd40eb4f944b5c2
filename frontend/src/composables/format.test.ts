import { describe, expect, it } from 'vitest'
import {
  direction,
  formatChange,
  formatLatency,
  formatPercent,
  formatPrice,
  formatQuantity,
  formatVolume,
} from './format'

describe('numbers as they are shown', () => {
  it.each([
    [1234.5, 2, '1,234.50'],
    ['190.505', 3, '190.505'],
    [-1, 2, '−1.00'],
    [null, 2, '–'],
    [undefined, 2, '–'],
    ['', 2, '–'],
    ['n/a', 2, '–'],
    [Number.NaN, 2, '–'],
  ])('price %s with %i decimals is %s', (value, decimals, text) => {
    expect(formatPrice(value, decimals)).toBe(text)
  })

  it.each([
    [1.2, '+1.20'],
    [-1.2, '−1.20'],
    [0, '0.00'],
    [-0.001, '0.00'],
    [null, '–'],
  ])('change %s is %s', (value, text) => {
    expect(formatChange(value)).toBe(text)
  })

  it('has a percent sign only on a value', () => {
    expect([formatPercent(0.589), formatPercent(undefined)]).toEqual(['+0.59%', '–'])
  })

  it.each([
    [982, '982'],
    [12_400, '12.4K'],
    [3_070_000, '3.07M'],
    [1_000_400, '1.00M'],
    [7, '7'],
    [undefined, '–'],
  ])('volume %s is %s', (value, text) => {
    expect(formatVolume(value)).toBe(text)
  })

  it('keeps a quantity as it is', () => {
    expect([formatQuantity('1000'), formatQuantity(0.5), formatQuantity(null)]).toEqual(['1,000', '0.5', '–'])
  })

  it('judges a direction on the digits shown', () => {
    expect([direction(0.004), direction(0.01), direction(-3), direction(null)]).toEqual([
      'flat',
      'up',
      'down',
      'flat',
    ])
  })

  it.each([
    [0.2, '<1 ms'],
    [3.4, '3 ms'],
    [1240, '1.2 s'],
  ])('latency %s is %s', (value, text) => {
    expect(formatLatency(value)).toBe(text)
  })
})
