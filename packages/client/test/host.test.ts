import { afterEach, expect, test, vi } from 'vitest'
import { hostClock } from '../src/host.js'

afterEach(() => {
  vi.useRealTimers()
})

test('a delay of more than 31 bits, which is none to the host, is 23 days', () => {
  vi.useFakeTimers()
  const rings = vi.fn()
  for (const delayMs of [2 ** 31, 2 ** 40, Infinity]) hostClock.setTimeout(rings, delayMs)
  vi.advanceTimersByTime(23 * 86_400_000)
  expect(rings).not.toHaveBeenCalled()
})
