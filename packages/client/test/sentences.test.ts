/** What an error says: whole sentences where somebody develops, few bytes where nobody does. */
import { expect, test } from 'vitest'
import { sentence, uncarried as uncarriedHere } from '../src/sentences.js'
import { sentence as production, uncarried } from '../src/sentences.production.js'

const type = 'quotes.subscribe'

test.each([
  ['offline', 3_000, { type }, `${type}: no connection within 3000 ms (\`timeoutMs\`).`],
  ['timeout', 3_000, { type }, `${type}: no answer within 3000 ms (\`timeoutMs\`).`],
  ['too_large', 70_000, { type }, `${type}: the server closed the connection over 70000 characters.`],
  [
    'disconnected',
    '',
    { type },
    `${type}: the connection was lost after it was sent; it may have been carried out.`,
  ],
  ['forbidden', 4_003, {}, 'The server closed the connection with 4003.'],
  [
    'gap',
    'reset',
    { topic: 'AAPL' },
    'Updates of AAPL were missed for good (reset), and no `onGap` took it.',
  ],
  ['listener_failed', '', { cause: new TypeError('no') }, 'A listener threw: TypeError: no'],
  [
    'connection_failed',
    'ws://x',
    { cause: new TypeError('undefined is not a constructor') },
    'No socket to ws://x: TypeError: undefined is not a constructor; where there is no WebSocket pass the option `webSocket`',
  ],
] as const)('%s is explained', (code, what, fields, said) => {
  expect(sentence(code, what, fields)).toBe(said)
})

test('what a server says is told as it says it, of codes of the client’s own too', () => {
  expect(sentence('timeout', 'It started too slowly.', { type })).toBe(`${type}: It started too slowly.`)
  expect(production('timeout', 'It started too slowly.', { type })).toBe(
    `${type}: timeout: It started too slowly.`,
  )
})

test('in production there are a code and values', () => {
  expect(production('offline', 3_000, { type })).toBe(`${type}: offline: 3000`)
  expect(production('cancelled', '', {})).toBe('cancelled')
  expect(production('listener_failed', '', { cause: Symbol('odd') })).toBe('listener_failed: Symbol(odd)')
  expect(uncarriedHere(Number.NaN)).toBe('JSON cannot carry NaN.')
  expect(new RangeError(uncarried(Number.NaN)).message).toBe('NaN')
})
