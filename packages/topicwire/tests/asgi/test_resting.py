"""A connection to whose socket the hub may write has a task only while something is under way."""

from __future__ import annotations

import asyncio
import json
import logging
from contextlib import AsyncExitStack

import pytest
from packages.topicwire.tests.asgi.raw_socket import RawSocket, raw_socket, text_frame
from packages.topicwire.tests.asgi.test_uvicorn import gone, turns
from packages.topicwire.tests.serving import serving
from packages.topicwire.tests.trading import AAPL, AAPL_TOPIC, App, Trade, trades

from topicwire.hub.writer import Writer

SUBSCRIBE = text_frame({"type": "trades.subscribe", "payload": AAPL})
CONNECTIONS = 5


async def subscribed(client: RawSocket) -> None:
    await client.send(SUBSCRIBE)
    await client.read_until(b'"ok"')


@pytest.mark.parametrize("legacy", [False, True])
async def test_idle_connections_have_no_tasks(legacy: bool) -> None:  # noqa: FBT001
    router = trades()
    app = App(router)
    async with serving(app.asgi) as url, AsyncExitStack() as stack:
        await turns()
        before = asyncio.all_tasks()
        clients = [
            await stack.enter_async_context(raw_socket(url, legacy=legacy))
            for _ in range(CONNECTIONS)
        ]
        for client in clients:
            await subscribed(client)
        await turns()
        assert asyncio.all_tasks() == before
        assert app.adapter.metrics.connections == CONNECTIONS
        router.publish(AAPL_TOPIC, Trade(price=1))
        for client in clients:
            await client.read_until(b'"seq":1,"payload"')
        assert asyncio.all_tasks() == before


async def test_what_a_socket_does_not_take_has_a_task_until_it_has_been_taken() -> None:
    router = trades()
    app = App(router, max_queue_bytes=1 << 24)
    async with serving(app.asgi) as url, raw_socket(url) as client:
        await subscribed(client)
        await turns()
        before = asyncio.all_tasks()
        number = 0
        while asyncio.all_tasks() == before:
            for _ in range(500):
                number += 1
                router.publish(AAPL_TOPIC, Trade(price=number))
            await turns(5)
        await client.read_until(b'"seq":%d,"payload"' % number)
        await turns()
        assert asyncio.all_tasks() == before
        received = client.received.split(b'"seq":')[2:]  # after the reply
        assert [int(part.split(b",")[0]) for part in received] == list(range(1, number + 1))


async def test_a_client_that_leaves_before_its_task_has_begun_is_gone() -> None:
    """A task that is cancelled before its first step runs nothing of what it was to run."""
    router = trades()
    app = App(router)
    async with serving(app.asgi) as url:
        async with raw_socket(url) as client:
            await subscribed(client)
            (connection,) = app.hub._connections
            connection.ping()  # for which there is a task
            connection.end()
        await gone(app)
        assert app.adapter.metrics.subscriptions == 0


async def test_a_fault_ends_one_connection_and_is_told(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    router = trades()
    app = App(router)
    async with serving(app.asgi) as url, raw_socket(url) as well, raw_socket(url) as ill:
        for client in (well, ill):
            await subscribed(client)
        await turns()

        def fails(self: Writer) -> bool | None:
            raise LookupError(repr(self))

        with monkeypatch.context() as patched, caplog.at_level(logging.ERROR):
            patched.setattr(Writer, "send_at_once", fails)
            await ill.send(text_frame({"type": "ping"}))
            await ill.read_until(b"\x88\x02\x03\xf3")  # 1011
        assert "Exception in ASGI application" in caplog.text
        assert app.adapter.metrics.connections == 1
        assert app.adapter.metrics.subscriptions == 1
        await well.send(text_frame({"type": "ping", "id": 7}))
        await well.read_until(json.dumps({"type": "pong", "id": 7}).replace(" ", "").encode())
