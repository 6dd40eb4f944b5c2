import { expect, test } from 'vitest'
import { FakeServer, ManualClock, topicOf } from '../../src/testing/index.js'

interface Opened {
  readonly socket: InstanceType<FakeServer['WebSocket']>
  readonly heard: unknown[]
}

async function open(server: FakeServer, protocols?: string[]): Promise<Opened> {
  const heard: unknown[] = []
  const socket = new server.WebSocket('ws://test', protocols)
  socket.onopen = () => heard.push(`open ${socket.protocol}`)
  socket.onmessage = ({ data }: { data: unknown }) => heard.push(data)
  socket.onclose = ({ code }: { code: number }) => heard.push(`close ${code}`)
  await server.settled()
  return { socket, heard }
}

const command = (type: string, id: number, payload: unknown): string => JSON.stringify({ type, id, payload })

test('keeps the protocol: hello, reply before updates, one update a connection, not_subscribed', async () => {
  const server = new FakeServer()
  const { socket, heard } = await open(server, ['other', 'topicwire.v1+json'])
  expect(heard.splice(0)).toEqual(['open topicwire.v1+json', expect.stringMatching(/^\{"type":"hello"/)])
  socket.send(command('r.subscribe', 1, { b: 1, a: 2 }))
  socket.send('{"type":"ping"}')
  await server.settled()
  const topic = topicOf('r', { a: 2, b: 1 })
  expect(server.publish('r', topic, 'x', 'y')).toBe(1)
  expect(server.publish('r', 'r:nobody', 'x')).toBe(0)
  socket.send(command('r.unsubscribe', 2, { a: 2, b: 1 }))
  socket.send(command('r.unsubscribe', 3, { a: 2, b: 1 }))
  await server.settled()
  const lines = heard.flatMap((frame) =>
    String(frame)
      .split('\n')
      .map((line) => JSON.parse(line) as object),
  )
  expect(lines).toMatchObject([
    { type: 'r.subscribe.response', id: 1, payload: { status: 'ok', topic, seq: 0 } },
    { type: 'pong' },
    { type: 'r.update', payload: { topic, seq: 1, payload: 'x' } },
    { type: 'r.update', payload: { topic, seq: 2, payload: 'y' } },
    { type: 'r.unsubscribe.response', id: 2, payload: { status: 'ok' } },
    { type: 'r.unsubscribe.response', id: 3, payload: { status: 'error', code: 'not_subscribed' } },
  ])
})

test('sends no hello to a client that offers no subprotocol', async () => {
  expect((await open(new FakeServer())).heard).toEqual(['open '])
})

test('refuses and cuts with the codes it is told', async () => {
  const server = new FakeServer()
  const { heard } = await open(server)
  server.cut()
  server.refuse()
  const unreachable = await open(server)
  server.refuse(4003)
  const forbidden = await open(server)
  server.accept()
  const taken = await open(server)
  expect([heard, unreachable.heard, forbidden.heard, taken.heard]).toEqual([
    ['open ', 'close 1006'],
    ['close 1006'],
    ['open ', 'close 4003'],
    ['open '],
  ])
  expect([server.attempts, server.connections.length]).toEqual([4, 1])
})

test('delays by its clock, and forgets what a cut overtakes', async () => {
  const clock = new ManualClock()
  const server = new FakeServer({ clock })
  const { socket, heard } = await open(server)
  server.delayMs = 10
  socket.send(command('r.subscribe', 1, {}))
  await clock.advance(19)
  expect(heard).toEqual(['open '])
  await clock.advance(1)
  expect(heard).toHaveLength(2)
  server.hold()
  socket.send(command('r.subscribe', 2, {}))
  await clock.advance(10)
  server.cut()
  server.release()
  await clock.advance(100)
  expect(heard.slice(2)).toEqual(['close 1006'])
})
