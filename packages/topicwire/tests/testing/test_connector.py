"""The Python client and an application in one process."""

from __future__ import annotations

import asyncio

import pytest
from packages.topicwire.tests.trading import AAPL_TOPIC, App, Trade, TradeRequest, trades
from starlette.types import ASGIApp, Receive, Scope, Send

from topicwire.client import Backoff, Client, ServerRefusesError
from topicwire.testing import InProcessConnector
from topicwire.testing.faults import FaultyApp

REQUEST = TradeRequest(symbol="AAPL")


def client_of(app: ASGIApp) -> Client:
    return Client("ws://app", connector=InProcessConnector(app), backoff=Backoff(base_s=0))


async def test_a_client_reads_from_an_application_without_a_network() -> None:
    router = trades()
    app = App(router)
    async with client_of(app.asgi) as client:
        stream = client.route("trades", TradeRequest, Trade).stream(REQUEST)
        reading = asyncio.ensure_future(anext(stream))
        while not reading.done():  # what is published before it is subscribed goes nowhere
            router.publish(AAPL_TOPIC, Trade(price=1))
            await asyncio.sleep(0)
        assert (await reading).price == 1
    assert app.adapter.metrics.connections == 0


async def test_its_connections_go_wrong_as_the_test_says() -> None:
    router = trades()
    faulty = FaultyApp(App(router).asgi)
    seen: asyncio.Queue[float] = asyncio.Queue()
    async with client_of(faulty) as client:
        route = client.route("trades", TradeRequest, Trade)
        await route.subscribe(REQUEST, lambda trade, _: seen.put_nowait(trade.price))
        faulty.links[0].cut()
        router.publish(AAPL_TOPIC, Trade(price=1))
        assert await seen.get() == 1
    assert len(faulty.links) == 2


async def test_an_application_that_closes_is_heard() -> None:
    async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
        del scope, receive
        await send({"type": "websocket.accept", "subprotocol": None})
        await send({"type": "websocket.close", "code": 4003})

    statuses: list[str] = []
    client = client_of(refuse)
    client.on_status(statuses.append)
    async with client:
        stream = client.route("trades", TradeRequest, Trade).stream(REQUEST)
        with pytest.raises(ServerRefusesError):
            await anext(stream)
    assert statuses == ["connecting", "open", "closed"]
