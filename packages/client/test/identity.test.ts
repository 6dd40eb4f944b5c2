/** Who the user is: a token at the handshake, in-band, and after a refusal. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createClient, type Client, type ClientOptions, type ConnectionStatus } from '../src/index.js'
import { FakeServer, ManualClock } from '../src/testing/index.js'
import { bearer } from '../src/token/index.js'
import { routeNames, type Routes } from './routes.js'

let clock: ManualClock
let server: FakeServer
let clients: Client<Routes>[]

const aapl = { symbol: 'AAPL' }
const nothing = (): void => undefined

const newClient = (options: Partial<ClientOptions>): Client<Routes> => {
  const shared = { url: 'ws://test/ws', webSocket: server.WebSocket, clock }
  const client = createClient<Routes>(routeNames, { ...shared, backoff: { random: () => 1 }, ...options })
  clients.push(client)
  return client
}
/** The tokens that the open connections were made with. */
const offered = (): (string | undefined)[] =>
  server.connections.map(({ protocols }) => {
    const [first, bearer, ...more] = protocols.filter((offer) => offer !== 'topicwire.v1+msgpack')
    expect(first).toBe('topicwire.v1+json')
    expect(more).toEqual([])
    expect(bearer ?? 'topicwire.bearer.').toMatch(/^topicwire\.bearer\.[\w-]*$/)
    return bearer && Buffer.from(bearer.slice('topicwire.bearer.'.length), 'base64url').toString()
  })
const sentInBand = (): unknown[] =>
  server.received.filter(({ type }) => type === 'auth').map(({ payload }) => payload)
const expire = (): void => {
  for (const connection of server.connections)
    connection.send({ type: 'error', payload: { code: 'token_expired', message: 'Another, please' } })
}

beforeEach(() => {
  clock = new ManualClock()
  server = new FakeServer({ clock })
  clients = []
})

afterEach(() => {
  for (const client of clients) client.connection.close()
})

describe('a token', () => {
  test.each([['eyJ.e30.a-_b'], ['~~~???>>>'], ['žluťoučký 🐎'], ['']])(
    'goes as a subprotocol: %j',
    async (token) => {
      await newClient({ token: bearer(token) }).quotes.subscribe('q', aapl, nothing)
      expect(offered()).toEqual([token])
    },
  )

  test('is none where none is given', async () => {
    await newClient({}).quotes.subscribe('q', aapl, nothing)
    expect(offered()).toEqual([undefined])
  })

  test('of a function is got anew for each connection', async () => {
    let nth = 0
    const token = vi.fn(() => Promise.resolve(`token-${(nth += 1)}`))
    const client = newClient({ token: bearer(token) })
    const statuses: ConnectionStatus[] = []
    client.connection.on('status', (status) => statuses.push(status))
    const both = [client.quotes.subscribe('q', aapl, nothing), client.quotes.subscribe('r', aapl, nothing)]
    await Promise.all(both)
    expect(offered()).toEqual(['token-1'])
    server.cut()
    await clock.advance(500)
    expect(offered()).toEqual(['token-2'])
    expect(token).toHaveBeenCalledTimes(2)
    expect(statuses).toEqual(['connecting', 'open', 'reconnecting', 'open'])
  })

  test('that cannot be got is told, and asked for again with backoff', async () => {
    let fails = true
    const token = (): string => {
      if (fails) throw new Error('the identity provider is away')
      return 'late'
    }
    const client = newClient({ token: bearer(token) })
    const onError = vi.fn()
    client.connection.on('error', onError)
    const accepted = client.quotes.subscribe('q', aapl, nothing)
    await clock.advance(600)
    expect(onError.mock.calls).toMatchObject([
      [{ code: 'connection_failed' }],
      [{ code: 'connection_failed' }],
    ])
    fails = false
    await clock.advance(1_000)
    await accepted
    expect(offered()).toEqual(['late'])
  })

  test('that comes too late, or after the client was closed, opens nothing', async () => {
    const waiting: ((token: string) => void)[] = []
    const token = (): Promise<string> => new Promise((resolve) => waiting.push(resolve))
    const client = newClient({ token: bearer(token), timeoutMs: 1_000 })
    const outcome = client.quotes
      .subscribe('q', aapl, nothing, { timeoutMs: 60_000 })
      .catch((error: unknown) => error)
    await clock.advance(1_500)
    expect(waiting).toHaveLength(2)
    waiting[0]?.('too late')
    await server.settled()
    expect(server.attempts).toBe(0)
    client.connection.close()
    waiting[1]?.('after the end')
    await server.settled()
    expect(server.attempts).toBe(0)
    expect(await outcome).toMatchObject({ code: 'closed' })
  })

  test('of one user is not another’s connection', async () => {
    const [ann, bob] = [bearer('ann'), bearer('bob')]
    await newClient({ token: ann }).quotes.subscribe('q', aapl, nothing)
    await newClient({ token: bob }).quotes.subscribe('q', aapl, nothing)
    await newClient({ token: ann }).quotes.subscribe('q', aapl, nothing)
    expect(offered()).toEqual(['ann', 'bob'])
  })
})

describe('auth', () => {
  test('refreshes in-band, and is the token of the connections to come', async () => {
    const user = bearer('old')
    const client = newClient({ token: user })
    await user.auth('before there is a connection')
    await client.quotes.subscribe('q', aapl, nothing)
    expect(offered()).toEqual(['before there is a connection'])
    await user.auth('new')
    expect(sentInBand()).toEqual([{ token: 'new' }])
    server.cut()
    await clock.advance(500)
    expect(offered()).toEqual(['new'])
  })

  test('that is given during an attempt is the one that it is made with', async () => {
    const user = bearer('old')
    const client = newClient({ token: user })
    const accepted = client.quotes.subscribe('q', aapl, nothing)
    await user.auth('new')
    await accepted
    expect(offered()).toEqual(['new'])
    expect(sentInBand()).toEqual([])
  })

  test('that the server refuses is not the token of the connections to come', async () => {
    const user = bearer('good')
    const client = newClient({ token: user })
    await client.quotes.subscribe('q', aapl, nothing)
    server.script('auth', () => ({ status: 'error', code: 'forbidden', message: 'Of another subject' }))
    await expect(user.auth('bad')).rejects.toMatchObject({ code: 'forbidden' })
    server.cut()
    await clock.advance(500)
    expect(offered()).toEqual(['good'])
  })

  test('rejects where the answer says nothing', async () => {
    const user = bearer('old')
    await newClient({ token: user }).quotes.subscribe('q', aapl, nothing)
    server.script('auth', () => null)
    await expect(user.auth('new')).rejects.toMatchObject({ code: 'internal', type: 'auth' })
  })

  test('rejects with the server’s reason', async () => {
    const user = bearer('old')
    const client = newClient({ token: user })
    await client.quotes.subscribe('q', aapl, nothing)
    server.script('auth', () => ({ status: 'error', code: 'forbidden', message: 'Another subject' }))
    await expect(user.auth('new')).rejects.toMatchObject({
      code: 'forbidden',
      message: 'auth: Another subject',
    })
    expect(client.connection.status).toBe('open')
  })
})

test('auth reaches every socket of its user, and outlives the one that it was sent on', async () => {
  const user = bearer('old')
  const clients = ['ws://test/one', 'ws://test/two'].map((url) => newClient({ token: user, url }))
  for (const client of clients) await client.quotes.subscribe('q', aapl, nothing)
  await user.auth('new')
  expect(sentInBand()).toEqual([{ token: 'new' }, { token: 'new' }])
  server.script('auth', () => undefined)
  const outcome = expect(user.auth('newer')).rejects.toMatchObject({ code: 'disconnected' })
  await server.settled()
  server.cut()
  await outcome
  await clock.advance(500)
  expect(offered()).toEqual(['newer', 'newer'])
})

describe('a token that expires', () => {
  test('is replaced in-band by the function’s next, and nobody notices', async () => {
    let nth = 0
    const client = newClient({ token: bearer(() => `token-${(nth += 1)}`) })
    const onError = vi.fn()
    client.connection.on('error', onError)
    await client.quotes.subscribe('q', aapl, nothing)
    expire()
    await server.settled()
    expect(sentInBand()).toEqual([{ token: 'token-2' }])
    expect(server.attempts).toBe(1)
    expect(onError).not.toHaveBeenCalled()
  })

  test('is told where there is no function, or where that fails, or where the server refuses', async () => {
    const codes: string[] = []
    let fails = false
    const token = (): string => {
      if (fails) throw new Error('logged out')
      return 'the same'
    }
    for (const source of ['fixed', token]) {
      const client = newClient({ token: bearer(source) })
      client.connection.on('error', ({ code }) => codes.push(code))
      await client.quotes.subscribe('q', aapl, nothing)
    }
    server.script('auth', () => ({ status: 'error', code: 'token_expired', message: 'It is the old one' }))
    expire()
    await server.settled()
    fails = true
    expire()
    await server.settled()
    expect(codes).toEqual(['token_expired', 'token_expired', 'token_expired', 'token_expired'])
  })
})

describe('a refused login', () => {
  test('is tried once more with a fresh token, and no more', async () => {
    let nth = 0
    const client = newClient({ token: bearer(() => `token-${(nth += 1)}`) })
    server.refuse(4001)
    const outcome = client.quotes.subscribe('q', aapl, nothing).catch((error: unknown) => error)
    await clock.advance(60_000)
    expect(await outcome).toMatchObject({ code: 'unauthenticated' })
    expect([nth, server.attempts]).toEqual([2, 2])
    expect(client.connection.status).toBe('closed')
    server.accept()
    await client.quotes.subscribe('q', aapl, nothing)
    expect(offered()).toEqual(['token-3'])
  })

  test('is not tried again with a token that is a string, nor where the user may not come in at all', async () => {
    for (const [code, token] of [
      [4001, 'fixed'],
      [4003, () => 'fresh'],
    ] as const) {
      server = new FakeServer({ clock })
      server.refuse(code)
      const outcome = newClient({ token: bearer(token) }).quotes.subscribe('q', aapl, nothing)
      await expect(outcome).rejects.toMatchObject({ code: code === 4001 ? 'unauthenticated' : 'forbidden' })
      await clock.advance(60_000)
      expect(server.attempts).toBe(1)
    }
  })

  test('of a session that ended resumes with a fresh token', async () => {
    let nth = 0
    const client = newClient({ token: bearer(() => `token-${(nth += 1)}`) })
    await client.quotes.subscribe('q', aapl, nothing)
    for (const token of ['token-2', 'token-3', 'token-4']) {
      server.cut(4001)
      await clock.advance(20_000)
      expect(offered()).toEqual([token])
    }
  })
})
