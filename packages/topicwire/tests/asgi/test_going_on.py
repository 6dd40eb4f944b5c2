"""Where the server gives its socket, the ASGI call returns, and the connection goes on."""

from __future__ import annotations

import gc
import weakref
from contextvars import ContextVar
from typing import Any

import pytest
from packages.topicwire.tests.asgi.raw_socket import raw_socket, text_frame
from packages.topicwire.tests.asgi.test_uvicorn import gone, turns
from packages.topicwire.tests.serving import ask, serving, settled
from packages.topicwire.tests.trading import AAPL, AAPL_TOPIC, App, Trade, trades, update
from pydantic import BaseModel
from starlette.types import ASGIApp, Receive, Scope, Send
from websockets.asyncio.client import connect

from topicwire.asgi.uvicorn import WebSocketProtocol

WHO: ContextVar[str] = ContextVar("WHO", default="nobody")
IMPLEMENTATIONS = [WebSocketProtocol, "websockets-sansio"]


class Before:
    """A middleware: sets a variable, and notes when the call behind it has returned."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.kept: list[Any] = []
        self.returned = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket":
            return await self._app(scope, receive, send)
        self.kept.append(weakref.ref(scope.setdefault("state_of_it", Kept())))
        WHO.set(scope["path"])
        await self._app(scope, receive, send)
        self.returned += 1
        return None


class Kept:
    """Something that a weak reference can point to."""


class Whoever(BaseModel):
    of: str = ""


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
async def test_a_handler_sees_what_a_middleware_has_set(implementation: Any) -> None:
    router = trades()
    seen: list[str] = []

    @router.send("say")
    def say(whoever: Whoever) -> None:
        seen.append(f"{whoever.of} {WHO.get()}")

    app = App(router)
    async with serving(Before(app.asgi), ws=implementation) as url, connect(url) as client:
        for number in range(40):
            await client.send(f'{{"type":"trades.say","payload":{{"of":"{number}"}}}}')
        await settled(client)
        await turns()
    assert seen == [f"{number} /api/v1/ws" for number in range(40)]


async def test_nothing_of_the_call_is_kept_and_the_connection_serves_on() -> None:
    router = trades()
    app = App(router)
    before = Before(app.asgi)
    async with serving(before) as url:
        async with connect(url) as client:
            assert (await ask(client, "trades.subscribe", AAPL))["status"] == "ok"
            gc.collect()
            assert before.returned == 1
            assert [one() for one in before.kept] == [None]
            router.publish(AAPL_TOPIC, Trade(price=1))
            assert await settled(client) == [update(AAPL_TOPIC, 1, 1)]
            assert app.adapter.metrics.connections == 1
        await gone(app)


async def test_a_connection_that_went_on_counts_until_it_ends() -> None:
    app = App(trades(), max_connections_per_address=1)
    async with serving(app.asgi) as url:
        async with connect(url) as first:
            await settled(first)
            async with connect(url, subprotocols=["topicwire.v1+json"]) as second:  # type: ignore[list-item]
                await second.wait_closed()
                assert second.close_code == 4029
        await gone(app)
        async with connect(url) as third:
            assert await settled(third) == []


async def test_many_messages_that_come_at_once_are_taken_in_order() -> None:
    """More than are handled before others run."""
    app = App(trades(), max_commands_per_s=1e9, max_command_burst=1_000_000)
    async with serving(app.asgi) as url, raw_socket(url) as client:
        pings = [text_frame({"type": "ping", "id": number}) for number in range(500)]
        await client.send(b"".join(pings))
        await client.read_until(b'"id":499}')
        found = [int(part.split(b"}")[0]) for part in client.received.split(b'"pong","id":')[1:]]
        assert found == list(range(500))
