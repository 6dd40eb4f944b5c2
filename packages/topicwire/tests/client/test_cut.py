"""Cut everywhere: a session is ended once before, inside and after each frame.

In both directions; against the real hub, in process and over real sockets. The application sees
every update once and in order, and is told of no gap. `make test-long` cuts a session of 300
messages (100 updates, 100 calls and their replies) at every frame; `make test` a short one.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import Any, Literal, TypeAlias
from urllib.parse import urlsplit

import pytest
from packages.topicwire.tests.serving import serving
from packages.topicwire.tests.trading import AAPL_TOPIC, App, Trade, TradeRequest, trades

from topicwire import WsRouter
from topicwire.client import Backoff, Client, CodecName, DisconnectedError, Gap
from topicwire.client.websocket import WebSocketConnector
from topicwire.testing import InProcessConnector
from topicwire.testing.faults import FaultProxy, FaultyApp

SHORT, LONG = 12, 100
"""Rounds: each is an update, a call, and its reply."""

Direction: TypeAlias = Literal["to_client", "to_server"]
OnConnect: TypeAlias = Callable[[Any], object]


def router_with_echo() -> WsRouter[TradeRequest, Trade]:
    router = trades()

    @router.send("echo", reply="echo.response")
    async def echo(payload: Trade) -> Trade:
        return payload

    return router


class Session:
    """One client that subscribes, listens and calls, on connections that are made by `connect`."""

    def __init__(self, router: WsRouter[TradeRequest, Trade], client: Client, rounds: int) -> None:
        self.rounds = rounds
        self.router = router
        self.client = client
        self.route = client.route("trades", TradeRequest, Trade)
        self.seen: list[float] = []
        self.gaps: list[Gap] = []
        self.lost_calls = 0
        self._heard = asyncio.Event()

    async def play(self, after_each: Callable[[], None] = lambda: None) -> None:
        async with self.client, asyncio.timeout(30):
            await self.route.subscribe(
                TradeRequest(symbol="AAPL"), self._hear, on_gap=self.gaps.append
            )
            after_each()
            for round_ in range(1, self.rounds + 1):
                self.router.publish(AAPL_TOPIC, Trade(price=round_))
                while not self.seen or self.seen[-1] < round_:
                    self._heard.clear()
                    await self._heard.wait()
                after_each()
                await self._call(round_)
                after_each()

    async def _call(self, round_: int) -> None:
        try:
            reply = await self.route.call("echo", Trade(price=round_), Trade)
        except DisconnectedError:
            self.lost_calls += 1
        else:
            assert reply.price == round_

    def _hear(self, trade: Trade, _: object) -> None:
        self.seen.append(trade.price)
        self._heard.set()

    def verify(self, cuts: int) -> None:
        assert self.seen == [*range(1, self.rounds + 1)]
        assert self.gaps == []
        assert self.lost_calls <= cuts


def client_of(url: str, connector: Any, codec: CodecName) -> Client:
    return Client(url, connector=connector, backoff=Backoff(base_s=0.0), codec=codec)


class InProcess:
    """One application for many sessions, without sockets."""

    def __init__(self, rounds: int, codec: CodecName = "json") -> None:
        self.rounds = rounds
        self._codec: CodecName = codec
        self._router = router_with_echo()
        self._app = App(self._router)

    async def __call__(self, on_connect: OnConnect, after_each: Callable[[], None]) -> Session:
        faulty = FaultyApp(self._app.asgi, on_connect=on_connect)
        client = client_of("ws://test", InProcessConnector(faulty), self._codec)
        session = Session(self._router, client, self.rounds)
        await session.play(after_each)
        return session


class Sockets:
    """One server for many sessions, each behind a proxy of its own."""

    def __init__(
        self, url: str, router: WsRouter[TradeRequest, Trade], rounds: int, codec: CodecName
    ) -> None:
        self.rounds = rounds
        self._codec: CodecName = codec
        self._port = urlsplit(url).port or 0
        self._router = router

    async def __call__(self, on_connect: OnConnect, after_each: Callable[[], None]) -> Session:
        # uncompressed, so that every session has the same bytes
        connector = WebSocketConnector(compression=None)
        async with FaultProxy(self._port, on_connect=on_connect) as proxy:
            client = client_of(f"ws://127.0.0.1:{proxy.port}/api/v1/ws", connector, self._codec)
            session = Session(self._router, client, self.rounds)
            await session.play(after_each)
        return session


@asynccontextmanager
async def over_sockets(rounds: int, codec: CodecName = "json") -> AsyncIterator[Sockets]:
    router = router_with_echo()
    async with serving(App(router).asgi) as url:
        yield Sockets(url, router, rounds, codec)


Play: TypeAlias = Any
"""An `InProcess`, or a `Sockets`."""


async def boundaries(play: Play, direction: Direction) -> list[int]:
    """Return how many bytes have passed after each frame of a session that is not cut."""
    links: list[Any] = []
    ends: list[int] = [0]

    def note() -> None:
        passed = getattr(links[0], direction).bytes_passed
        if passed > ends[-1]:
            ends.append(passed)

    session = await play(links.append, note)
    session.verify(cuts=0)
    assert len(links) == 1
    return ends


async def cut(play: Play, direction: Direction, offset: int) -> int:
    """Cut one session. Returns how many connections it took."""
    links: list[Any] = []

    def connect(link: Any) -> None:
        links.append(link)
        if len(links) == 1:
            getattr(link, direction).cut_after_bytes(offset)

    session = await play(connect, lambda: None)
    session.verify(cuts=1)
    return len(links)


async def cut_everywhere(play: Play, direction: Direction) -> None:
    """Cut after each frame, which is before the next, and inside of each."""
    ends = await boundaries(play, direction)
    assert len(ends) > play.rounds * (2 if direction == "to_client" else 1)
    for start, end in pairwise(ends):
        for offset in (start, start + 1, (start + end) // 2):
            connections = await cut(play, direction, offset)
            # after the last call, answered or not, nothing is left to connect for
            assert connections == 2 or start == ends[-2], f"{direction} {offset}"


BOTH = pytest.mark.parametrize("direction", ["to_client", "to_server"])


@BOTH
async def test_cut_a_short_session_everywhere_in_process(direction: Direction) -> None:
    await cut_everywhere(InProcess(SHORT), direction)


@BOTH
async def test_cut_a_short_session_everywhere_over_sockets(direction: Direction) -> None:
    async with over_sockets(SHORT) as play:
        await cut_everywhere(play, direction)


@BOTH
async def test_cut_a_short_session_everywhere_over_messagepack(direction: Direction) -> None:
    async with over_sockets(SHORT, "msgpack") as play:
        await cut_everywhere(play, direction)


@pytest.mark.long
@BOTH
async def test_cut_a_long_session_everywhere_over_messagepack(direction: Direction) -> None:
    await cut_everywhere(InProcess(LONG, "msgpack"), direction)


@pytest.mark.long
@BOTH
async def test_cut_a_long_session_everywhere_in_process(direction: Direction) -> None:
    await cut_everywhere(InProcess(LONG), direction)


@pytest.mark.long
@BOTH
async def test_cut_a_long_session_everywhere_over_sockets(direction: Direction) -> None:
    async with over_sockets(LONG) as play:
        await cut_everywhere(play, direction)
