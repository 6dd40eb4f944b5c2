import { SUBPROTOCOL } from './frames.js'
import { host } from './host.js'
import type { ClientOptions, WebSocketLike } from './options.js'

/** A new socket to the address. Raises what its constructor raises, and `TypeError` where there is no WebSocket. */
export function dial(
  url: string,
  protocols: readonly string[],
  webSocket: ClientOptions['webSocket'],
): WebSocketLike {
  const Socket = webSocket ?? host.WebSocket
  if (!Socket) throw new TypeError('there is no WebSocket here; pass `webSocket`')
  const { location } = host
  // Older browsers take no relative address and no `https:` for a socket.
  const address = location && url.startsWith('/') ? `${location.protocol}//${location.host}${url}` : url
  return new Socket(address.replace(/^http/, 'ws'), [SUBPROTOCOL, ...protocols])
}
