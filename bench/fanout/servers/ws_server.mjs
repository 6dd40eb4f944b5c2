// node ws: `client.send` to each of `wss.clients`, as its documentation broadcasts.
// node ws_server.mjs NODE_MODULES

import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { createRequire } from 'node:module'

import { nextMessage, openControl, SUBSCRIBED } from './control.mjs'

const { WebSocket, WebSocketServer } = createRequire(`${process.argv[2]}/`)('ws')
const { BENCH_CERTIFICATE, BENCH_KEY } = process.env

const server = BENCH_CERTIFICATE
  ? createSecureServer({ cert: readFileSync(BENCH_CERTIFICATE), key: readFileSync(BENCH_KEY) })
  : createServer()
const wss = new WebSocketServer({ server, perMessageDeflate: false })

wss.on('connection', (client) => {
  client.on('error', () => client.terminate())
  client.on('message', () => client.send(SUBSCRIBED))
})

function publish(count, at) {
  for (let i = 0; i < count; i += 1) {
    const data = nextMessage(at)
    wss.clients.forEach((client) => {
      if (client.readyState === WebSocket.OPEN) client.send(data)
    })
  }
}

server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () =>
  openControl(server.address().port, publish),
)
