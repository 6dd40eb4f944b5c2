import { execFileSync } from 'node:child_process'
import { python } from './paths'

/** One text message as the browser sent or received it. */
export interface Frame {
  readonly direction: 'to_server' | 'to_client'
  readonly text: string
}

/** Reads `{document, frames}` from its input; prints how many messages there were of each name. */
const MATCH = `
import collections, json, sys
from topicwire.asyncapi.validate import FrameValidator

given = json.load(sys.stdin)
validator = FrameValidator(given["document"])
names = [
    validator.match(message, frame["direction"])
    for frame in given["frames"]
    for message in frame["text"].split("\\n")
]
print(json.dumps(collections.Counter(names)))
`

/**
 * Matches each message of the frames to exactly one message of the AsyncAPI document, by the framework's own
 * validator. Returns how many there were by name.
 *
 * @throws Error - a message matches none or several; it is quoted
 */
export function matchFrames(document: unknown, frames: readonly Frame[]): Record<string, number> {
  const input = JSON.stringify({ document, frames })
  const output = execFileSync(python, ['-c', MATCH], { input, encoding: 'utf8', maxBuffer: 1 << 26 })
  return JSON.parse(output) as Record<string, number>
}
