import { SUBPROTOCOL } from './frames.js'
import { host } from './host.js'
import type { TokenSource } from './options.js'

/** What a handshake offers: a browser can send a token in no header of its own, and an address is written to logs. */
export function protocolsOf(token: string | undefined): string[] {
  if (token === undefined) return [SUBPROTOCOL]
  const bytes = host.btoa(String.fromCharCode(...new host.TextEncoder().encode(token)))
  const base64url = bytes.replace(/[+/=]/g, (sign) => ({ '+': '-', '/': '_' })[sign] ?? '')
  return [SUBPROTOCOL, `topicwire.bearer.${base64url}`]
}

/** Asks for a token; what is thrown is a rejection. */
export async function fetchToken(source: TokenSource): Promise<string> {
  return typeof source === 'string' ? source : source()
}
