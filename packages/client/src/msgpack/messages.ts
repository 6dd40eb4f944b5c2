import type { ReadMessage } from '../frames.js'
import { newReader } from './decode.js'

/** Every message of a frame; a last one that cannot be read says so when it is looked into. */
export function messagesOf(frame: ArrayBuffer): ReadMessage[] {
  const reader = newReader(frame)
  const messages: ReadMessage[] = []
  while (!reader.isOver) {
    const from = reader.at
    try {
      const { type, id, payload } = reader.read() as ReadMessage
      if (typeof type !== 'string') throw new TypeError('It has no type.')
      messages.push({ type, id, payload, length: reader.at - from })
    } catch (cause) {
      messages.push(unreadable(cause, reader.at - from))
    }
  }
  return messages
}

function unreadable(cause: unknown, length: number): ReadMessage {
  return {
    get type(): string {
      throw cause
    },
    id: undefined,
    payload: undefined,
    length,
  }
}
