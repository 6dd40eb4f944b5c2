/** The client over a real socket: the package `ws` on loopback, with a server that keeps the protocol by hand. */
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { createClient, type Client, type ConnectionStatus } from '../src/index.js'
import { latency } from '../src/latency/index.js'
import { routeNames, type Quote, type Routes } from './routes.js'

let server: WebSocketServer
let client: Client<Routes>
let statuses: ConnectionStatus[]

interface Command {
  readonly type: string
  readonly id: number
  readonly payload: unknown
}

beforeEach(async () => {
  server = await listen(0)
  client = createClient<Routes>(routeNames, {
    url: `ws://127.0.0.1:${portOf(server)}/ws`,
    webSocket: WebSocket,
    backoff: { baseMs: 5, maxMs: 20 },
  })
  statuses = []
  client.connection.on('status', (status) => statuses.push(status))
})

afterEach(async () => {
  client.connection.close()
  await stop(server)
})

test('subscribes, measures, receives, survives a restart of the server, and unsubscribes', async () => {
  const measured = new Promise<number | undefined>((resolve) => {
    latency(client.connection, resolve)
  })
  const updates = listenForUpdates()
  await client.quotes.subscribe('badge', { symbol: 'AAPL' }, updates.push)
  expect(await updates.next()).toEqual({ bid: 1, ask: 2 })
  expect(await measured).toBeGreaterThanOrEqual(0)

  const port = portOf(server)
  await stop(server)
  server = await listen(port)
  expect(await updates.next()).toEqual({ bid: 1, ask: 2 })
  expect(statuses).toEqual(['connecting', 'open', 'reconnecting', 'open'])

  await client.quotes.unsubscribe('badge')
  await expect(client.orders.cancel_all()).rejects.toMatchObject({ code: 'no_matching_type' })
})

test('a refused user is told so', async () => {
  server.removeAllListeners('connection')
  server.on('connection', (socket) => {
    socket.close(4001, 'Log in first')
  })
  await expect(client.quotes.subscribe('badge', { symbol: 'AAPL' }, () => undefined)).rejects.toMatchObject({
    code: 'unauthenticated',
    message: expect.stringMatching(/Log in first$/) as unknown,
  })
  expect(statuses.at(-1)).toBe('closed')
})

/** One update follows each acceptance, in the same frame. */
function serve(socket: WebSocket): void {
  const text = (...messages: object[]): void => {
    socket.send(messages.map((message) => JSON.stringify(message)).join('\n'))
  }
  text({ type: 'hello', payload: { version: 1, session: 's', heartbeat_s: 25, limits: {} } })
  socket.on('message', (data: Buffer) => {
    const { type, id } = JSON.parse(data.toString()) as Command
    const payload = { status: 'ok', message: '', topic: 'AAPL' }
    if (type === 'ping') text({ type: 'pong', id })
    else if (type === 'quotes.subscribe') {
      const update = { topic: 'AAPL', seq: 1, payload: { bid: 1, ask: 2 } }
      text({ type: `${type}.response`, id, payload }, { type: 'quotes.update', payload: update })
    } else if (type === 'quotes.unsubscribe') text({ type: `${type}.response`, id, payload })
    else text({ type: 'error', id, payload: { code: 'no_matching_type', message: `No ${type} here` } })
  })
}

async function listen(port: number): Promise<WebSocketServer> {
  const listening = new WebSocketServer({
    host: '127.0.0.1',
    port,
    handleProtocols: (offered) => [...offered][0] ?? false,
  })
  listening.on('connection', serve)
  await new Promise((resolve) => listening.once('listening', resolve))
  return listening
}

async function stop(running: WebSocketServer): Promise<void> {
  for (const socket of running.clients) socket.terminate()
  await new Promise((resolve) => {
    running.close(resolve)
  })
}

function portOf(listening: WebSocketServer): number {
  return (listening.address() as AddressInfo).port
}

function listenForUpdates(): { push: (quote: Quote) => void; next: () => Promise<Quote> } {
  const waiting: ((quote: Quote) => void)[] = []
  const arrived: Quote[] = []
  return {
    push: (quote) => {
      const waiter = waiting.shift()
      if (waiter === undefined) arrived.push(quote)
      else waiter(quote)
    },
    next: () =>
      new Promise((resolve) => {
        const quote = arrived.shift()
        if (quote === undefined) waiting.push(resolve)
        else resolve(quote)
      }),
  }
}
