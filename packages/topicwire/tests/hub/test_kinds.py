"""Clients of every kind on one topic: the same updates, each kind's bytes made once."""

from __future__ import annotations

import asyncio
import json
import os
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any
from unittest.mock import patch

import pytest
from packages.topicwire.tests.hub.sockets import writing_by
from packages.topicwire.tests.hub.writers import writers
from packages.topicwire.tests.serving import serving
from packages.topicwire.tests.trading import AAPL, AAPL_TOPIC, App, TradeRequest, trades
from pydantic import BaseModel
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from topicwire import WsRouter
from topicwire.types import ReplayLimits
from topicwire.wire.deflate import deflate
from topicwire.wire.frames import PACKED_SUBPROTOCOL, SUBPROTOCOL
from topicwire.wire.packed import messages_of, packed

SUBSCRIBE = {"type": "trades.subscribe", "payload": AAPL}
OFFERS = {"json": [Subprotocol(SUBPROTOCOL)], "msgpack": [Subprotocol(PACKED_SUBPROTOCOL)]}
OFFERS["legacy"] = []
EVERY_KIND = [(codec, is_deflated) for codec in OFFERS for is_deflated in (False, True)]


class Text(BaseModel):
    text: str


class Heard:
    """One client: what it is sent, whatever the codec."""

    def __init__(self, codec: str, socket: ClientConnection) -> None:
        self.codec = codec
        self.socket = socket

    async def send(self, message: Any) -> None:
        text = json.dumps(message)
        await self.socket.send(packed(text.encode()) if self.codec == "msgpack" else text)

    async def frame(self) -> list[Any]:
        """Return the messages of the next frame."""
        async with asyncio.timeout(30):
            data = await self.socket.recv()
        assert isinstance(data, bytes) is (self.codec == "msgpack")
        if isinstance(data, bytes):
            return messages_of(data)
        return [json.loads(line) for line in data.split("\n")]

    async def until(self, type_name: str) -> list[Any]:
        """Return what comes, up to a message of a type, which is left out."""
        found: list[Any] = []
        while not found or found[-1]["type"] != type_name:
            found += await self.frame()
        return found[:-1]

    async def settled(self) -> list[Any]:
        await self.send({"type": "ping"})
        return await self.until("pong")


@pytest.fixture(autouse=True, params=list(writers()))
def direct(request: pytest.FixtureRequest) -> Iterator[None]:
    """The sockets are the server's; what writes to them is in Python, or in C."""
    with patch("topicwire.hub.direct.write_each", writers()[request.param]):
        yield


@pytest.fixture
def written() -> Iterator[list[bytes]]:
    """What has been written straight to a socket."""
    seen: list[bytes] = []

    def write(descriptor: int, data: bytes) -> int:
        seen.append(data)
        return os.write(descriptor, data)

    with writing_by(write):
        yield seen


@pytest.fixture
def made() -> Iterator[Counter[str]]:
    """How often something has been packed or compressed."""
    counts: Counter[str] = Counter()

    def counted(name: str, make: Any) -> Any:
        def counting(*args: Any) -> Any:
            counts[name] += 1
            return make(*args)

        return counting

    with (
        patch("topicwire.wire.packed.packed", counted("packed", packed)),
        patch("topicwire.wire.kinds.deflate", counted("deflated", deflate)),
    ):
        yield counts


@asynccontextmanager
async def everybody(app: App, copies: int = 2) -> AsyncIterator[list[Heard]]:
    """Clients of each kind, subscribed and at rest."""
    async with serving(app.asgi, ws_per_message_deflate=True) as url, AsyncExitStack() as stack:
        clients = []
        for codec, is_deflated in EVERY_KIND * copies:
            opening = connect(
                url, subprotocols=OFFERS[codec], compression="deflate" if is_deflated else None
            )
            clients.append(Heard(codec, await stack.enter_async_context(opening)))
        for client in clients:
            await client.send(SUBSCRIBE)
            await client.until("trades.subscribe.response")
        await at_rest()
        yield clients


async def at_rest() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


def texts(**options: Any) -> WsRouter[TradeRequest, Text]:
    return WsRouter[TradeRequest, Text](route="trades", linger_s=0, **options)


def of(parts: list[Any]) -> list[tuple[int, int]]:
    return [(one["payload"]["seq"], len(one["payload"]["payload"]["text"])) for one in parts]


async def test_a_flush_is_one_write_for_each_of_the_bytes_of_its_kind(
    written: list[bytes], made: Counter[str]
) -> None:
    router = texts()
    app = App(router)
    async with everybody(app) as clients:
        made.clear()
        written.clear()
        for _ in range(3):
            router.publish(AAPL_TOPIC, Text(text="x" * 200))
        await at_rest()
        assert len(written) == len(clients)
        assert len({id(data) for data in written}) == len(EVERY_KIND)
        # what is packed serves both of its kinds; each message of a legacy client is a frame
        assert made == {"packed": 3, "deflated": 1 + 1 + 3}
        for client in clients:
            parts = [await client.frame() for _ in range(3 if client.codec == "legacy" else 1)]
            assert of([one for part in parts for one in part]) == [(1, 200), (2, 200), (3, 200)]
        metrics = app.adapter.metrics
        assert metrics.updates_sent == 3 * len(clients)
        assert metrics.send_lag.count == len(clients)


async def test_a_topic_of_json_alone_packs_and_compresses_nothing(made: Counter[str]) -> None:
    router = texts()
    app = App(router)
    async with everybody(app) as clients:
        for client in clients:
            if client.codec == "msgpack" or client.socket.protocol.extensions:
                await client.send({**SUBSCRIBE, "type": "trades.unsubscribe"})
                await client.until("trades.unsubscribe.response")
        made.clear()
        router.publish(AAPL_TOPIC, Text(text="x" * 1_000))
        await at_rest()
        assert made == {}


async def test_a_small_socket_is_given_the_rest_of_its_own_kind() -> None:
    """What a descriptor takes a part of goes on where it was, compressed or packed as it began."""
    router = texts()
    app = App(router)
    count = 0

    def write(descriptor: int, data: bytes) -> int:
        nonlocal count
        count += 1
        return os.write(descriptor, data[: count % 50])

    async with everybody(app, copies=1) as clients:
        with writing_by(write):
            for number in range(1, 30):
                router.publish(AAPL_TOPIC, Text(text=str(number) * number * 20))
                if number % 3 == 0:
                    await at_rest()
        assert count >= len(clients)
        expected = [(number, len(str(number)) * number * 20) for number in range(1, 30)]
        for client in clients:
            assert of(await client.settled()) == expected


async def test_what_is_replayed_is_what_was_missed() -> None:
    router = texts(updates_from="application", replay=ReplayLimits(max_updates=100))
    app = App(router)
    async with everybody(app, copies=1) as clients:
        for client in clients:
            await client.send({**SUBSCRIBE, "type": "trades.unsubscribe"})
            await client.until("trades.unsubscribe.response")
        for number in range(50):
            router.publish(AAPL_TOPIC, Text(text="y" * number * 10))
        for client in clients:
            await client.send(SUBSCRIBE)
            reply: list[Any] = []
            while not reply:
                reply = await client.frame()
            position = {"epoch": reply[0]["payload"]["epoch"], "seq": 10}
            await client.send({**SUBSCRIBE, "type": "trades.unsubscribe"})
            await client.until("trades.unsubscribe.response")
            await client.send({**SUBSCRIBE, "resume": position})
            came: list[Any] = []
            while len(came) < 41:
                came += await client.frame()
            assert came[0]["payload"]["recovered"] is True
            assert of(came[1:]) == [(number + 1, number * 10) for number in range(10, 50)]


async def test_whoever_is_closed_is_told_by_its_own_codec() -> None:
    router = trades()
    app = App(router)
    async with everybody(app, copies=1) as clients:
        app.hub.begin_drain()
        for client in clients:
            if client.codec != "legacy":
                assert await client.until("closing") == []
