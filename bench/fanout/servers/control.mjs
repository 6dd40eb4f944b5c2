// The hand that triggers updates of a Node server: a line `P count time` on a port of its own.

import { createServer } from 'node:net'

const MESSAGE_BYTES = 200 // of one update as JSON: see native/message.h

export const SUBSCRIBED = '{"type":"quotes.subscribe.response","payload":{"status":"ok"}}'

let seq = 0

/** The next update, as the bytes that ours sends. */
export function nextMessage(at) {
  seq += 1
  const text = 'x'.repeat(MESSAGE_BYTES - 107 - String(at).length - String(seq).length)
  const payload = { topic: 'quotes:{}', seq, payload: { symbol: 'AAPL', at, text } }
  return JSON.stringify({ type: 'quotes.update', payload })
}

/** Open the control port, then say which the ports are: the server is ready. */
export function openControl(port, publish) {
  const control = createServer({ noDelay: true }, (socket) => {
    let rest = ''
    socket.on('data', (data) => {
      const lines = (rest + data).split('\n')
      rest = lines.pop()
      for (const line of lines) {
        const [, count, at] = line.split(' ')
        publish(Number(count), Number(at))
      }
    })
    socket.on('error', () => socket.destroy())
  })
  control.listen(0, '127.0.0.1', () => {
    console.log(JSON.stringify({ port, control: control.address().port }))
  })
}
