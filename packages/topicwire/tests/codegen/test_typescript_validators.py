"""The modules of validators, as text. What they accept is in tests/clients."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from packages.topicwire.tests.codegen.typescript_project import BIN, ROOT
from packages.topicwire.tests.corpus import corpus_adapter
from packages.topicwire.tests.corpus.routes import adapter_of
from pydantic import BaseModel, Field

from topicwire.asgi.adapter import FastWSAdapter
from topicwire.asyncapi.document import build, dumps
from topicwire.codegen.typescript_data import literal
from topicwire.codegen.typescript_validators import generate_validators
from topicwire.routing.operations import OperationRouter
from topicwire.routing.router import WsRouter
from topicwire.types import Client

HEADER = "// Generated.\n"


class Ask(BaseModel):
    """Is sent, so nobody here checks it."""

    symbol: str


class Side(BaseModel):
    """A side."""

    name: str = Field(max_length=4)


class Order(BaseModel):
    """An order."""

    side: Side
    children: list[Order] = Field(default_factory=list, description="Of this one")
    placed: str = Field(json_schema_extra={"format": "date-time"})


class Validators(BaseModel):
    """Has the name of what its route's module imports."""

    size: int = Field(le=2**63 - 1)


class new(BaseModel):  # noqa: N801 - its name is the point
    """Has the name of its route, and of a keyword."""

    proto: int = Field(alias="__proto__")


def validators(adapter: FastWSAdapter) -> dict[str, str]:
    return generate_validators(json.loads(dumps(build(adapter))), HEADER)


def test_a_module_holds_a_schema_and_what_it_uses() -> None:
    adapter = FastWSAdapter(title="Orders", version="1")
    orders = WsRouter[Ask, Order](route="orders")

    @orders.send("sides", reply="sides.response")
    def sides(payload: Ask, client: Client) -> list[Side]:
        raise AssertionError((payload, client))

    @orders.send("cancel", reply="cancel.response")
    def cancel() -> None:
        """Nothing comes back, so there is nothing to check."""

    adapter.include_router(orders)
    made = validators(adapter)
    assert made["index.ts"] == HEADER + "\nexport { orders } from './routes/orders.js'\n"
    assert made["routes/orders.ts"] == (
        HEADER
        + """\
import type { Validators } from '@topicwire/client/validation'
import { Order } from '../models/Order.js'
import { Side } from '../models/Side.js'

/** What the server sends of `orders`: `validated({ ...orders })`. */
export const orders: Validators = {
  'orders.update': Order,
  'orders.sides': {
    name: 'orders.sides',
    schema: { type: 'array', items: { $ref: '#/definitions/Side' } },
    uses: () => [Side],
  },
}
"""
    )
    assert made["models/Order.ts"] == (
        HEADER
        + """\
import type { NamedSchema } from '@topicwire/client/validation'
import { Side } from './Side.js'

export const Order: NamedSchema = {
  name: 'Order',
  schema: {
    type: 'object',
    properties: {
      side: { $ref: '#/definitions/Side' },
      children: { type: 'array', items: { $ref: '#/definitions/Order' } },
      placed: { type: 'string' },
    },
    required: ['side', 'children', 'placed'],
  },
  uses: () => [Side],
}
"""
    )
    assert sorted(made) == [
        "index.ts",
        "models/Order.ts",
        "models/Side.ts",
        "routes/orders.ts",
    ]


def test_names_that_collide_are_told_apart() -> None:
    made = validators(
        adapter_of({"new": (Ask, new), "index": (Ask, Validators), "orders": (Ask, Order)})
    )
    assert "export { new_ } from './routes/new.js'" in made["index.ts"]
    assert "import { new_ as new__ } from '../models/new_.js'" in made["routes/new.ts"]
    assert "export const new_: Validators = {\n  'new.update': new__,\n}" in made["routes/new.ts"]
    assert "['__proto__']: { type: 'integer' }" in made["models/new_.ts"]
    assert "import type { Validators as Validators_ }" in made["routes/index.ts"]
    assert "export const index: Validators_ = {" in made["routes/index.ts"]
    assert "maximum: 9.223372036854776e18" in made["models/Validators.ts"]


def test_files_differ_by_more_than_case() -> None:
    """As on the file systems of macOS and Windows."""
    made = validators(adapter_of({"pageA": (Ask, Order), "pagea": (Ask, Order)}))
    assert {"routes/pageA.ts", "routes/pagea_.ts"} <= made.keys()
    assert "export { pagea } from './routes/pagea_.js'" in made["index.ts"]


def test_a_document_of_nothing_received_gives_an_empty_module() -> None:
    adapter = FastWSAdapter(title="None", version="1")
    calls = OperationRouter(prefix="calls.")

    @calls.send("note", reply="note.response")
    def note(payload: str) -> None:
        raise AssertionError(payload)

    adapter.include_router(calls)
    assert validators(adapter) == {"index.ts": HEADER + "\nexport {}\n"}


def test_prettier_leaves_the_validators_of_the_corpus_as_they_are(tmp_path: Path) -> None:
    odd: list[Any] = [
        {"enum": list(range(10**6, 10**6 + 40))},
        {"enum": [[1, 2], [3, 4]], "const": 1e-7, "minimum": 1.5e300, "maximum": 2.0},
        {"pattern": "x" * 120, "is": {"a-b": {}, "é": [], "it's": "\"'"}},
        {"items": [{"type": "string", "maxLength": 1}, {"type": "number", "minimum": 0}]},
        {"required": [f"member_{n}" for n in range(12)]},
    ]
    made = validators(corpus_adapter())
    made["odd.ts"] = "".join(
        f"export const odd{n} = {literal(one, '', 20)}\n" for n, one in enumerate(odd)
    )
    assert len(made) > 60
    for name, text in made.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
    command = (BIN / "prettier", "--check", "--config", ROOT / ".prettierrc.json", tmp_path)
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1"),
        (2**53, "9007199254740992"),
        (-(2**64), "-1.8446744073709552e19"),
        (True, "true"),
        (None, "null"),
        ({}, "{}"),
        ([], "[]"),
        ({"$ref": "x"}, "{ $ref: 'x' }"),
    ],
)
def test_literals(value: object, text: str) -> None:
    assert literal(value, "", 0) == text
