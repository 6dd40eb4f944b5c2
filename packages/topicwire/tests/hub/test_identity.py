"""What a principal may hold, for how long, and how it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from packages.topicwire.tests.identity.tokens import NOBODY, Tokens
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
from topicwire.close_codes import FORBIDDEN, UNAUTHENTICATED
from topicwire.errors import WrongLoopError
from topicwire.testing import InProcessClient, connect


class Rights:
    """An `authorize` that a test drives: who may not have which topic."""

    def __init__(self) -> None:
        self.denied: set[tuple[str, str]] = set()
        self.asked: list[tuple[str, Any, str]] = []
        self.gate: asyncio.Event | None = None
        self.is_asked = asyncio.Event()
        self.error: BaseException | None = None

    async def __call__(self, principal: Principal, request: Any, topic: str) -> None:
        self.asked.append((principal.subject, request, topic))
        self.is_asked.set()
        if self.gate is not None:
            await self.gate.wait()
        if self.error is not None:
            raise self.error
        if (principal.subject, topic) in self.denied:
            raise Rejected("Not yours")


def closed(topic: str, *, code: str = "forbidden", message: str = "Not yours") -> dict[str, Any]:
    payload = {"topic": topic, "code": code, "message": message, "retry": False}
    return {"type": "trades.closed", "payload": payload}


async def renewed(client: InProcessClient, token: str) -> dict[str, Any]:
    payload: dict[str, Any] = (await client.request("auth", {"token": token}))["payload"]
    return payload


# Before a topic is joined


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


# Renewal


async def test_a_new_token_is_taken_on_receipt_whatever_command_is_under_way() -> None:
    service = DrivenService()
    service.start_gate = asyncio.Event()
    app = App(trades(service), authenticate=Tokens())
    async with connect(app.asgi, token="ann") as client:
        await client.send({"type": "trades.subscribe", "id": 1, "payload": AAPL})
        await service.started.wait()
        answer = await renewed(client, "ann:3600")
        assert answer["status"] == "ok"
        assert 3_590 < answer["expires_in_s"] <= 3_600
        service.start_gate.set()
        assert (await client.receive())["payload"]["status"] == "ok"


@pytest.mark.parametrize(
    ("token", "code"),
    [("bad", "unauthenticated"), ("bob", "forbidden"), ("ann:-1", "token_expired")],
)
async def test_one_that_is_refused_changes_nothing(token: str, code: str) -> None:
    router = trades(authorize=Rights())
    app = App(router, authenticate=Tokens())
    async with connect(app.asgi, token="ann") as client:
        await client.subscribe("trades", AAPL)
        answer = await renewed(client, token)
        assert (answer["status"], answer["code"]) == ("error", code)
        router.publish(AAPL_TOPIC, Trade(price=1))
        assert await client.settle() == [update(AAPL_TOPIC, 1, 1.0)]


@pytest.mark.parametrize("payload", [None, {}, {"token": 5}, [], "ann"])
async def test_an_auth_without_a_token_is_answered(payload: Any) -> None:
    app = App(trades(), authenticate=Tokens())
    async with connect(app.asgi, token="ann") as client:
        answer = await client.request("auth", payload)
        assert answer["type"] == "auth.response"
        assert answer["payload"]["code"] == "validation_error"


async def test_one_at_a_time() -> None:
    tokens = Tokens()
    app = App(trades(), authenticate=tokens)
    async with connect(app.asgi, token="ann") as client:
        tokens.gate = asyncio.Event()
        await client.send({"type": "auth", "id": "first", "payload": {"token": "ann"}})
        assert (await renewed(client, "ann"))["code"] == "rate_limited"
        tokens.gate.set()
        answer = await client.receive()
        assert (answer["id"], answer["payload"]) == ("first", {"status": "ok"})
        assert (await renewed(client, "ann"))["status"] == "ok"


@pytest.mark.parametrize("error", [ValueError("a secret"), asyncio.CancelledError()])
async def test_a_fault_of_the_application_is_not_the_client_s(error: BaseException) -> None:
    tokens = Tokens()
    app = App(trades(), authenticate=tokens)
    async with connect(app.asgi, token="ann") as client:
        tokens.error = error
        answer = await renewed(client, "ann")
        assert (answer["code"], answer["message"]) == ("internal", "Internal error")
        tokens.error = None
        assert (await renewed(client, "ann"))["status"] == "ok"


async def test_everything_held_is_asked_about_again_and_what_is_refused_ends_alone() -> None:
    rights, service = Rights(), DrivenService()
    router = trades(service, authorize=rights)
    app = App(router, authenticate=Tokens())
    async with connect(app.asgi, token="ann") as client, connect(app.asgi, token="bob") as other:
        for one in (client, other):
            await one.subscribe("trades", AAPL)
            await one.subscribe("trades", IBM)
        rights.denied.add(("ann", AAPL_TOPIC))
        rights.asked.clear()
        assert (await renewed(client, "ann"))["status"] == "ok"
        assert await client.settle() == [closed(AAPL_TOPIC)]
        assert [(subject, topic) for subject, _, topic in rights.asked] == [
            ("ann", AAPL_TOPIC),
            ("ann", IBM_TOPIC),
        ]
        for topic in (AAPL_TOPIC, IBM_TOPIC):
            router.publish(topic, Trade(price=1))
        assert await client.settle() == [update(IBM_TOPIC, 1, 1.0)]
        assert len(await other.settle()) == 2
        assert (await client.unsubscribe("trades", AAPL))["code"] == "not_subscribed"
        metrics = app.adapter.metrics
        assert (metrics.subscriptions, metrics.subscriptions_revoked) == (3, 1)
    await app.idle()
    assert service.count("create") == service.count("remove") == 2


async def test_when_nobody_can_say_it_is_refused() -> None:
    rights = Rights()
    app = App(trades(authorize=rights), authenticate=Tokens())
    async with connect(app.asgi, token="ann") as client:
        await client.subscribe("trades", AAPL)
        rights.error = ValueError("the database is away")
        await renewed(client, "ann")
        told = closed(AAPL_TOPIC, code="internal", message="Internal error")
        assert await client.settle() == [told]


async def test_what_was_left_is_not_asked_about() -> None:
    rights = Rights()
    app = App(trades(authorize=rights), authenticate=Tokens())
    async with connect(app.asgi, token="ann") as client:
        for _ in range(3):
            await client.subscribe("trades", AAPL)
            await client.unsubscribe("trades", AAPL)
        await client.subscribe("trades", IBM)
        rights.asked.clear()
        await renewed(client, "ann")
        await client.settle()
        assert [topic for _, _, topic in rights.asked] == [IBM_TOPIC]


async def test_what_is_subscribed_during_a_renewal_is_asked_by_the_new_token() -> None:
    rights = Rights()
    rights.gate = asyncio.Event()
    service = DrivenService()
    app = App(trades(service, authorize=rights), authenticate=Tokens())
    async with connect(app.asgi, token="ann") as client:
        await client.send({"type": "trades.subscribe", "id": 1, "payload": AAPL})
        await rights.is_asked.wait()
        assert (await renewed(client, "ann"))["status"] == "ok"
        rights.denied.add(("ann", AAPL_TOPIC))
        gate, rights.gate = rights.gate, None
        rights.denied.clear()
        gate.set()
        assert (await client.receive())["payload"]["status"] == "ok"
        assert len(rights.asked) == 2
        assert service.count("create") == 1


async def test_a_renewal_during_a_start_may_refuse_what_is_being_started() -> None:
    rights, service = Rights(), DrivenService()
    service.start_gate = asyncio.Event()
    app = App(trades(service, authorize=rights), authenticate=Tokens())
    async with connect(app.asgi, token="ann") as client:
        await client.send({"type": "trades.subscribe", "id": 1, "payload": AAPL})
        await service.started.wait()
        rights.denied.add(("ann", AAPL_TOPIC))
        assert (await renewed(client, "ann"))["status"] == "ok"
        service.start_gate.set()
        assert (await client.receive())["payload"]["code"] == "forbidden"
        await app.idle()
        assert service.calls == [("create", AAPL_TOPIC), ("remove", AAPL_TOPIC)]


async def test_nobody_may_become_somebody_and_is_counted_from_then_on() -> None:
    tokens = Tokens()
    app = App(trades(), authenticate=tokens, max_connections_per_principal=1)
    async with (
        connect(app.asgi, token=NOBODY) as client,
        connect(app.asgi, token=NOBODY) as another,
    ):
        assert (await renewed(client, "ann"))["status"] == "ok"
        assert (await renewed(client, "ann"))["status"] == "ok"
        assert (await renewed(client, "bob"))["code"] == "forbidden"
        assert (await renewed(another, "ann"))["code"] == "rate_limited"
        assert app.hub.principals.of("ann") == 1
    assert len(app.hub.principals) == 0


# Expiry


async def test_an_expired_token_is_told_and_may_be_renewed_for_a_while() -> None:
    router = trades()
    app = App(router, authenticate=Tokens())
    async with connect(app.asgi, token="ann:60") as client:
        await client.subscribe("trades", AAPL)
        app.clock.advance(61)
        (told,) = await client.settle()
        assert (told["type"], told["payload"]["code"]) == ("error", "token_expired")
        assert "within 30 s" in told["payload"]["message"]
        router.publish(AAPL_TOPIC, Trade(price=1))
        assert await client.settle() == [update(AAPL_TOPIC, 1, 1.0)]
        app.clock.advance(20)
        assert (await renewed(client, "ann:120"))["status"] == "ok"
        app.clock.advance(20)
        assert await client.settle() == []
        app.clock.advance(101)
        assert (await client.receive())["payload"]["code"] == "token_expired"
        app.clock.advance(30)
        assert (await client.wait_closed()).code == UNAUTHENTICATED
    assert app.adapter.metrics.tokens_expired == 2


async def test_where_tokens_are_not_taken_the_cure_is_another_one() -> None:
    tokens = Tokens()
    app = App(trades(), authenticate=tokens.authenticate)
    async with connect(app.asgi, token="ann:60") as client:
        app.clock.advance(61)
        assert "Connect again" in (await client.receive())["payload"]["message"]
        app.clock.advance(30)
        assert (await client.wait_closed()).code == UNAUTHENTICATED


async def test_a_connection_that_has_ended_waits_for_no_expiry() -> None:
    app = App(trades(), authenticate=Tokens())
    async with connect(app.asgi, token="ann:60") as client:
        await client.settle()
    app.clock.advance(120)
    assert app.adapter.metrics.tokens_expired == 0


# Revocation


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


async def test_it_belongs_to_the_loop() -> None:
    app = App(trades())
    async with connect(app.asgi):
        with pytest.raises(WrongLoopError, match="call_soon_threadsafe"):
            await asyncio.to_thread(app.adapter.revoke, "ann")


def test_an_authorizer_may_be_a_coroutine_or_not() -> None:
    async def slow(principal: Principal, request: TradeRequest, topic: str) -> None:
        del principal, request, topic

    def quick(principal: Principal, request: TradeRequest, topic: str) -> bool:
        del request
        return principal.subject in topic

    awaitable: Callable[..., Awaitable[None]] = slow
    assert trades(authorize=awaitable).settings.authorize is slow
    assert trades(authorize=quick).settings.authorize is quick
