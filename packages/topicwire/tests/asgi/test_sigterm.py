"""SIGTERM drains: in this process by itself, and a real uvicorn in a process of its own."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Any

import pytest
from packages.topicwire.tests.asgi.stopping import messages_to_the_end, uvicorn
from packages.topicwire.tests.serving import OURS
from packages.topicwire.tests.trading import AAPL, AAPL_TOPIC, App, trades, update
from starlette.applications import Starlette
from websockets.asyncio.client import ClientConnection, connect

from topicwire.asgi.sigterm import draining_on_sigterm
from topicwire.close_codes import GOING_AWAY
from topicwire.testing import connect as connect_in_process

LOGGER = logging.getLogger("topicwire")


class Server:
    """Whoever handled SIGTERM before, and a drain that lasts as long as the test says."""

    def __init__(self) -> None:
        self.signals: list[int] = []
        self.drain: asyncio.Queue[asyncio.Future[None]] = asyncio.Queue()
        self.handed_over = asyncio.Event()

    def handle(self, number: int, frame: FrameType | None) -> None:
        del frame
        self.signals.append(number)
        self.handed_over.set()

    def begin(self) -> Any:
        drain = asyncio.get_running_loop().create_future()
        self.drain.put_nowait(drain)
        return drain

    async def begun(self) -> asyncio.Future[None]:
        async with asyncio.timeout(10):
            return await self.drain.get()


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    before = signal.getsignal(signal.SIGTERM)
    yield
    assert signal.getsignal(signal.SIGTERM) in {before, signal.SIG_IGN}
    signal.signal(signal.SIGTERM, before)


def terminate() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


async def test_the_server_is_told_when_the_drain_is_over() -> None:
    server = Server()
    before = signal.signal(signal.SIGTERM, server.handle)
    with draining_on_sigterm(server.begin, LOGGER):
        terminate()
        drain = await server.begun()
        assert server.signals == []
        drain.set_result(None)
        await server.handed_over.wait()
        assert server.signals == [signal.SIGTERM]
    assert signal.getsignal(signal.SIGTERM) == server.handle
    signal.signal(signal.SIGTERM, before)


async def test_a_second_signal_goes_through_at_once_and_the_end_of_the_drain_adds_none() -> None:
    server = Server()
    before = signal.signal(signal.SIGTERM, server.handle)
    with draining_on_sigterm(server.begin, LOGGER):
        terminate()
        drain = await server.begun()
        terminate()
        assert server.signals == [signal.SIGTERM]
        drain.set_result(None)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert server.signals == [signal.SIGTERM]
    signal.signal(signal.SIGTERM, before)


async def test_two_apps_of_one_process_drain_one_after_the_other_whichever_ends_first() -> None:
    server, inner, outer = Server(), Server(), Server()
    before = signal.signal(signal.SIGTERM, server.handle)
    first = draining_on_sigterm(inner.begin, LOGGER)
    first.__enter__()
    with draining_on_sigterm(outer.begin, LOGGER):
        terminate()
        (await outer.begun()).set_result(None)
        (await inner.begun()).set_result(None)
        await server.handed_over.wait()
    with draining_on_sigterm(outer.begin, LOGGER):
        first.__exit__(None, None, None)  # it is not ours any longer, and hands over at once
        terminate()
        (await outer.begun()).set_result(None)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert server.signals == [signal.SIGTERM] * 2
    signal.signal(signal.SIGTERM, before)


async def test_where_the_signal_cannot_be_had_it_is_left_alone() -> None:
    def nothing() -> None:
        raise AssertionError

    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, nothing)
    loops_own = signal.getsignal(signal.SIGTERM)
    with draining_on_sigterm(Server().begin, LOGGER):
        assert signal.getsignal(signal.SIGTERM) is loops_own
    loop.remove_signal_handler(signal.SIGTERM)
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with draining_on_sigterm(Server().begin, LOGGER):
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
    signal.signal(signal.SIGTERM, before)


def test_outside_the_main_thread_it_is_left_alone() -> None:
    before = signal.getsignal(signal.SIGTERM)
    seen: list[Any] = []

    async def serve() -> None:
        with draining_on_sigterm(Server().begin, LOGGER):
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    thread.join()
    assert seen == [before]


async def test_an_application_may_do_without() -> None:
    app, asgi = App(trades()), Starlette()
    app.adapter.setup(asgi, drain_on_sigterm=False)
    before = signal.getsignal(signal.SIGTERM)
    async with asgi.router.lifespan_context(asgi):
        assert signal.getsignal(signal.SIGTERM) is before
    async with app.asgi.router.lifespan_context(app.asgi):
        assert signal.getsignal(signal.SIGTERM) is not before


async def test_setup_drains_the_adapter() -> None:
    server = Server()
    before = signal.signal(signal.SIGTERM, server.handle)
    app = App(trades())
    async with app.asgi.router.lifespan_context(app.asgi), connect_in_process(app.asgi) as client:
        terminate()
        assert (await client.receive())["type"] == "closing"
        assert (await client.wait_closed()).code == GOING_AWAY
        await server.handed_over.wait()
    assert signal.getsignal(signal.SIGTERM) == server.handle
    signal.signal(signal.SIGTERM, before)


# uvicorn


async def send(socket: ClientConnection, type_name: str, payload: Any = None) -> None:
    await socket.send(json.dumps({"type": f"trades.{type_name}", "payload": payload}))


async def test_uvicorn_drains_and_ends_as_it_does_without() -> None:
    """Clients get what was published before the signal, `closing`, and 1001 instead of 1012."""
    async with uvicorn("plain") as plain, uvicorn("app") as drained:
        plain.process.terminate()
        async with (
            connect(drained.url, subprotocols=OURS) as busy,
            connect(drained.url, subprotocols=OURS) as idle,
            connect(drained.url) as legacy,
        ):
            await idle.recv()
            for socket in (busy, legacy):
                await send(socket, "subscribe", AAPL)
            assert "Subscribed" in str(await legacy.recv())
            await send(busy, "burst", {"updates": 1_000, "signal": signal.SIGTERM})
            updates = [update(AAPL_TOPIC, seq, float(seq)) for seq in range(1, 1_001)]
            messages, code = await messages_to_the_end(busy)
            assert [one["type"] for one in messages[:2]] == ["hello", "trades.subscribe.response"]
            assert messages[2:-1] == updates
            assert (messages[-1]["type"], code) == ("closing", GOING_AWAY)
            assert await messages_to_the_end(legacy) == (updates, GOING_AWAY)
            [closing], code = await messages_to_the_end(idle)
            assert (closing["type"], code) == ("closing", GOING_AWAY)
        assert await drained.exit_code() == await plain.exit_code() == -signal.SIGTERM


@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
async def test_a_second_signal_ends_uvicorn_without_waiting_for_the_drain(second: int) -> None:
    async with (
        uvicorn("app", "--timeout-graceful-shutdown", "1") as served,
        connect(served.url, subprotocols=OURS) as socket,
    ):
        await send(socket, "forever")
        assert '"hello"' in str(await socket.recv())
        assert '"closing"' in str(await socket.recv())
        served.process.send_signal(second)
        assert await served.exit_code() == -signal.SIGTERM
