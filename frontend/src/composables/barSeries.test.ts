import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BarSeries } from './barSeries'

interface TestBar {
  time: number
  revision: number
  close: number
}

/** A market: for each trade the bar that it changes, as a server publishes it. */
function trade(count: number, perBar: number): TestBar[] {
  return Array.from({ length: count }, (_, index) => ({
    time: Math.floor(index / perBar),
    revision: index % perBar,
    close: index,
  }))
}

/** The naive model: what a server that has made these trades would answer for all of history. */
function history(trades: readonly TestBar[]): TestBar[] {
  const bars = new Map<number, TestBar>()
  for (const bar of trades) bars.set(bar.time, bar)
  return [...bars.values()]
}

describe('joining history and live bars', () => {
  it('shows what the server would answer, wherever the subscription and the fetch fall in the stream', () => {
    const scenario = fc.record({
      count: fc.integer({ min: 1, max: 60 }),
      perBar: fc.integer({ min: 1, max: 7 }),
      cuts: fc.tuple(fc.nat(60), fc.nat(60), fc.nat(60)),
      countback: fc.integer({ min: 1, max: 30 }),
    })
    fc.assert(
      fc.property(scenario, ({ count, perBar, cuts, countback }) => {
        const trades = trade(count, perBar)
        const [subscribed, answered, arrived] = cuts.sort((a, b) => a - b)
        const series = new BarSeries<TestBar>()
        series.begin()
        // Live from the subscription on; the answer was made later, and reached us later still.
        for (const bar of trades.slice(subscribed, arrived)) series.live([bar])
        const answer = history(trades.slice(0, answered)).slice(-countback)
        series.join(answer)
        for (const bar of trades.slice(arrived)) series.live([bar])

        const everything = history(trades)
        // A short answer may begin after the first live bar, which is shown all the same.
        const from = Math.min(answer[0]?.time ?? Infinity, trades[subscribed]?.time ?? Infinity)
        expect(series.bars).toEqual(everything.filter((bar) => bar.time >= from))
      }),
    )
  })

  it('has no gap after any number of lost connections, and none of a former server’s bars', () => {
    const outage = fc.record({ lost: fc.integer({ min: 0, max: 20 }), late: fc.nat(5), live: fc.nat(20) })
    fc.assert(
      fc.property(
        fc.array(outage, { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 12 }),
        fc.boolean(),
        (outages, perBar, countback, restarts) => {
          const total = outages.reduce((sum, { lost, late, live }) => sum + lost + late + live, 0) + 1
          let market = trade(total, perBar)
          const series = new BarSeries<TestBar>()
          let now = 1
          for (const { lost, late, live } of outages) {
            now += lost
            // A restarted server counts revisions from zero and may have traded otherwise.
            if (restarts) market = market.map((bar) => ({ ...bar, close: bar.close + 1000 }))
            series.begin()
            const answer = history(market.slice(0, now)).slice(-countback)
            series.live(market.slice(now, now + late))
            series.join(answer)
            now += late
            series.live(market.slice(now, now + live))
            now += live

            const everything = history(market.slice(0, now))
            const first = series.bars[0]?.time ?? 0
            expect(series.bars.map((bar) => bar.time)).toEqual(
              everything.filter((bar) => bar.time >= first).map((bar) => bar.time),
            )
            const authoritative = (bar: TestBar): boolean => bar.time >= (answer[0]?.time ?? 0)
            expect(series.bars.filter(authoritative)).toEqual(everything.filter(authoritative))
          }
        },
      ),
    )
  })

  it('ends in the same bars whatever the order in which live revisions arrive', () => {
    const bars = fc.uniqueArray(fc.record({ time: fc.nat(8), revision: fc.nat(8) }), {
      selector: ({ time, revision }) => `${time}/${revision}`,
    })
    const shuffled = bars.chain((all) =>
      fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }), fc.nat(all.length)),
    )
    fc.assert(
      fc.property(shuffled, ([all, arrivals, joined]) => {
        const series = new BarSeries<TestBar>()
        series.begin()
        const withClose = arrivals.map((bar) => ({ ...bar, close: bar.revision }))
        series.live(withClose.slice(0, joined))
        series.join([])
        for (const bar of withClose.slice(joined)) series.live([bar])
        const newest = new Map<number, number>()
        for (const { time, revision } of all) newest.set(time, Math.max(revision, newest.get(time) ?? 0))
        const expected = [...newest].sort(([a], [b]) => a - b)
        expect(series.bars.map(({ time, revision }) => [time, revision])).toEqual(expected)
      }),
    )
  })

  it('puts every page of the past in front once, overlapping or not', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 80 }),
        fc.integer({ min: 1, max: 20 }),
        fc.nat(3),
        (count, page, overlap) => {
          const all = history(trade(count, 1))
          const series = new BarSeries<TestBar>()
          series.begin()
          series.join(all.slice(-page))
          for (;;) {
            const first = series.bars[0]?.time ?? 0
            const answer = all.filter((bar) => bar.time < first + overlap).slice(-page - overlap)
            if (series.older(answer) === 0) break
          }
          expect(series.bars).toEqual(all)
        },
      ),
    )
  })

  it('keeps the bars on the screen while it waits for history', () => {
    const series = new BarSeries<TestBar>()
    series.begin()
    series.join([{ time: 1, revision: 0, close: 1 }])
    series.begin()
    expect(series.live([{ time: 2, revision: 0, close: 2 }])).toBe(false)
    expect(series.bars.map((bar) => bar.time)).toEqual([1])
  })

  it('says whether anything changed, and then has a new array', () => {
    const series = new BarSeries<TestBar>()
    series.live([{ time: 1, revision: 3, close: 1 }])
    const before = series.bars
    expect(series.live([{ time: 1, revision: 2, close: 9 }])).toBe(false)
    expect(series.bars).toBe(before)
    expect(series.live([{ time: 1, revision: 3, close: 2 }])).toBe(true)
    expect(series.bars).not.toBe(before)
    expect(before).toEqual([{ time: 1, revision: 3, close: 1 }])
  })
})
