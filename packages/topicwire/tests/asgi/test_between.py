"""A middleware that wraps `send` or `receive` sees every message; no other costs anything."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from functools import partial, wraps
from typing import Any

import pytest
from fastapi import FastAPI
from packages.topicwire.tests.serving import OURS, ask, receive, send, serving, settled
from packages.topicwire.tests.trading import AAPL, AAPL_TOPIC, Trade, trades, update
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.opentelemetry import OpenTelemetryMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.routing import Mount
from starlette.types import ASGIApp, Message, Receive, Scope
from starlette.types import Send as AsgiSend
from uvicorn.logging import TRACE_LOG_LEVEL
from websockets.asyncio.client import ClientConnection, connect

from topicwire import FastWSAdapter

COUNT = 30
"""Updates of each test: published a few a turn, so that waves would join some."""
TELLS = "messages do not go straight to the server's sockets"


class Nobody:
    """Backends of middlewares that are to do nothing."""

    async def authenticate(self, _: Any) -> None:
        return None


async def hands_on(request: Any, call_next: Callable[[Any], Any]) -> Any:
    return await call_next(request)


HTTP_ALONE = {
    "none": [],
    "starlette's": [
        Middleware(CORSMiddleware, allow_origins=["*"]),
        Middleware(GZipMiddleware),
        Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1"]),
        Middleware(OpenTelemetryMiddleware),
        Middleware(BaseHTTPMiddleware, dispatch=hands_on),
        Middleware(AuthenticationMiddleware, backend=Nobody()),  # type: ignore[arg-type]
    ],
}


class Wrapping:
    """A middleware that notes what passes: of `send`, of `receive`, and when the call is over."""

    def __init__(self, app: ASGIApp, *, sends: bool = True, receives: bool = False) -> None:
        self._app = app
        self._sends, self._receives = sends, receives
        self.sent: list[Message] = []
        self.received: list[Message] = []
        self.calls = 0
        self.over = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: AsgiSend) -> None:
        if scope["type"] != "websocket":
            await self._app(scope, receive, send)
            return

        @wraps(send)
        async def wrapped_send(message: Message) -> None:
            self.sent.append(message)
            await send(message)

        async def wrapped_receive() -> Message:
            self.received.append(await receive())
            return self.received[-1]

        self.calls += 1
        await self._app(
            scope,
            wrapped_receive if self._receives else receive,
            wrapped_send if self._sends else send,
        )
        self.calls -= 1
        self.over.set()

    def said(self) -> list[dict[str, Any]]:
        """What the hub has sent, message by message."""
        texts = [one["text"] for one in self.sent if one["type"] == "websocket.send"]
        return [json.loads(line) for text in texts for line in text.split("\n")]


class ByATask(Wrapping):
    """It sends from a task of its own."""

    async def __call__(self, scope: Scope, receive: Receive, send: AsgiSend) -> None:
        waiting: asyncio.Queue[Message] = asyncio.Queue()

        async def carry() -> None:
            while True:
                message = await waiting.get()
                self.sent.append(message)
                await send(message)
                waiting.task_done()

        carrying = asyncio.create_task(carry())
        await self._app(scope, receive, waiting.put)
        await waiting.join()
        carrying.cancel()


class Prices:
    """An application that publishes to one topic."""

    def __init__(self, app: Starlette | None = None, **options: Any) -> None:
        self.router = trades()
        self.adapter = FastWSAdapter(title="Prices", version="1", **options)
        self.adapter.include_router(self.router)
        self.app = app or Starlette()
        self.adapter.setup(self.app)

    def sockets(self) -> list[bool]:
        """Of each connection, whether updates go straight to its socket."""
        return [one._transport.direct is not None for one in self.adapter._hub._connections]

    async def exchanged(self, client: ClientConnection) -> list[dict[str, Any]]:
        """Have COUNT updates published, some a turn; return what comes, in order."""
        await send(client, "trades.subscribe", AAPL)
        reply = await receive(client)
        assert reply["payload"]["status"] == "ok"
        for number in range(1, COUNT + 1):
            self.router.publish(AAPL_TOPIC, Trade(price=number))
            if number % 3 == 0:
                await asyncio.sleep(0)
        return [reply, *await settled(client)]


UPDATES = [update(AAPL_TOPIC, number, number) for number in range(1, COUNT + 1)]


@pytest.mark.parametrize("middlewares", HTTP_ALONE.values(), ids=HTTP_ALONE.keys())
@pytest.mark.parametrize("kind", [Starlette, FastAPI])
async def test_a_middleware_for_http_costs_nothing(
    kind: Any, middlewares: list[Middleware], caplog: pytest.LogCaptureFixture
) -> None:
    prices = Prices(kind(middleware=middlewares))
    around = Wrapping(prices.app, sends=False)
    async with serving(around) as url, connect(url, compression=None) as client:
        assert (await prices.exchanged(client))[1:] == UPDATES
        assert prices.sockets() == [True]
        assert around.calls == 0
    assert TELLS not in caplog.text


async def test_an_application_within_another_is_as_one_by_itself() -> None:
    prices = Prices()
    outer = Starlette(routes=[Mount("/inner", FastAPI(routes=[Mount("/deep", prices.app)]))])
    around = Wrapping(outer, sends=False)
    async with serving(around, lifespan="off") as url:
        address = url.replace("/api", "/inner/deep/api")
        async with connect(address, compression=None) as client:
            assert (await prices.exchanged(client))[1:] == UPDATES
            assert prices.sockets() == [True]
            assert around.calls == 0


WRAPPERS: dict[str, Callable[[Prices], tuple[ASGIApp, Wrapping]]] = {}


def _wrapper(made: Callable[[Prices], tuple[ASGIApp, Wrapping]]) -> None:
    WRAPPERS[made.__name__.replace("_", " ")] = made


@_wrapper
def around_the_application(prices: Prices) -> tuple[ASGIApp, Wrapping]:
    wrapping = Wrapping(prices.app)
    return wrapping, wrapping


@_wrapper
def added_to_it(prices: Prices) -> tuple[ASGIApp, Wrapping]:
    made: list[Wrapping] = []

    def make(app: ASGIApp) -> ASGIApp:
        made.append(Wrapping(app))
        return made[-1]

    prices.app.add_middleware(make)
    prices.app.middleware_stack = prices.app.build_middleware_stack()
    return prices.app, made[-1]


@_wrapper
def around_one_within(prices: Prices) -> tuple[ASGIApp, Wrapping]:
    wrapping = Wrapping(prices.app)
    return Starlette(routes=[Mount("/", wrapping)], lifespan=prices.app.router.lifespan_context), (
        wrapping
    )


@_wrapper
def by_a_partial(prices: Prices) -> tuple[ASGIApp, Wrapping]:
    wrapping = Wrapping(prices.app)

    async def noting(send: AsgiSend, message: Message) -> None:
        wrapping.sent.append(message)
        await send(message)

    async def app(scope: Scope, receive: Receive, send: AsgiSend) -> None:
        await prices.app(scope, receive, partial(noting, send))

    return app, wrapping


@_wrapper
def with_a_task_of_its_own(prices: Prices) -> tuple[ASGIApp, Wrapping]:
    wrapping = ByATask(prices.adapter.endpoint)

    async def app(scope: Scope, receive: Receive, send: AsgiSend) -> None:
        if scope["type"] == "websocket":
            await wrapping(scope, receive, send)
        else:
            await prices.app(scope, receive, send)

    return app, wrapping


@pytest.mark.parametrize("wrapped", WRAPPERS.values(), ids=WRAPPERS.keys())
@pytest.mark.parametrize("subprotocols", [None, OURS], ids=["legacy", "ours"])
async def test_one_that_wraps_send_sees_every_message(
    wrapped: Callable[[Prices], tuple[ASGIApp, Wrapping]],
    subprotocols: Any,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """As it is sent, once, in order, between the accept and the close."""
    prices = Prices()
    app, wrapping = wrapped(prices)
    async with (
        serving(app) as url,
        connect(url, subprotocols=subprotocols, compression=None) as client,
    ):
        read: list[dict[str, Any]] = []
        if subprotocols:
            read.append(await receive(client))
        await send(client, "trades.subscribe", AAPL)
        read.append(await receive(client))
        for number in range(1, COUNT + 1):
            prices.router.publish(AAPL_TOPIC, Trade(price=number))
            if number % 3 == 0:
                await asyncio.sleep(0)
        while len(read) < COUNT + 1 + len(subprotocols or ()):
            read += [json.loads(line) for line in str(await client.recv()).split("\n")]
        assert read[-COUNT:] == UPDATES
        assert wrapping.said() == read
        assert prices.sockets() == [False]
        await prices.adapter.drain()
        await client.wait_closed()
    kinds = [one["type"] for one in wrapping.sent if one["type"].startswith("websocket")]
    assert (kinds[0], kinds[-1]) == ("websocket.accept", "websocket.close")
    (told,) = [one.getMessage() for one in caplog.records if TELLS in one.getMessage()]
    assert any(name in told for name in (".wrapped_send.", ".noting.", "asyncio.queues.Queue.put."))


async def test_what_it_makes_of_a_message_is_what_the_client_gets() -> None:
    prices = Prices()

    async def app(scope: Scope, receive: Receive, send: AsgiSend) -> None:
        async def dearer(message: Message) -> None:
            text = message.get("text", "").replace('"price":', '"price":1')
            await send({**message, "text": text} if text else message)

        await prices.app(scope, receive, dearer)

    async with serving(app) as url, connect(url) as client:
        read = await prices.exchanged(client)
    assert [one["payload"]["payload"]["price"] for one in read[1:]] == [
        float(f"1{number}") for number in range(1, COUNT + 1)
    ]


async def test_one_that_wraps_receive_sees_what_clients_say_and_their_end() -> None:
    prices = Prices()
    wrapping = Wrapping(prices.app, sends=False, receives=True)
    async with serving(wrapping) as url:
        async with connect(url, compression=None) as client:
            assert (await prices.exchanged(client))[1:] == UPDATES
            assert prices.sockets() == [True]
            assert wrapping.calls == 1
        await wrapping.over.wait()
    assert [one["type"] for one in wrapping.received] == [
        "websocket.connect",
        *["websocket.receive"] * 2,
        "websocket.disconnect",
    ]


async def test_uvicorns_own_log_of_messages_has_them_all(caplog: pytest.LogCaptureFixture) -> None:
    prices = Prices()
    for logger in ("error", "access", "asgi"):  # they are set back, which uvicorn does not do
        caplog.set_level(TRACE_LOG_LEVEL, f"uvicorn.{logger}")
    async with (
        serving(prices.app, log_level="trace") as url,
        connect(url, compression=None) as client,
    ):
        assert (await prices.exchanged(client))[1:] == UPDATES
    said = [one.getMessage() for one in caplog.records if one.name == "uvicorn.asgi"]
    assert sum("Send {'type': 'websocket.send'" in line for line in said) == COUNT + 2
    assert sum("Receive {'type': 'websocket.receive'" in line for line in said) == 2


@pytest.mark.parametrize("bypass", [True, False])
async def test_the_application_may_choose(
    bypass: bool,  # noqa: FBT001
    caplog: pytest.LogCaptureFixture,
) -> None:
    prices = Prices(bypass_middleware=bypass)
    wrapping = Wrapping(prices.app, receives=True)
    async with serving(wrapping) as url, connect(url, compression=None) as client:
        read = await prices.exchanged(client)
        assert read[1:] == UPDATES
        assert prices.sockets() == [bypass]
        if bypass:
            assert [one["type"] for one in wrapping.sent] == ["websocket.accept"]
            assert [one["type"] for one in wrapping.received] == ["websocket.connect"]
            assert wrapping.calls == 0
        else:
            assert wrapping.said()[:-1] == read
    assert TELLS not in caplog.text


async def test_who_wraps_nothing_may_say_that_all_goes_by_asgi() -> None:
    prices = Prices(bypass_middleware=False)
    around = Wrapping(prices.app, sends=False)
    async with serving(around) as url, connect(url, compression=None) as client:
        assert (await prices.exchanged(client))[1:] == UPDATES
        assert prices.sockets() == [False]
        assert around.calls == 1


async def test_it_is_told_once_for_all_connections(caplog: pytest.LogCaptureFixture) -> None:
    prices = Prices()
    caplog.set_level(logging.WARNING, "topicwire")
    async with serving(Wrapping(prices.app, receives=True)) as url:
        for _ in range(3):
            async with connect(url) as client:
                assert (await ask(client, "trades.subscribe", AAPL))["status"] == "ok"
    (told,) = [one for one in caplog.records if TELLS in one.getMessage()]
    where = f"{Wrapping.__module__}.Wrapping.__call__.<locals>"
    names = [f"{where}.wrapped_{side}" for side in ("send", "receive")]
    assert told.getMessage().count(" and ".join(names)) == 1
    assert told.wrapped_by == tuple(names)  # type: ignore[attr-defined]
