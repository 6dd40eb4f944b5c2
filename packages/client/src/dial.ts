import { SUBPROTOCOL } from './frames.js'
import { host } from './host.js'
import type { ClientOptions, WebSocketLike } from './options.js'

/** A new socket to the address. Raises what its constructor raises, and `TypeError` where there is no WebSocket. */
export function dial(
  url: string,
  token: string | undefined,
  webSocket: ClientOptions['webSocket'],
): WebSocketLike {
  const Socket = webSocket ?? host.WebSocket
  if (!Socket) throw new TypeError('there is no WebSocket here; pass `webSocket`')
  const { location } = host
  // Older browsers take no relative address and no `https:` for a socket.
  const address = location && url.startsWith('/') ? `${location.protocol}//${location.host}${url}` : url
  const protocols = [SUBPROTOCOL]
  if (token !== undefined) {
    // A browser can send a token in no header of its own, and an address is written to logs. UTF-8, each byte a character.
    const bytes = unescape(encodeURIComponent(token))
    const base64url = host.btoa(bytes).replace(/\W/g, (sign) => ({ '+': '-', '/': '_' })[sign] ?? '')
    protocols.push(`topicwire.bearer.${base64url}`)
  }
  return new Socket(address.replace(/^http/, 'ws'), protocols)
}
