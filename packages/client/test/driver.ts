/**
 * A client that a test in another language drives, against a server of its own: commands come in by lines of JSON, what the
 * client tells goes out by lines. `node driver.js URL [TOKEN...]`: with several tokens, each is given once, the last for ever.
 */
import { createInterface } from 'node:readline'
import { WebSocket } from 'ws'
import { createClient, TopicwireError, type Route } from '../src/index.js'
import { watched } from '../src/stale/index.js'
import { msgpack } from '../src/msgpack/index.js'
import { bearer } from '../src/token/index.js'

interface Routes {
  trades: Route<{ symbol: string }, { price: number }>
}

type Command =
  | readonly ['subscribe', id: string, symbol: string]
  | readonly ['unsubscribe', id: string]
  | readonly ['auth', token: string]

/** Nothing that is sent may be JSON by mistake: a server would go on with it. */
class Packed extends WebSocket {
  override send(data: string | Uint8Array): void {
    if (typeof data === 'string') throw new Error('MessagePack was not agreed.')
    super.send(data)
  }
}

const [url = '', ...tokens] = process.argv.slice(2)
const tell = (...event: readonly unknown[]): void => {
  process.stdout.write(`${JSON.stringify(event)}\n`)
}
const nextToken = (): string => (tokens.length > 1 ? tokens.shift() : tokens[0]) ?? ''
const user = bearer(nextToken)
const client = createClient<Routes>(['trades'], {
  url,
  webSocket: process.env['TOPICWIRE_CODEC'] === 'msgpack' ? msgpack(Packed) : WebSocket,
  backoff: { baseMs: 10, maxMs: 50 },
  ...(tokens.length > 0 && { token: user }),
})
const trades = watched(client.trades)
client.connection.on('status', (status) => {
  tell('status', status)
})
client.connection.on('error', ({ code }) => {
  tell('error', code)
})

async function run(command: Command): Promise<unknown> {
  const [kind, id] = command
  if (kind === 'auth') return user.auth(id)
  if (kind === 'unsubscribe') return trades.unsubscribe(id)
  const [, , symbol] = command
  const onUpdate = ({ price }: { price: number }, { snapshot }: { snapshot?: true }): void => {
    tell('update', id, price, snapshot ?? false)
  }
  return trades.subscribe(id, { symbol }, onUpdate, {
    onGap: ({ reason }) => {
      tell('gap', id, reason)
    },
    onStale: (stale) => {
      tell('stale', id, stale)
    },
    onError: ({ code }) => {
      tell('ended', id, code)
    },
  })
}

createInterface({ input: process.stdin })
  .on('line', (line) => {
    const command = JSON.parse(line) as Command
    run(command).then(
      () => {
        tell('done', command[0], command[1])
      },
      (error: unknown) => {
        tell('refused', command[0], error instanceof TopicwireError ? error.code : String(error))
      },
    )
  })
  .on('close', () => {
    client.connection.close()
  })
