/** When updates are passed on in a page that is painted, in one that is not, and where there is no page. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { frameLine, hostFrames } from '../../src/animation-frame/frames.js'
import { ManualFrames } from './manual-frames.js'

let screen: ManualFrames

beforeEach(() => {
  vi.useFakeTimers()
  screen = new ManualFrames()
})

afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

const inPage = (): void => {
  vi.stubGlobal('requestAnimationFrame', (callback: () => void) => screen.request(callback))
  vi.stubGlobal('cancelAnimationFrame', (frame: number) => {
    screen.cancel(frame)
  })
}

test('a page that is painted: at its frame, and no timer stays', () => {
  inPage()
  const act = vi.fn()
  hostFrames.request(act)
  vi.advanceTimersByTime(999)
  expect(act).not.toHaveBeenCalled()
  screen.frame()
  expect(act).toHaveBeenCalledOnce()
  expect(vi.getTimerCount()).toBe(0)
})

test('a page that is not: after a second, and once', () => {
  inPage()
  const act = vi.fn()
  hostFrames.request(act)
  vi.advanceTimersByTime(1_000)
  expect(act).toHaveBeenCalledOnce()
  screen.frame()
  expect(act).toHaveBeenCalledOnce()
  expect(screen.pending).toBe(0)
})

test('no page: after 16 ms', () => {
  const act = vi.fn()
  hostFrames.request(act)
  vi.advanceTimersByTime(15)
  expect(act).not.toHaveBeenCalled()
  vi.advanceTimersByTime(1)
  expect(act).toHaveBeenCalledOnce()
})

test.each([inPage, () => undefined])('what is cancelled is not done', (where) => {
  where()
  const act = vi.fn()
  hostFrames.cancel(hostFrames.request(act))
  screen.frame()
  vi.advanceTimersByTime(5_000)
  expect(act).not.toHaveBeenCalled()
  expect([screen.pending, vi.getTimerCount()]).toEqual([0, 0])
})

test('a line asks for one frame, and gives it back when all have left', () => {
  const line = frameLine(screen)
  expect(frameLine(screen)).toBe(line)
  const [one, other] = [vi.fn(), vi.fn()]
  line.join(one)
  line.join(other)
  line.leave(one)
  expect([screen.requested, screen.pending]).toEqual([1, 1])
  line.leave(other)
  expect(screen.pending).toBe(0)
  line.leave(other)
  line.join(other)
  screen.frame()
  expect([one.mock.calls.length, other.mock.calls.length, screen.requested]).toEqual([0, 1, 2])
  line.join(one)
  screen.frame()
  expect([one.mock.calls.length, other.mock.calls.length, screen.requested]).toEqual([1, 1, 3])
})
