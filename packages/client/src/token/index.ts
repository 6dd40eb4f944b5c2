/** `@topicwire/client/token`: who the user is, by a token. An entry of its own, because pages that log in by a cookie need none. */
import { TopicwireError } from '@topicwire/client'
import type { ErrorDetail, Login, LoginSteps, LoginWire } from '@topicwire/client'

/** What is used of the page, so that nothing depends on the DOM's types. */
const page = globalThis as unknown as { btoa(bytes: string): string }

/** A token, or a function that gets one: it is called before each connection, and when the server says that one expires. */
export type TokenSource = string | (() => string | Promise<string>)

type Use = Parameters<LoginSteps['offer']>[0]

/** The option `token` of the clients of one user. */
export interface Bearer extends Login {
  /**
   * A new token, for the connections there are (in-band: nothing is interrupted) and for those to come. Resolves when the
   * server has taken it, at once where there is no connection. Rejects with the server's code where it refuses: then the one
   * before is used on.
   */
  auth(token: string): Promise<void>
}

/**
 * Logs in by a token: `new WsAdapter({ token: bearer(() => fetchToken()) })`. Clients that are given the same bearer share
 * their socket; those of two do not, though their tokens be equal.
 *
 * A function is called for each connection, and its token sent in-band when the server says that the one before expires. After
 * a refusal it is called once more.
 */
export function bearer(source: TokenSource): Bearer {
  /** What each was told to use last: called again, it makes an attempt that is under way anew. */
  const wires = new Map<LoginWire, Use | undefined>()
  /** The newest token that `auth` was given, or the one that there was from the beginning. */
  let given = typeof source === 'string' ? source : ''

  const login: Login = (wire) => {
    wires.set(wire, undefined)
    /** A fresh token was refused, and none was accepted since. */
    let refused = false
    /** Counts attempts and renewals: who comes back with a token sees whether it is still wanted. */
    let era = 0

    /** Gets a token, and calls one of the two unless another was asked for since. */
    const fetched = async (
      take: (token: string) => void,
      fail: (error: TopicwireError) => void,
    ): Promise<void> => {
      const begun = (era += 1)
      try {
        const token = await (source as () => string | Promise<string>)()
        if (begun === era) take(token)
      } catch (cause) {
        if (begun !== era) return
        const code = wire.status === 'open' ? 'token_expired' : 'connection_failed'
        fail(new TopicwireError(code, `No token: ${String(cause)}`, { cause }))
      }
    }

    return {
      offer: (use) => {
        const dial = (token: string): void => {
          wires.set(wire, use)
          use(protocolsOf(token))
        }
        if (typeof source === 'string') dial(given)
        else {
          void fetched(dial, (error) => {
            use([], error)
          })
        }
      },
      renew: (code) => {
        if (typeof source === 'string') return false
        if (code === 4001) {
          // It may have been an old one: a fresh one is tried, once.
          const first = !refused
          refused = true
          return first
        }
        if (code !== 'token_expired') return false
        const report = (error: TopicwireError): void => {
          // Lost meanwhile: the next connection begins with a token of its own.
          if (error.code !== 'disconnected') wire.report(error)
        }
        void fetched((token) => {
          if (wire.status !== 'open') return
          refusalOf(wire, token).then((refusal) => {
            if (refusal) report(refusal)
          }, report)
        }, report)
        return true
      },
      known: () => {
        refused = false
      },
    }
  }

  const auth = async (token: string): Promise<void> => {
    const before = given
    given = token
    const refusals = await Promise.all(
      [...wires].map(async ([wire, use]) => {
        if (wire.status === 'open') return await refusalOf(wire, token)
        use?.(protocolsOf(token))
        return undefined
      }),
    )
    for (const refusal of refusals) {
      if (!refusal) continue
      // Not the token of the connections to come either.
      if (given === token) given = before
      throw refusal
    }
  }
  return Object.assign(login, { auth })
}

/** Sends the token in-band. */
async function refusalOf(wire: LoginWire, token: string): Promise<TopicwireError | undefined> {
  const reply = (await wire.call('auth', { token })) as Reply | null
  if (reply?.status === 'ok') return undefined
  const { code = 'internal', message = 'refused', details } = reply ?? {}
  return new TopicwireError(code, `auth: ${message}`, { type: 'auth', details })
}

interface Reply {
  readonly status?: string
  readonly code?: string
  readonly message?: string
  readonly details?: readonly ErrorDetail[]
}

/** A browser can send a token in no header of its own, and an address is written to logs. */
function protocolsOf(token: string): readonly string[] {
  // UTF-8, each byte a character.
  const bytes = unescape(encodeURIComponent(token))
  const base64url = page.btoa(bytes).replace(/\W/g, (sign) => ({ '+': '-', '/': '_' })[sign] ?? '')
  return [`topicwire.bearer.${base64url}`]
}
