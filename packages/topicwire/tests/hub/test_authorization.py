"""What a principal may hold: asked about before a topic is joined."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from packages.topicwire.tests.hub.rights import Rights, renewed
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
from starlette.exceptions import HTTPException

from topicwire import DeclarationError, Principal, Rejected, WsRouter, by_symbol
from topicwire.testing import connect


async def test_it_is_asked_before_anything_is_started() -> None:
    rights, service = Rights(), DrivenService()
    rights.denied.add(("ann", AAPL_TOPIC))
    app = App(trades(service, authorize=rights), authenticate=Tokens())
    async with connect(app.asgi, token="ann") as client:
        reply = await client.subscribe("trades", AAPL)
        assert reply == {
            "status": "error",
            "message": "Not yours",
            "topic": AAPL_TOPIC,
            "code": "forbidden",
        }
        assert service.calls == []
        assert (await client.subscribe("trades", IBM))["status"] == "ok"
    assert rights.asked == [
        ("ann", TradeRequest(symbol="AAPL"), AAPL_TOPIC),
        ("ann", TradeRequest(symbol="IBM"), IBM_TOPIC),
    ]


async def test_several_topics_are_all_allowed_or_none_is_joined() -> None:
    rights, service = Rights(), DrivenService()
    key = 'trades:{"symbol":"%s"}'
    rights.denied.add(("ann", key % "IBM"))
    router = WsRouter[TradesRequest, Trade](
        route="trades",
        service=service,
        topic_builder=by_symbol(),
        authorize=rights,
        linger_s=0.0,
    )
    app = App(router, authenticate=Tokens())
    async with connect(app.asgi, token="ann") as client:
        reply = await client.subscribe("trades", {"symbols": ["AAPL", "IBM", "MSFT"]})
        assert (reply["status"], reply["topic"]) == ("error", key % "IBM")
        assert service.calls == []
        assert (await client.subscribe("trades", {"symbols": ["AAPL", "MSFT"]}))["status"] == "ok"


async def test_nobody_is_asked_about_more_than_a_connection_may_hold() -> None:
    """One message names thousands of topics, and each question may be one to a database."""
    rights = Rights()
    router = WsRouter[TradesRequest, Trade](
        route="trades", topic_builder=by_symbol(), authorize=rights
    )
    app = App(router)
    async with connect(app.asgi) as client:
        reply = await client.subscribe("trades", {"symbols": [f"S{n}" for n in range(2_000)]})
        assert (reply["code"], rights.asked) == ("too_many_subscriptions", [])


@pytest.mark.parametrize(
    ("authorize", "status", "code"),
    [
        (lambda *_: None, "ok", None),
        (lambda *_: True, "ok", None),
        (lambda *_: False, "error", "forbidden"),
        (lambda *_: 1, "error", "internal"),
        (lambda *_: "yes", "error", "internal"),
    ],
)
async def test_what_it_returns_is_no_guess(
    authorize: Callable[..., Any], status: str, code: str | None
) -> None:
    app = App(trades(authorize=authorize))
    async with connect(app.asgi) as client:
        reply = await client.subscribe("trades", AAPL)
        assert (reply["status"], reply.get("code")) == (status, code)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (HTTPException(403, "no"), "forbidden"),
        (Rejected("later", code="market_closed"), "market_closed"),
        (ValueError("a secret"), "internal"),
        (asyncio.CancelledError(), "internal"),
    ],
)
async def test_whatever_it_raises_the_topic_is_not_joined(error: BaseException, code: str) -> None:
    rights, service = Rights(), DrivenService()
    rights.error = error
    app = App(trades(service, authorize=rights))
    async with connect(app.asgi) as client:
        reply = await client.subscribe("trades", AAPL)
        assert reply["code"] == code
        assert "secret" not in reply["message"]
        rights.error = None
        assert (await client.subscribe("trades", AAPL))["status"] == "ok"
    assert service.count("create") == 1


async def test_one_that_never_answers_is_a_timeout() -> None:
    rights = Rights()
    rights.gate = asyncio.Event()
    app = App(trades(authorize=rights))
    async with connect(app.asgi) as client:
        reply = asyncio.ensure_future(client.subscribe("trades", AAPL))
        await rights.is_asked.wait()
        app.clock.advance(10)
        assert (await reply)["code"] == "timeout"
        assert (await reply)["topic"] == AAPL_TOPIC


async def test_a_slow_answer_keeps_the_order_of_commands() -> None:
    """pitfall 8"""
    rights = Rights()
    rights.gate = asyncio.Event()
    router = trades(authorize=rights)
    app = App(router)
    async with connect(app.asgi) as client:
        await client.send({"type": "trades.subscribe", "id": 1, "payload": AAPL})
        await client.send({"type": "trades.unsubscribe", "id": 2, "payload": AAPL})
        await rights.is_asked.wait()
        assert await client.settle() == []
        rights.gate.set()
        answers = [await client.receive(), await client.receive()]
        assert [(one["id"], one["payload"]["status"]) for one in answers] == [(1, "ok"), (2, "ok")]
        router.publish(AAPL_TOPIC, Trade(price=1))
        assert await client.settle() == []


async def test_two_overlapping_requests_of_one_connection_one_dropped() -> None:
    """trap: two overlapping requests of one connection, one dropped"""
    rights, service = Rights(), DrivenService()
    key = 'trades:{"symbol":"%s"}'
    router = WsRouter[TradesRequest, Trade](
        route="trades",
        service=service,
        topic_builder=by_symbol(),
        authorize=lambda _, request, topic: (request.symbols, topic) not in denied,
        linger_s=0.0,
    )
    denied: list[tuple[list[str], str]] = []
    tokens = Tokens()
    app = App(router, authenticate=tokens)
    first, second = {"symbols": ["AAPL", "IBM"]}, {"symbols": ["IBM", "MSFT"]}
    async with connect(app.asgi, token="ann") as client:
        await client.subscribe("trades", first)
        await client.subscribe("trades", second)
        denied.append((["AAPL", "IBM"], key % "AAPL"))
        assert (await renewed(client, "ann"))["status"] == "ok"
        (told,) = await client.settle()
        assert told["payload"]["topic"] == key % "AAPL"  # IBM is still held by the second
        for symbol in ("AAPL", "IBM", "MSFT"):
            router.publish(key % symbol, Trade(price=1))
        seen = [one["payload"]["topic"] for one in await client.settle()]
        assert seen == [key % "IBM", key % "MSFT"]
        assert (await client.unsubscribe("trades", first))["code"] == "not_subscribed"
        assert (await client.subscribe("trades", first))["code"] == "forbidden"
        assert (await client.unsubscribe("trades", second))["status"] == "ok"
    await app.idle()
    assert rights.asked == []
    assert service.count("create") == service.count("remove") == 3


async def test_a_subscription_that_is_resumed_is_asked_about_again() -> None:
    """pitfall 18"""
    rights = Rights()
    router = trades(authorize=rights)
    app = App(router, authenticate=Tokens())
    async with connect(app.asgi, token="ann") as client:
        reply = await client.subscribe("trades", AAPL)
    router.publish(AAPL_TOPIC, Trade(price=1))
    resume = {"epoch": reply["epoch"], "seq": reply["seq"]}
    rights.denied.add(("ann", AAPL_TOPIC))
    async with connect(app.asgi, token="ann") as client:
        assert (await client.subscribe("trades", AAPL, resume=resume))["code"] == "forbidden"
        assert await client.settle() == []
    async with connect(app.asgi, token="bob") as client:
        assert (await client.subscribe("trades", AAPL, resume=resume))["recovered"] is True
        assert await client.settle() == [update(AAPL_TOPIC, 1, 1.0)]


def test_authorize_is_a_function() -> None:
    with pytest.raises(DeclarationError, match="authorize of route 'trades' is str"):
        trades(authorize="own account")


def test_an_authorizer_may_be_a_coroutine_or_not() -> None:
    async def slow(principal: Principal, request: TradeRequest, topic: str) -> None:
        del principal, request, topic

    def quick(principal: Principal, request: TradeRequest, topic: str) -> bool:
        del request
        return principal.subject in topic

    awaitable: Callable[..., Awaitable[None]] = slow
    assert trades(authorize=awaitable).settings.authorize is slow
    assert trades(authorize=quick).settings.authorize is quick
