/** What the page and its worker say to each other. */

/** A text frame, or several joined by line breaks, which is a frame of several messages; or a binary frame. */
export type Received = string | ArrayBuffer

export type ToWorker =
  | readonly ['open', url: string, protocols: readonly string[]]
  | readonly ['send', data: unknown]
  | readonly ['close', code: number, reason: string]
  /** What was posted last has been handled: the page keeps up. */
  | readonly ['taken']
  /** The page is about to be painted. */
  | readonly ['frame']

export type ToPage =
  /** The script runs. */
  | readonly ['ready']
  /** No socket could be made at all. */
  | readonly ['failed', reason: string]
  | readonly ['opened', protocol: string]
  | readonly ['received', received: readonly Received[]]
  /** The last. */
  | readonly ['closed', code: number, reason: string]
