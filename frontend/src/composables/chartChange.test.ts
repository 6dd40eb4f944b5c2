import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bar } from '@/testing/fakeMarket'
import { chartChange } from './chartChange'

const bars = Array.from({ length: 40 }, (_, minute) => bar(minute))

describe('what a chart has to redraw', () => {
  it('ends in the new bars whatever changed: applying the change to the old ones gives the new ones', () => {
    const edit = fc.record({ at: fc.nat(45), remove: fc.nat(3), insert: fc.nat(3) })
    fc.assert(
      fc.property(fc.nat(40), fc.array(edit, { maxLength: 4 }), (length, edits) => {
        const before = bars.slice(0, length)
        const edited = new Map(before.map((one) => [one.time, one]))
        for (const { at, remove, insert } of edits) {
          for (let minute = at; minute < at + remove; minute += 1) edited.delete(minute * 60_000)
          for (let minute = at; minute < at + insert; minute += 1) edited.set(minute * 60_000, bar(minute, 1))
        }
        const after = [...edited.values()].sort((a, b) => a.time - b.time)
        const change = chartChange(before, after)
        if (change.kind === 'none') expect(after).toEqual(before)
        if (change.kind !== 'tail') return
        const drawn = new Map(before.map((one) => [one.time, one]))
        for (const one of change.bars) drawn.set(one.time, one)
        expect([...drawn.values()]).toEqual(after)
      }),
    )
  })

  it('updates the newest bar and appends the next', () => {
    const revised = bar(39, 1)
    const appended = bar(40)
    expect(chartChange(bars, [...bars.slice(0, -1), revised, appended])).toEqual({
      kind: 'tail',
      bars: [revised, appended],
    })
  })

  it('draws all for another series, an older page, or nothing left', () => {
    expect(chartChange([], bars).kind).toBe('all')
    expect(chartChange(bars, [bar(-1), ...bars]).kind).toBe('all')
    expect(chartChange(bars, []).kind).toBe('all')
    expect(chartChange(bars, bars.slice(5)).kind).toBe('all')
  })

  it('draws nothing when nothing changed', () => {
    expect(chartChange(bars, bars).kind).toBe('none')
    expect(chartChange(bars, [...bars]).kind).toBe('none')
  })
})
