import { host } from './host.js'
import { newLink, type Link } from './link.js'
import type { ClientOptions } from './options.js'

const links: WeakMap<object, Link[]> = new WeakMap()

/** The link of an address, one for all who use the same WebSocket and the same token. Making it opens nothing. */
export function linkOf(options: ClientOptions): Link {
  const url = typeof options.url === 'function' ? options.url() : options.url
  // Where there is no WebSocket, any object stands for that.
  const family = options.webSocket ?? host.WebSocket ?? links
  const known = links.get(family) ?? []
  links.set(family, known)
  let link = known.find((one) => one.url === url && one.token === options.token)
  if (!link) known.push((link = newLink(url, options)))
  return link
}
