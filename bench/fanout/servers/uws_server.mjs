// uWebSockets.js: `app.publish` to a topic.
// node uws_server.mjs NODE_MODULES

import { createRequire } from 'node:module'

import { nextMessage, openControl, SUBSCRIBED } from './control.mjs'

const uws = createRequire(`${process.argv[2]}/`)('@trufflesuite/uws-js-unofficial')
const app = uws.App()

app.ws('/ws', {
  compression: uws.DISABLED,
  message: (client) => {
    client.subscribe('quotes')
    client.send(SUBSCRIBED)
  },
})

function publish(count, at) {
  for (let i = 0; i < count; i += 1) app.publish('quotes', nextMessage(at))
}

app.listen('127.0.0.1', 0, (listening) => openControl(uws.us_socket_local_port(listening), publish))
