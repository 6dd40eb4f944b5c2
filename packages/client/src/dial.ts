import { protocolsOf } from './credentials.js'
import { host } from './host.js'
import type { ClientOptions, WebSocketLike } from './options.js'

/** What a socket tells. */
export interface SocketEvents {
  opened(socket: WebSocketLike): void
  received(data: unknown): void
  closed(code: number, reason: string): void
}

/** A new socket to the address. Raises what its constructor raises, and `TypeError` where there is no WebSocket. */
export function dial(
  url: string,
  token: string | undefined,
  webSocket: ClientOptions['webSocket'],
  isCurrent: (socket: WebSocketLike) => boolean,
  events: SocketEvents,
): WebSocketLike {
  const Socket = webSocket ?? host.WebSocket
  if (Socket === undefined) throw new TypeError('there is no WebSocket here; pass one as `webSocket`')
  const socket = new Socket(absolute(url), protocolsOf(token))
  // An abandoned socket may still speak: only the current one is heard.
  const current =
    <Event>(handler: (event: Event) => void) =>
    (event: Event): void => {
      if (isCurrent(socket)) handler(event)
    }
  socket.onopen = current(() => {
    events.opened(socket)
  })
  socket.onmessage = current(({ data }: { readonly data: unknown }) => {
    events.received(data)
  })
  socket.onclose = current(({ code, reason }: { readonly code: number; readonly reason: string }) => {
    events.closed(code, reason)
  })
  // Says nothing that the close after it does not say better; unheard, it would be an exception in Node.
  socket.onerror = () => undefined
  return socket
}

/** Older browsers take no relative address and no `https:` for a socket. */
function absolute(url: string): string {
  const { location } = host
  const page = location === undefined ? '' : `${location.protocol}//${location.host}`
  return (url.startsWith('/') ? page + url : url).replace(/^http/, 'ws')
}
