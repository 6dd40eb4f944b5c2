/** What runs in the worker, by itself. */
import fc from 'fast-check'
import { beforeEach, expect, test } from 'vitest'
import { gather, MOST_WAITING, PIECE, UNSEEN_MS } from '../../src/worker/gather.js'
import type { Received } from '../../src/worker/messages.js'
import { Scope } from './fake-worker.js'

let scope: Scope

beforeEach(() => {
  scope = opened()
})

test('it says that it runs, opens what it is told to, and says what was agreed', () => {
  expect(scope.posted).toEqual([['ready'], ['opened', 'two']])
  expect(scope.socket).toMatchObject({
    url: 'ws://shop/',
    protocols: ['one', 'two'],
    binaryType: 'arraybuffer',
  })
})

test('what comes first goes at once; what comes after it, with the next frame and as one text', () => {
  scope.socket.receives('a', 'b', 'c')
  expect(received(scope)).toEqual([['a']])
  scope.hears('taken')
  expect(received(scope)).toEqual([['a']])
  scope.hears('frame')
  expect(received(scope)).toEqual([['a'], ['b\nc']])
  // Nothing waits: the frame is kept for what comes.
  scope.hears('taken')
  scope.hears('frame')
  scope.socket.receives('d', 'e')
  expect(received(scope)).toEqual([['a'], ['b\nc'], ['d']])
})

test('nothing is posted to a page that has not taken what was posted before', async () => {
  scope.socket.receives('a', 'b')
  scope.hears('frame')
  await scope.clock.advance(10 * UNSEEN_MS)
  expect(received(scope)).toEqual([['a']])
  scope.hears('taken')
  expect(received(scope)).toEqual([['a'], ['b']])
})

test('a page that is not painted is given what came after a while', async () => {
  scope.socket.receives('a', 'b')
  scope.hears('taken')
  await scope.clock.advance(UNSEEN_MS - 1)
  expect(received(scope)).toEqual([['a']])
  await scope.clock.advance(1)
  expect(received(scope)).toEqual([['a'], ['b']])
})

test('binary frames go as they came, in their turn, and are handed over', () => {
  const [one, two] = [new ArrayBuffer(1), new ArrayBuffer(2)]
  scope.socket.receives('a', 'b', one, 'c', 'd', two)
  scope.hears('taken')
  scope.hears('frame')
  expect(received(scope)).toEqual([['a'], ['b', one, 'c\nd', two]])
  expect(scope.transferred).toEqual([one, two])
})

test('much goes in pieces, each as soon as the one before was taken', () => {
  const [large, text] = ['x'.repeat(PIECE), 'y'.repeat(PIECE / 2)]
  scope.socket.receives('a', text, large, text, text)
  scope.hears('taken')
  expect(received(scope)).toEqual([['a'], [`${text}\n${large}`]])
  scope.hears('taken')
  expect(received(scope).slice(2)).toEqual([[`${text}\n${text}`]])
})

test('past the bound the connection is closed as too slow, with nothing more, and the worker ends with its socket', () => {
  const text = 'x'.repeat(MOST_WAITING / 4)
  scope.socket.receives('a', text, text, text, text)
  expect(scope.posted.at(-1)?.[0]).toBe('received')
  scope.socket.receives('y')
  expect(scope.posted.at(-1)).toEqual(['closed', 4008, 'The page does not take what is sent.'])
  expect(scope.socket.closes).toEqual([[4008, undefined]])
  const { length } = scope.posted
  scope.socket.receives('z')
  scope.hears('taken')
  scope.hears('frame')
  expect([scope.posted.length, scope.isClosed, scope.clock.pending]).toEqual([length, false, 0])
  scope.socket.closed(1006)
  expect([scope.posted.length, scope.isClosed]).toEqual([length, true])
})

test('the end comes after all that came before it, taken or not, and ends the worker', () => {
  scope.socket.receives('a', 'b', 'c')
  scope.socket.closed(1001, 'bye')
  expect(scope.posted.slice(2)).toEqual([
    ['received', ['a']],
    ['received', ['b\nc']],
    ['closed', 1001, 'bye'],
  ])
  expect([scope.isClosed, scope.clock.pending]).toEqual([true, 0])
})

test('it sends what it is told to; closed by the page it posts nothing but the end', () => {
  scope.hears('send', 'hello')
  scope.socket.receives('a', 'b')
  scope.hears('close', 4010, 'unheard')
  scope.socket.receives('c')
  scope.hears('taken')
  scope.hears('frame')
  expect([scope.socket.sent, scope.socket.closes]).toEqual([['hello'], [[4010, 'unheard']]])
  scope.socket.closed(4010)
  expect(scope.posted.slice(2)).toEqual([
    ['received', ['a']],
    ['closed', 4010, ''],
  ])
})

test('it says why it could make no socket', () => {
  const other = new Scope()
  gather(other)
  other.hears('open', 'ws://refused/', [])
  expect(other.posted).toEqual([['ready'], ['failed', 'SyntaxError: no such address']])
})

test('whatever the page does, what it is given is all that came, in order, and never twice at once', async () => {
  const frame = fc.oneof(fc.string({ maxLength: 6 }), fc.constant('x'.repeat(PIECE)), fc.constant(null))
  const step = fc.oneof(
    frame,
    fc.constant('TAKEN' as const),
    fc.constant('FRAME' as const),
    fc.constant(UNSEEN_MS),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const worker = opened()
      const came: Received[] = []
      let taken = 0
      for (const one of steps) {
        if (one === 'TAKEN') {
          // A page says so of what it has been given.
          if (received(worker).length === taken) continue
          taken = received(worker).length
          worker.hears('taken')
        } else if (one === 'FRAME') worker.hears('frame')
        else if (typeof one === 'number') await worker.clock.advance(one)
        else {
          came.push(one ?? new ArrayBuffer(3))
          worker.socket.receives(came.at(-1) as Received)
        }
        expect(received(worker).length - taken).toBeLessThanOrEqual(1)
      }
      worker.socket.closed(1000)
      expect(lines(received(worker).flat())).toEqual(lines(came))
    }),
  )
})

function opened(): Scope {
  const made = new Scope()
  gather(made)
  made.hears('open', 'ws://shop/', ['one', 'two'])
  made.socket.opens('two')
  return made
}

function received({ posted }: Scope): (readonly Received[])[] {
  return posted.flatMap((message) => (message[0] === 'received' ? [message[1]] : []))
}

function lines(all: readonly Received[]): Received[] {
  return all.flatMap((one): Received[] => (typeof one === 'string' ? one.split('\n') : [one]))
}
