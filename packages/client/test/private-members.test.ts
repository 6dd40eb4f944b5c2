/** Renamed in the published file is every private member, and nothing that a user, a server or a host knows by name. */
import { expect, test } from 'vitest'
import { PRIVATE_NAMES } from '../scripts/private-names.js'
import { membersOfSource } from './private-members.js'

const { declared, foreignUses } = membersOfSource()

test('a name that is renamed is of nothing else: no public member, no key of a message, no member of the host', () => {
  expect(foreignUses(new Set(PRIVATE_NAMES))).toEqual([])
})

test('every private member is renamed whose name has no other use', () => {
  const used = new Set(foreignUses(declared).map((use) => use.split(' ')[1]))
  expect(PRIVATE_NAMES).toEqual([...declared].filter((name) => !used.has(name)).sort())
})

test('such a use is seen', () => {
  expect(
    foreignUses(
      new Set(['topic', 'seq', 'stale_after_s', 'heartbeat_grace_s', 'onmessage', 'details', 'hello']),
    ),
  ).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/ topic$/),
      expect.stringMatching(/ seq$/),
      expect.stringMatching(/^session\.ts:\d+ stale_after_s$/),
      expect.stringMatching(/^link\.ts:\d+ heartbeat_grace_s$/),
      expect.stringMatching(/^link\.ts:\d+ onmessage$/),
      expect.stringMatching(/^session\.ts:\d+ hello$/),
      expect.stringMatching(/^errors\.ts:\d+ details$/),
    ]),
  )
})
