"""An operation of one's own, end to end: router, document, generated types, server, typed reply."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import pytest
from packages.topicwire.tests.serving import serving
from packages.topicwire.tests.trading import App
from pydantic import BaseModel, Field

from tests.clients.generated import GeneratedProject
from topicwire import Client, Rejected, WsRouter
from topicwire.asyncapi.document import build, dumps


class OrdersRequest(BaseModel):
    account_id: str = "demo"


class Order(BaseModel):
    id: str


class PreviewRequest(BaseModel):
    symbol: str
    qty: Decimal = Field(gt=0)
    side: Literal[1, -1] = 1


class OrderPreview(BaseModel):
    """What an order would cost."""

    symbol: str
    cost: Decimal
    fee: Decimal | None
    legs: list[Order]


class AppRouter(WsRouter[OrdersRequest, Order]):
    """A router with an operation more, as an edited template gives one to every route."""

    def __init__(self, *, route: str) -> None:
        super().__init__(route=route)

        @self.send("describe", reply="describe.response")
        def describe() -> dict[str, int]:
            """What the route is."""
            return {"orders": 2}


def orders_router() -> AppRouter:
    orders = AppRouter(route="orders")

    @orders.send("preview", reply="preview.response")
    async def preview(payload: PreviewRequest, client: Client) -> OrderPreview:
        """Say what an order would cost.

        Nothing is ordered.
        """
        del client
        if payload.symbol == "NONE":
            raise Rejected("No such symbol", code="unknown_symbol")
        await asyncio.sleep(0)
        legs = [Order(id="a"), Order(id="b")]
        cost = payload.qty * 2
        return OrderPreview(symbol=payload.symbol, cost=cost, fee=None, legs=legs)

    @orders.send("cancelAll", reply="cancelAll.response", deprecated=True)
    def cancel_all() -> None:
        """Cancel everything."""

    return orders


PROGRAM = """
import { WebSocket } from 'ws'
import { defineAdapter, TopicwireError } from '@topicwire/client'
import { validated } from '@topicwire/client/validation'
import { routeNames, type Routes } from './ws-client-generated/index.js'
import { orders } from './ws-validators-generated/index.js'
import type { Order, OrderPreview, PreviewRequest } from './ws-types-generated/index.js'

const WsAdapter = defineAdapter<Routes>(routeNames, { url: URL_OF_SERVER, webSocket: WebSocket })
const ws = new WsAdapter({ validate: validated({ ...orders }) })
const request: PreviewRequest = { symbol: 'AAPL', qty: '10' }

async function codeOf(call: Promise<unknown>): Promise<[string, readonly unknown[]]> {
  const error: unknown = await call.then(
    () => undefined,
    (cause: unknown) => cause,
  )
  if (!(error instanceof TopicwireError)) return ['not refused', []]
  switch (error.code) {
    case 'validation_error':
      return [error.code, error.details.map(({ path }) => path)]
    case 'unknown_symbol': // not one of ours: the union is open
      return [error.message, []]
    default:
      return [error.code, []]
  }
}

const preview: OrderPreview = await ws.orders.preview(request)
const legs: readonly Order[] = preview.legs
const cost: string = preview.cost
const asked = [1, 2, 3].map((n) => ws.orders.preview({ ...request, qty: String(n) }))
const together = await Promise.all(asked)
const all = {
  preview,
  legs: legs.map(({ id }) => id),
  cost,
  costs: together.map((one) => one.cost),
  cancelled: (await ws.orders.cancelAll()) === undefined,
  described: (await ws.orders.describe())['orders'] ?? 0,
  invalid: await codeOf(ws.orders.preview({ symbol: 'AAPL', qty: '-1' })),
  rejected: await codeOf(ws.orders.preview({ symbol: 'NONE', qty: '1' })),
}
ws.connection.close()
declare const console: { log(text: string): void }
console.log(JSON.stringify(all))

export function wrong(): void {
  // @ts-expect-error: a required member is missing
  void ws.orders.preview({ symbol: 'AAPL' })
  // @ts-expect-error: a number is no decimal
  void ws.orders.preview({ symbol: 'AAPL', qty: 10, side: 'x' })
  // @ts-expect-error: none of the two sides
  void ws.orders.preview({ symbol: 'AAPL', qty: '1', side: 2 })
  // @ts-expect-error: the reply has no such member
  void ws.orders.preview(request).then(({ price }) => price)
  // @ts-expect-error: it takes nothing
  void ws.orders.cancelAll({})
  // @ts-expect-error: there is no such operation
  void ws.orders.cancel()
}
"""


@pytest.fixture
async def served() -> AsyncIterator[tuple[dict[str, Any], str]]:
    app = App(orders_router())
    async with serving(app.asgi) as url:
        yield json.loads(dumps(build(app.adapter))), url


async def test_a_call_is_typed_from_the_router_to_the_browser(
    served: tuple[dict[str, Any], str], tmp_path: Path
) -> None:
    document, url = served
    project = GeneratedProject(tmp_path, document)
    assert "preview: Operation<PreviewRequest, OrderPreview>" in project.generated.client
    assert "* Say what an order would cost." in project.generated.client
    program = PROGRAM.replace("URL_OF_SERVER", f"'{url}'")
    project.write("program.ts", program)
    compiled, told = await asyncio.gather(
        asyncio.to_thread(project.compile), asyncio.to_thread(project.run, "program.ts")
    )
    assert compiled == ""
    assert told == {
        "preview": {
            "symbol": "AAPL",
            "cost": "20",
            "fee": None,
            "legs": [{"id": "a"}, {"id": "b"}],
        },
        "legs": ["a", "b"],
        "cost": "20",
        "costs": ["2", "4", "6"],
        "cancelled": True,
        "described": 2,
        "invalid": ["validation_error", ["qty"]],
        "rejected": ["orders.preview: No such symbol", []],
    }


async def test_a_reply_that_is_not_what_the_document_says_is_a_typed_error(tmp_path: Path) -> None:
    """The document of one version, the server of another."""
    app = App(orders_router())
    document = json.loads(dumps(build(app.adapter)))
    document["components"]["schemas"]["OrderPreview"]["properties"]["cost"] = {"type": "number"}
    project = GeneratedProject(tmp_path, document)
    async with serving(app.asgi) as url:
        project.write(
            "program.ts",
            f"""
import {{ WebSocket }} from 'ws'
import {{ createClient }} from '@topicwire/client'
import {{ validated }} from '@topicwire/client/validation'
import {{ routeNames, type Routes }} from './ws-client-generated/index.js'
import {{ orders }} from './ws-validators-generated/index.js'
const options = {{ url: '{url}', webSocket: WebSocket }}
const ws = createClient<Routes>(routeNames, {{ ...options, validate: validated(orders) }})
const request = {{ symbol: 'AAPL', qty: '10' }}
const refused = await ws.orders.preview(request).catch((error) => [error.code, error.details])
const unchecked = await createClient<Routes>(routeNames, options).orders.preview(request)
console.log(JSON.stringify([refused, unchecked.cost]))
process.exit(0)
""",
        )
        [code, details], cost = await asyncio.to_thread(project.run, "program.ts")
    assert code == "invalid_data"
    assert details == [
        {"path": "cost", "kind": "type", "message": "does not keep the schema's 'type'"}
    ]
    assert cost == "20"
