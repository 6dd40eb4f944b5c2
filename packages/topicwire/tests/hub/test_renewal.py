"""Another token on the same connection, and none in time."""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from typing import Any

import pytest
from packages.topicwire.tests.hub.rights import Rights, closed, renewed
from packages.topicwire.tests.identity.tokens import NOBODY, Tokens
from packages.topicwire.tests.trading import (
    AAPL,
    AAPL_TOPIC,
    IBM,
    IBM_TOPIC,
    App,
    DrivenService,
    Trade,
    trades,
    update,
)

from topicwire import ANONYMOUS, Principal
from topicwire.close_codes import UNAUTHENTICATED
from topicwire.identity import Handshake
from topicwire.testing import connect


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


async def test_for_ever_may_be_said_as_infinity_too() -> None:
    class Unlimited(Tokens):
        async def authenticate_token(self, token: str) -> Principal:
            return Principal(token, expires_at=math.inf)

    app = App(trades(), authenticate=Unlimited())
    async with connect(app.asgi, token="ann") as client:
        assert await renewed(client, "ann") == {"status": "ok"}


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


@pytest.mark.parametrize("error", [ValueError("away"), asyncio.CancelledError()])
async def test_when_nobody_can_say_it_is_refused(error: BaseException) -> None:
    rights = Rights()
    app = App(trades(authorize=rights), authenticate=Tokens())
    async with connect(app.asgi, token="ann") as client:
        await client.subscribe("trades", AAPL)
        rights.error = error
        await renewed(client, "ann")
        told = closed(AAPL_TOPIC, code="internal", message="Internal error")
        assert await client.settle() == [told]


async def test_the_next_token_need_not_wait_for_what_is_asked_again() -> None:
    """Or a slow `authorize` would let a connection expire whose client has another token."""
    rights = Rights()
    app = App(trades(authorize=rights), authenticate=Tokens())
    async with connect(app.asgi, token="ann") as client:
        await client.subscribe("trades", AAPL)
        rights.gate = asyncio.Event()
        rights.asked.clear()
        for token in ("ann:60", "ann:600", "ann:6000"):
            assert (await renewed(client, token))["status"] == "ok"
        rights.gate.set()
        assert await client.settle() == []
        assert len(rights.asked) == 2  # the one under way, and one for all that came since
        rights.denied.add(("ann", AAPL_TOPIC))
        for _ in range(3):
            await renewed(client, "ann")
        assert await client.settle() == [closed(AAPL_TOPIC)]


async def test_who_renews_again_and_again_is_asked_all_the_same() -> None:
    rights = Rights()
    app = App(trades(authorize=rights), authenticate=Tokens())
    async with connect(app.asgi, token="ann") as client:
        await client.subscribe("trades", AAPL)
        rights.denied.add(("ann", AAPL_TOPIC))
        rights.gate = asyncio.Event()
        await renewed(client, "ann")
        await renewed(client, "ann")
        rights.gate.set()
        assert await client.settle() == [closed(AAPL_TOPIC)]


async def test_a_token_that_is_verified_when_its_client_has_left_counts_nobody() -> None:
    """A function of the application may swallow its cancellation."""
    gate = asyncio.Event()

    class Stubborn(Tokens):
        async def authenticate(self, websocket: Handshake) -> Principal:
            self.handshakes.append(websocket)
            return ANONYMOUS

        async def authenticate_token(self, token: str) -> Principal:
            self.asked.set()
            with contextlib.suppress(asyncio.CancelledError):
                await gate.wait()
            return Principal(token, expires_at=time.time() + 60)

    tokens = Stubborn()
    app = App(trades(), authenticate=tokens)
    async with connect(app.asgi) as client:
        await client.send({"type": "auth", "payload": {"token": "ann"}})
        await tokens.asked.wait()
    async with connect(app.asgi) as other:
        await other.settle()
        assert len(app.hub.principals) == 0
    assert app.clock.alarms == 0


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
