"""What a principal holds is taken away."""

from __future__ import annotations

import asyncio

import pytest
from packages.topicwire.tests.hub.rights import Rights, closed
from packages.topicwire.tests.identity.tokens import Tokens
from packages.topicwire.tests.trading import (
    AAPL,
    AAPL_TOPIC,
    IBM,
    IBM_TOPIC,
    App,
    DrivenService,
    Trade,
    TradeRequest,
    TradesRequest,
    trades,
    update,
)

from topicwire import Client, Principal, SubscriptionResponse, WsRouter, by_symbol
from topicwire.close_codes import FORBIDDEN
from topicwire.errors import WrongLoopError
from topicwire.testing import connect


async def test_all_of_it_closes_every_connection_of_the_subject() -> None:
    app = App(trades(), authenticate=Tokens())
    async with (
        connect(app.asgi, token="ann") as one,
        connect(app.asgi, token="ann") as another,
        connect(app.asgi, token="bob") as other,
    ):
        assert app.adapter.revoke("ann", reason="The account was closed") == 2
        for client in (one, another):
            ended = await client.wait_closed()
            assert (ended.code, ended.reason) == (FORBIDDEN, "The account was closed")
        assert (await other.subscribe("trades", AAPL))["status"] == "ok"
        assert app.adapter.revoke("ann") == 0


async def test_a_reason_is_cut_to_what_a_close_frame_can_carry() -> None:
    """A longer one is an error of the server's, and the client sees 1006 and comes back."""
    app = App(trades(), authenticate=Tokens())
    async with connect(app.asgi, token="ann") as client:
        app.adapter.revoke("ann", reason="é" * 100)
        ended = await client.wait_closed()
        assert (ended.code, ended.reason) == (FORBIDDEN, "é" * 61)


async def test_a_part_of_it_ends_those_subscriptions_alone() -> None:
    router, service = trades(), DrivenService()
    orders = WsRouter[TradeRequest, Trade](route="orders", service=service, linger_s=0.0)
    app = App(router, orders, authenticate=Tokens())
    async with connect(app.asgi, token="ann") as client, connect(app.asgi, token="bob") as other:
        for one in (client, other):
            await one.subscribe("trades", AAPL)
            await one.subscribe("trades", IBM)
            await one.subscribe("orders", AAPL)
        assert app.adapter.revoke("ann", route="trades", topics=lambda key: "IBM" in key) == 1
        assert await client.settle() == [closed(IBM_TOPIC, message="Access was revoked")]
        assert app.adapter.revoke("ann", route="orders") == 1
        (told,) = await client.settle()
        assert told["type"] == "orders.closed"
        assert app.adapter.revoke("ann", topics=lambda key: "nothing" in key) == 0
        router.publish(AAPL_TOPIC, Trade(price=1))
        router.publish(IBM_TOPIC, Trade(price=1))
        assert await client.settle() == [update(AAPL_TOPIC, 1, 1.0)]
        assert len(await other.settle()) == 2
        assert service.count("remove") == 0


async def test_what_is_under_way_is_asked_about_again() -> None:
    rights, service = Rights(), DrivenService()
    service.start_gate = asyncio.Event()
    app = App(trades(service, authorize=rights), authenticate=Tokens())
    async with connect(app.asgi, token="ann") as client:
        await client.send({"type": "trades.subscribe", "id": 1, "payload": AAPL})
        await service.started.wait()
        rights.denied.add(("ann", AAPL_TOPIC))
        app.adapter.revoke("ann", route="trades")
        service.start_gate.set()
        assert (await client.receive())["payload"]["code"] == "forbidden"
    await app.idle()


async def test_a_topic_that_is_lost_while_another_starts_is_joined_anew() -> None:
    """The command under way counted on a topic that the connection received already."""
    service = DrivenService()
    key = 'trades:{"symbol":"%s"}'
    router = WsRouter[TradesRequest, Trade](
        route="trades", service=service, topic_builder=by_symbol(), linger_s=0.0
    )
    app = App(router, authenticate=Tokens())
    async with connect(app.asgi, token="ann") as client:
        await client.subscribe("trades", {"symbols": ["IBM"]})
        service.started.clear()
        service.start_gate = asyncio.Event()
        both = {"symbols": ["IBM", "MSFT"]}
        await client.send({"type": "trades.subscribe", "id": 1, "payload": both})
        await service.started.wait()
        app.adapter.revoke("ann", topics=lambda topic: topic == key % "IBM")
        assert (await client.receive())["payload"]["topic"] == key % "IBM"
        service.start_gate.set()
        assert (await client.receive())["payload"]["status"] == "ok"
        for symbol in ("IBM", "MSFT"):
            router.publish(key % symbol, Trade(price=1))
        assert [one["payload"]["seq"] for one in await client.settle()] == [1, 1]
        assert (await client.unsubscribe("trades", both))["status"] == "ok"
    await app.idle()


async def test_what_is_lost_while_it_is_being_left_is_not_taken_from_another() -> None:
    """Two requests share a topic; one is refused by a new token while its handler leaves it."""
    gate, is_leaving = asyncio.Event(), asyncio.Event()

    def authorize(principal: Principal, request: TradeRequest, *_: str) -> bool:
        return request.symbol == "IBM" or principal.expires_at is None

    router = trades(authorize=authorize, topic_builder=lambda _: "trades:all")

    @router.send("unsubscribe", reply="unsubscribe.response")
    async def unsubscribe(payload: TradeRequest, client: Client) -> SubscriptionResponse:
        (topic,) = client.unsubscribe()
        is_leaving.set()
        await gate.wait()
        return SubscriptionResponse(status="ok", message=f"Left {payload.symbol}", topic=topic)

    app = App(router, authenticate=Tokens())
    async with connect(app.asgi, token="ann") as client:
        for request in (AAPL, IBM):
            assert (await client.subscribe("trades", request))["status"] == "ok"
        await client.send({"type": "trades.unsubscribe", "id": "leave", "payload": AAPL})
        await is_leaving.wait()
        assert (await client.request("auth", {"token": "ann:60"}))["payload"]["status"] == "ok"
        await client.settle()
        gate.set()
        assert [one["id"] for one in await client.settle()] == ["leave"]
        router.publish("trades:all", Trade(price=1))
        assert await client.settle() == [update("trades:all", 1, 1.0)]


async def test_it_belongs_to_the_loop() -> None:
    app = App(trades())
    async with connect(app.asgi):
        with pytest.raises(WrongLoopError, match="call_soon_threadsafe"):
            await asyncio.to_thread(app.adapter.revoke, "ann")
