"""Mapped scalars: the map, what it maps to, and a program that takes every value there and back."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from hypothesis import strategies as st
from packages.topicwire.tests.corpus import CONSTRUCTS, Construct
from packages.topicwire.tests.corpus.routes import request_type
from pydantic import BaseModel, ConfigDict, Field

from topicwire.codegen.scalars import Scalar, made_scalars
from topicwire.integers import BigInt

_HELD = {"decode": "(text) => new {0}(text)", "encode": "(value) => value.text"}


def _held(name: str) -> dict[str, str]:
    code = {key: text.replace("{0}", name) for key, text in _HELD.items()}
    return {"type": name, "import": f"import {{ {name} }} from './held.js'", **code}


TABLE: dict[str, dict[str, object]] = {
    "date-time": {**_held("Moment")},
    "date": {
        "type": "Date",
        "decode": "(text) => new Date(text)",
        "encode": "(date) => date.toISOString().slice(0, 10)",
    },
    "time": {**_held("Clock")},
    "duration": {**_held("Span")},
    "decimal": {**_held("Decimal"), "import": "import Decimal from './decimal.js'"},
    "uuid": {
        "type": "ids.Id",
        "decode": "(text) => ids.Id.of(text)",
        "encode": "String",
        "import": "import * as ids from './ids.js'",
    },
    "bigint": {"type": "bigint", "decode": "BigInt", "encode": "String"},
}
"""Classes that keep the text, because a `Date` has no microseconds."""

FILES = {
    "held.ts": """\
class Held {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}
export class Moment extends Held {
  readonly kind = 'moment' as const
}
export class Clock extends Held {
  readonly kind = 'clock' as const
}
export class Span extends Held {
  readonly kind = 'span' as const
}
""",
    "decimal.ts": """\
export default class Decimal {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
  plus(other: Decimal): number {
    return Number(this.text) + Number(other.text)
  }
}
""",
    "ids.ts": """\
export class Id {
  static of(text: string): Id {
    return new Id([...text].reverse())
  }
  readonly #letters: readonly string[]
  private constructor(letters: readonly string[]) {
    this.#letters = letters
  }
  toString(): string {
    return [...this.#letters].reverse().join('')
  }
}
""",
}


def scalars(folder: Path) -> tuple[Scalar, ...]:
    return made_scalars(TABLE, folder)


class Leg(BaseModel):
    kind: Literal["leg"] = "leg"
    at: datetime
    price: Decimal


class Note(BaseModel):
    kind: Literal["note"] = "note"
    at: str
    """Not a moment, though it has the name of one."""


class Branch(BaseModel):
    at: datetime
    children: list[Branch] = []
    by_day: dict[str, Branch] = {}


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Decimal] = Field(init=False)  # pyright: ignore[reportIncompatibleVariableOverride]

    name: str


class Deep(BaseModel):
    """Scalars at every depth, and beside what is like them."""

    either: Annotated[Leg | Note, Field(discriminator="kind")]
    eithers: list[Annotated[Leg | Note, Field(discriminator="kind")] | None]
    tree: Branch
    record: dict[str, list[datetime | None]]
    pair: tuple[datetime, int, Decimal]
    rest: tuple[Decimal, ...]
    now: Literal["now"] | datetime | None
    mixed: bool | Decimal | None
    lists: list[datetime] | datetime | Leg | None
    maybe: date | None = None
    big: BigInt = 0
    prototype: datetime | None = Field(default=None, alias="__proto__")


MOMENTS = st.datetimes(min_value=datetime(1000, 1, 1))  # noqa: DTZ001 - as naive as the corpus's
PRICES = st.decimals(allow_nan=False, allow_infinity=False, places=3, max_value=10**6)
LEGS = st.builds(Leg, at=MOMENTS, price=PRICES)
NOTES = st.builds(Note, at=st.sampled_from(["noon", "2020-01-31T10:00:00Z"]))


def _branches(depth: int) -> st.SearchStrategy[Branch]:
    if not depth:
        return st.builds(Branch, at=MOMENTS)
    inner = _branches(depth - 1)
    return st.builds(
        Branch,
        at=MOMENTS,
        children=st.lists(inner, max_size=2),
        by_day=st.dictionaries(st.sampled_from(["a", "__proto__", "at"]), inner, max_size=2),
    )


def _deep() -> st.SearchStrategy[Any]:
    return st.builds(
        lambda **values: Deep.model_validate({**values, "__proto__": values["moment"]}),
        either=LEGS | NOTES,
        eithers=st.lists(LEGS | NOTES | st.none(), max_size=3),
        tree=_branches(2),
        record=st.dictionaries(st.sampled_from("abc"), st.lists(MOMENTS | st.none(), max_size=2)),
        pair=st.tuples(MOMENTS, st.integers(0, 9), PRICES),
        rest=st.lists(PRICES, max_size=3).map(tuple),
        now=st.sampled_from(["now", None]) | MOMENTS,
        mixed=PRICES | st.booleans() | st.none(),
        lists=st.lists(MOMENTS, max_size=2) | MOMENTS | LEGS | st.none(),
        maybe=st.dates(min_value=date(1000, 1, 1)) | st.none(),
        big=st.integers(-(2**80), 2**80),
        moment=MOMENTS | st.none(),
    )


def _open() -> st.SearchStrategy[Any]:
    more = st.dictionaries(st.sampled_from(["a", "b", "fee"]), PRICES, max_size=2)
    return st.builds(lambda name, more: Open(name=name, **more), st.sampled_from("xyz"), more)


LISTED: Any = list[Leg]
OWN = [
    Construct("deep", Deep, "", wrong="", misuse="", made=_deep),
    Construct("opened", Open, "", wrong="", misuse="", made=_open),
    Construct("listed", LISTED, "", wrong="", misuse="", made=lambda: st.lists(LEGS, max_size=3)),
]
CONVERTED = {
    "times", "decimals", "identifiers", "aliased", "bigIntegers",
    "otherNumbers", "moments", "seconds", "numberUnions", "defaults", "strict",
}  # fmt: skip
MAPPED = [*OWN, *(one for one in CONSTRUCTS if one.name in CONVERTED)]

# What is received is compared as it travelled, and it must hold as many values of the map's classes
# as the codecs have made of it. What is sent is what was made of the same wire.
MAIN = """\
import assert from 'node:assert/strict'
import { WebSocket } from 'ws'
import type { Subscriptions } from '@topicwire/client'
import { stream } from '@topicwire/client/stream'
import { createClient, decoded, encoded } from '@topicwire/client/scalars'
import type { Codec, RouteCodecs } from '@topicwire/client/scalars'
import * as codecs from './ws-client-generated/codecs.js'
import { routeNames, type Routes } from './ws-client-generated/index.js'
import type { Deep, DeepInput } from './ws-types-generated/index.js'
import Decimal from './decimal.js'
import { Clock, Moment, Span } from './held.js'
import { Id } from './ids.js'
import { values } from './values.js'

const url = process.argv[2] ?? ''
const client = createClient<Routes>(routeNames, { url, webSocket: WebSocket })
const classes = [Clock, Date, Decimal, Id, Moment, Span]

interface Loose extends Subscriptions<unknown, unknown> {
  echo(value: unknown): Promise<unknown>
}

function isHeld(value: unknown): boolean {
  return typeof value === 'bigint' || classes.some((one) => value instanceof one)
}

function held(value: unknown): number {
  if (isHeld(value)) return 1
  if (typeof value !== 'object' || value === null) return 0
  return Object.values(value).reduce((sum: number, one) => sum + held(one), 0)
}

const totals: Record<string, number> = {}
for (const [name, { request, received, sent }] of Object.entries(values)) {
  const own = (codecs as unknown as Record<string, RouteCodecs<string>>)[name]
  assert.ok(own, name)
  const use = (codec: Codec | undefined, wire: unknown) => (codec ? decoded(codec, wire) : wire)
  // The types of every route differ, and the values are made of their JSON.
  const route = client[name as keyof Routes] as unknown as Loose
  const updates: unknown[] = []
  for await (const update of stream(route, use(own.request, request)))
    if (updates.push(update) === received.length) break
  const back = updates.map((one) => (own.data ? encoded(own.data, one) : one))
  assert.deepStrictEqual(JSON.parse(JSON.stringify(back)), received, `${name}: updates`)
  const echo = own.operations['echo']
  const replies = await Promise.all(sent.map((one) => route.echo(use(echo?.request, one))))
  assert.deepStrictEqual(replies.map(unordered), updates.map(unordered), `${name}: replies`)
  assert.equal(held(updates), held(replies), name)
  totals[name] = held(updates)
}
client.connection.close()
console.log(JSON.stringify(totals))

// A set that the server has read anew may be written in another order, and -0 is sent as 0.
function unordered(value: unknown): unknown {
  if (value === 0) return 0
  if (isHeld(value)) return String(shown(value))
  if (Array.isArray(value)) return value.map(unordered).sort((a, b) => (text(a) < text(b) ? -1 : 1))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).sort().map(([key, one]) => [key, unordered(one)]))
}

function shown(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'text' in value ? value.text : value
}

function text(value: unknown): string {
  return JSON.stringify(value)
}

// What is written against the types, and compiled alone.
export function typed(deep: Deep): DeepInput {
  for (const one of deep.eithers)
    if (one?.kind === 'leg') one.price.plus(one.price)
    else if (one !== null) one.at.toUpperCase()
  for (const child of deep.tree.children) child.by_day['x']?.at.kind.toUpperCase()
  const moments: (Moment | null)[] | undefined = deep.record['a']
  const [at, count, price]: [Moment, number, Decimal] = deep.pair
  const big: bigint = deep.big + 1n
  const day: number | undefined = deep.maybe?.getUTCDate()
  const now: 'now' | Moment | null = deep.now
  assert.ok([moments, day])
  // @ts-expect-error a moment is no text any more
  const wrong: DeepInput['now'] = 'yesterday'
  // @ts-expect-error nor is a decimal
  const wrongPrice: DeepInput['pair'] = [at, count, '1.5']
  assert.ok([wrong, wrongPrice])
  return { ...deep, pair: [at, count, price], big, now }
}
"""
# The client of `@topicwire/client` converts nothing: it must not take these routes.
REFUSED = """\
import { createClient } from '@topicwire/client'
import { createClient as converting } from '@topicwire/client/scalars'
import { routeNames, type Routes } from './ws-client-generated/index.js'

// @ts-expect-error the routes are none that it knows
export const raw: unknown = createClient<Routes>(routeNames, { url: '' })
// @ts-expect-error a name alone would leave its route unconverted
export const named: unknown = converting<Routes>(['deep'], { url: '' })
"""


def values(samples: Mapping[str, Sequence[Any]]) -> str:
    """The samples as they travel."""
    found = {
        one.name: {
            "request": one.sent_json(samples[one.name][0]) if _is_asked(one) else {},
            "received": [one.received_json(value) for value in samples[one.name]],
            "sent": [one.sent_json(value) for value in samples[one.name]],
        }
        for one in MAPPED
    }
    kind = "Record<string, { request: unknown; received: unknown[]; sent: unknown[] }>"
    # parsed: in a literal, `__proto__` would be the prototype
    return f"export const values: {kind} = JSON.parse({json.dumps(json.dumps(found))})\n"


def _is_asked(one: Construct) -> bool:
    return request_type(one) is one.payload_type
