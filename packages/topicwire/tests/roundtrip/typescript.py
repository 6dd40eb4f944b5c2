"""A TypeScript program that takes every value of the corpus there and back, typed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from packages.topicwire.tests.corpus import Construct
from packages.topicwire.tests.corpus.routes import request_type

# What is received equals a literal of its type, which tsc has seen: no key more, and no other kind
# of value. What is sent is such a literal too.
MAIN = """\
import assert from 'node:assert/strict'
import { createClient, type Subscriptions } from '@topicwire/client'
import { stream } from '@topicwire/client/stream'
import { WebSocket } from 'ws'
import { received, requests, sent } from './values.js'
import { routeNames, type Routes } from './ws-client-generated/index.js'

const url = process.argv[2] ?? ''
const client = createClient<Routes>(routeNames, { url, webSocket: WebSocket })

interface Both<Request, Data, Sent> extends Subscriptions<Request, Data> {
  echo(value: Sent): Promise<Data>
}

async function check<Request, Data, Sent>(
  name: string,
  route: Both<Request, Data, Sent>,
  request: Request,
  wanted: readonly Data[],
  values: readonly Sent[],
): Promise<void> {
  const updates: Data[] = []
  for await (const update of stream(route, request)) {
    if (updates.push(update) === wanted.length) break
  }
  assert.deepStrictEqual(updates, wanted, `${name}: updates`)
  const replies = await Promise.all(values.map((value) => route.echo(value)))
  assert.deepStrictEqual(replies.map(unordered), wanted.map(unordered), `${name}: replies`)
}

// A set that the server has read anew may be written in another order; and what is sent is
// canonical JSON (RFC 8785), where -0 is 0.
function unordered(value: unknown): unknown {
  if (value === 0) return 0
  if (Array.isArray(value)) return value.map(unordered).sort((a, b) => (text(a) < text(b) ? -1 : 1))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).sort().map(([key, one]) => [key, unordered(one)]))
}

function text(value: unknown): string {
  return JSON.stringify(value)
}

"""


def program(constructs: Sequence[Construct]) -> str:
    """The program: every route in turn, over one connection."""
    calls = [
        f"await check('{one.name}', client.{one.name}, requests.{one.name}, "
        f"received.{one.name}, sent.{one.name})"
        for one in constructs
    ]
    return MAIN + "\n".join([*calls, "client.connection.close()", ""])


def values(samples: Mapping[str, Sequence[Any]], constructs: Sequence[Construct]) -> str:
    """Every value as a literal of the generated type."""
    lines = ["import type { Routes } from './ws-client-generated/index.js'", ""]
    sent = "{ [Name in keyof Routes]: Routes[Name]['operations']['echo']['request'][] }"
    received = "{ [Name in keyof Routes]: Routes[Name]['data'][] }"
    requests = "{ [Name in keyof Routes]: Routes[Name]['request'] }"
    for name, kind in (("requests", requests), ("received", received), ("sent", sent)):
        lines.append(f"export const {name}: {kind} = {{")
        for one in constructs:
            lines += _member(name, one, samples[one.name])
        lines.append("}")
    return "\n".join([*lines, ""])


def _member(name: str, one: Construct, sample: Sequence[Any]) -> Iterator[str]:
    if name == "requests":
        is_asked = request_type(one) is one.payload_type
        yield f"  {one.name}: {_literal(one.sent_json(sample[0]) if is_asked else {})},"
        return
    write = one.received_json if name == "received" else one.sent_json
    yield f"  {one.name}: ["
    yield from (f"    {_literal(write(value))}," for value in sample)
    yield "  ],"


def _literal(value: Any) -> str:
    return json.dumps(value, ensure_ascii=True, allow_nan=False)
