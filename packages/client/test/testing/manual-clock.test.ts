import { expect, test } from 'vitest'
import { ManualClock } from '../../src/testing/index.js'

test('timers run when due, in order, those set meanwhile too', async () => {
  const clock = new ManualClock()
  const ran: [string, number][] = []
  const note = (name: string) => (): void => {
    ran.push([name, clock.now()])
  }
  clock.setTimeout(note('20'), 20)
  clock.setTimeout(() => {
    note('10')()
    clock.setTimeout(note('10+5'), 5)
    void Promise.resolve().then(note('promise'))
  }, 10)
  clock.setTimeout(note('20 again'), 20)
  clock.clearTimeout(clock.setTimeout(note('cleared'), 1))
  await clock.advance(19)
  expect(ran).toEqual([
    ['10', 10],
    ['promise', 10],
    ['10+5', 15],
  ])
  await clock.advance(1)
  expect(ran.slice(3)).toEqual([
    ['20', 20],
    ['20 again', 20],
  ])
  expect([clock.now(), clock.pending]).toEqual([20, 0])
})
