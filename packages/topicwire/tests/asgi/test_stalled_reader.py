"""A client that does not read, on a real socket: its policy says what it gets, others get all."""

from __future__ import annotations

import asyncio
import json
import socket as sockets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, nullcontext
from itertools import pairwise
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

import pytest
from packages.topicwire.tests.hub.policies import Line, Lines
from packages.topicwire.tests.serving import ask, receive, serving
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from topicwire import drop_oldest, latest, lossless, merge
from topicwire.asgi.transport import AsgiTransport
from topicwire.close_codes import SLOW_CONSUMER
from topicwire.wire.frames import Frame

UPDATES = 800
PADDING = "." * 2_000
RECEIVED_BY_THE_KERNEL = 8_192
"""What the stalled client lets its own kernel take, so that it is behind soon."""


def joined(older: Line, newer: Line) -> Line:
    parts = [*(older.parts or [older.value]), *(newer.parts or [newer.value])]
    return Line(key=newer.key, value=newer.value, parts=parts)


class Swallowed:
    """Counts the bytes that a connection has handed to its socket."""

    def __init__(self, connection: Any) -> None:
        self.bytes = 0
        self.connection = connection
        send = connection._transport.send

        async def counted(text: str) -> None:
            self.bytes += len(text)
            await send(text)

        connection._transport.send = counted

    @property
    def waiting(self) -> list[Frame]:
        """The frames that wait in the outbox, oldest first."""
        slots = [getattr(one, "update", one) for one in self.connection._outbox._waiting]
        return [getattr(one, "frame", one) for one in slots if one is not None]


@asynccontextmanager
async def small_window(url: str) -> AsyncIterator[ClientConnection]:
    address = urlsplit(url)
    with sockets.socket() as sock:
        sock.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, RECEIVED_BY_THE_KERNEL)
        sock.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(sock, (address.hostname, address.port))
        async with connect(url, sock=sock, compression=None) as client:
            yield client


async def to_the_end(client: ClientConnection, last: int) -> tuple[list[str], int | None]:
    """Read up to an update, or a close. Returns the messages, and the close code."""
    texts: list[str] = []
    try:
        while not texts or json.loads(texts[-1])["payload"]["seq"] < last:
            text = await client.recv()
            assert isinstance(text, str)
            texts.append(text)
    except ConnectionClosed:
        return texts, client.close_code
    return texts, None


@pytest.fixture(params=["one by one", "directly"])
def is_direct(request: pytest.FixtureRequest) -> Iterator[bool]:
    """Whether the hub is given the sockets, to write updates straight to them."""
    is_direct = request.param == "directly"
    with nullcontext() if is_direct else patch.object(AsgiTransport, "direct", None):
        yield is_direct


@pytest.mark.parametrize(
    ("delivery", "waiting"),
    [
        (latest(), [UPDATES]),
        (latest("key"), [UPDATES - 1, UPDATES]),
        (drop_oldest(5), list(range(UPDATES - 4, UPDATES + 1))),
        (merge(joined), [UPDATES]),
        (lossless(max_queue_bytes=100_000), None),
    ],
    ids=lambda one: getattr(one, "policy", None),
)
async def test_the_stalled_one_gets_what_its_policy_says(
    delivery: Any,
    waiting: list[int] | None,
    is_direct: bool,  # noqa: FBT001
) -> None:
    """trap: staleness of `latest` in bytes behind a stalled socket.

    When it reads again it finds what its socket had swallowed before, and what its policy lets
    wait: for `latest` one update of each key. Its neighbour has had every one, as it was published.
    """
    lines = Lines(delivery)
    async with serving(lines.app.asgi) as url, small_window(url) as stalled:
        await ask(stalled, "lines.subscribe", {})
        (connection,) = lines.app.hub._connections
        swallowed = Swallowed(connection)
        stalled.transport.pause_reading()
        async with connect(url) as healthy:
            await ask(healthy, "lines.subscribe", {})
            for number in range(1, UPDATES + 1):
                lines.publish("AB"[number % 2] + PADDING)
                assert (await receive(healthy))["payload"]["seq"] == number
        before, waits = swallowed.bytes, swallowed.waiting
        stalled.transport.resume_reading()
        texts, code = await to_the_end(stalled, UPDATES)
    found = [json.loads(text)["payload"] for text in texts]
    numbers = [one["seq"] for one in found]
    if waiting is None:
        assert code == SLOW_CONSUMER
        assert numbers == list(range(1, len(numbers) + 1))
        assert lines.metrics.slow_consumers == 1
        return
    assert numbers[-len(waiting) :] == waiting
    swallowed_numbers = numbers[: -len(waiting)]
    assert len(swallowed_numbers) < UPDATES / 2
    assert is_direct or sum(map(len, texts)) == before + sum(frame.size for frame in waits)
    assert [frame.text for frame in waits] == texts[-len(waits) :]
    parts = [one["payload"]["parts"] or [one["payload"]["value"]] for one in found]
    told = [value for some in parts for value in some]
    if delivery.policy == "merge":
        assert told == list(range(1, UPDATES + 1))
    metrics = lines.metrics
    left_out = metrics.updates_conflated + metrics.updates_dropped + metrics.updates_merged
    assert left_out == UPDATES - len(numbers)
    assert all(one < other for one, other in pairwise(numbers))
