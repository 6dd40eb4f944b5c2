/** Says when to go on: once for each request, before the page is painted. A test passes one of its own. */
export interface FrameScheduler {
  request(callback: () => void): unknown
  /** `handle` is what `request` returned. */
  cancel(handle: unknown): void
}

/** What is used of the page, looked up when it is used: in a worker or in Node some of it is missing. */
interface Page {
  readonly requestAnimationFrame?: (callback: () => void) => number
  readonly cancelAnimationFrame?: (frame: number) => void
  readonly setTimeout: (callback: () => void, delayMs: number) => unknown
  readonly clearTimeout: (timer: unknown) => void
}

const host: object = globalThis
const page = host as Page

/** As long as a frame of most screens. */
const FRAME_MS = 16
/** How long a page waits that is not painted: hidden, or under another window. */
const UNSEEN_MS = 1_000

/** The page's animation frames; where none comes, timers. */
export const hostFrames: FrameScheduler = {
  request: (callback) => {
    const frame = page.requestAnimationFrame?.(() => {
      page.clearTimeout(timer)
      callback()
    })
    const timer = page.setTimeout(
      () => {
        if (frame !== undefined) page.cancelAnimationFrame?.(frame)
        callback()
      },
      frame === undefined ? FRAME_MS : UNSEEN_MS,
    )
    return { frame, timer }
  },
  cancel: (handle) => {
    const { frame, timer } = handle as { readonly frame?: number; readonly timer: unknown }
    if (frame !== undefined) page.cancelAnimationFrame?.(frame)
    page.clearTimeout(timer)
  },
}

/** Who is due at the next frame. */
export interface FrameLine {
  /** In the order of their joining. */
  join(act: () => void): void
  leave(act: () => void): void
}

const lines: WeakMap<FrameScheduler, FrameLine> = new WeakMap()

/** One frame for all subscriptions of a page: a thousand requests a frame would be a cost of their own. */
export function frameLine(frames: FrameScheduler): FrameLine {
  const known = lines.get(frames)
  if (known) return known
  const due = new Set<() => void>()
  let frame: { readonly handle: unknown } | undefined
  const line: FrameLine = {
    join: (act) => {
      due.add(act)
      frame ??= {
        handle: frames.request(() => {
          frame = undefined
          const acts = [...due]
          // Who joins meanwhile is for the next one.
          due.clear()
          for (const one of acts) one()
        }),
      }
    },
    leave: (act) => {
      if (!due.delete(act) || due.size > 0 || !frame) return
      frames.cancel(frame.handle)
      frame = undefined
    },
  }
  lines.set(frames, line)
  return line
}
