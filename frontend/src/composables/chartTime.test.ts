import { describe, expect, it } from 'vitest'
import { chartClock } from './chartTime'

describe('instants on the chart', () => {
  const instant = Date.UTC(2026, 0, 5, 14, 5) / 1000

  it('are written in the market’s zone', () => {
    expect(chartClock('Etc/UTC').time(instant)).toBe('14:05')
    expect(chartClock('America/New_York').time(instant)).toBe('09:05')
  })

  it('have a time only where bars are shorter than a day', () => {
    const clock = chartClock('Etc/UTC')
    expect(clock.full(instant, false)).toBe('Mon, 5 Jan 2026, 14:05')
    expect(clock.full(instant, true)).toBe('Mon, 5 Jan 2026')
    expect([clock.day(instant), clock.month(instant), clock.year(instant)]).toEqual(['5 Jan', 'Jan', '2026'])
  })
})
