"""Updates that go straight to the sockets: real ones."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator
from contextlib import AsyncExitStack
from typing import Any
from unittest.mock import patch

import pytest
from packages.topicwire.tests.asgi.raw_socket import RawSocket, raw_socket, text_frame
from packages.topicwire.tests.hub.sockets import direct_sockets, texts, writing_by
from packages.topicwire.tests.hub.writers import writers
from packages.topicwire.tests.serving import serving
from packages.topicwire.tests.trading import AAPL, AAPL_TOPIC, IBM, IBM_TOPIC, App, Trade, trades

from topicwire import drop_oldest, latest, lossless, merge
from topicwire.close_codes import GOING_AWAY, SLOW_CONSUMER
from topicwire.hub.direct import SLICE
from topicwire.testing import connect

SUBSCRIBE = text_frame({"type": "trades.subscribe", "payload": AAPL})
SUBSCRIBE_IBM = text_frame({"type": "trades.subscribe", "payload": IBM})
UNSUBSCRIBE = text_frame({"type": "trades.unsubscribe", "payload": AAPL})
PING = text_frame({"type": "ping"})


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


async def subscribed(client: RawSocket, *subscriptions: bytes) -> None:
    for subscribe in subscriptions or (SUBSCRIBE,):
        client.received = b""
        await client.send(subscribe)
        await client.read_until(b"Subscribed")
    await at_rest()
    client.received = b""


async def at_rest() -> None:
    """Let what was answered leave: then nothing waits for anybody."""
    for _ in range(20):
        await asyncio.sleep(0)


async def frames(client: RawSocket) -> list[list[Any]]:
    """Return what came up to now: the messages of each frame, without the answer to our ping."""
    await client.send(PING)
    await client.read_until(b'"pong"')
    parts = [[json.loads(line) for line in text.split("\n")] for text in texts(client.received)]
    client.received = b""
    assert parts[-1].pop()["type"] == "pong"
    return [part for part in parts if part]


def seqs(parts: list[list[Any]]) -> list[list[int]]:
    return [[message["payload"]["seq"] for message in part] for part in parts]


def publish(app_router: Any, count: int, topic: str = AAPL_TOPIC) -> None:
    for price in range(count):
        app_router.publish(topic, Trade(price=price))


async def test_one_write_of_the_same_bytes_for_each_client(written: list[bytes]) -> None:
    router = trades()
    app = App(router)
    async with serving(app.asgi) as url, raw_socket(url) as one, raw_socket(url) as other:
        for client in (one, other):
            await subscribed(client)
        publish(router, 3)
        await at_rest()
        assert len(written) == 2
        assert written[0] is written[1]
        for client in (one, other):
            assert seqs(await frames(client)) == [[1, 2, 3]]
        metrics = app.adapter.metrics
        assert (metrics.updates_sent, metrics.send_lag.count) == (6, 2)
        assert metrics.bytes_sent == 2 * (len(written[0]) - 4 - 2)  # the header, the newlines


async def test_a_legacy_client_gets_one_message_a_frame(written: list[bytes]) -> None:
    router = trades()
    app = App(router)
    async with (
        serving(app.asgi) as url,
        raw_socket(url, legacy=True) as legacy,
        raw_socket(url) as ours,
    ):
        for client in (legacy, ours):
            await subscribed(client)
        publish(router, 3)
        await at_rest()
        assert len(written) == 2
        assert seqs(await frames(legacy)) == [[1], [2], [3]]
        assert seqs(await frames(ours)) == [[1, 2, 3]]


async def test_what_two_topics_have_is_one_write_in_the_order_of_publishing(
    written: list[bytes],
) -> None:
    router = trades()
    app = App(router)
    async with serving(app.asgi) as url, raw_socket(url) as both, raw_socket(url) as one:
        await subscribed(both, SUBSCRIBE, SUBSCRIBE_IBM)
        await subscribed(one)
        for topic in (IBM_TOPIC, AAPL_TOPIC, IBM_TOPIC):
            publish(router, 1, topic)
        await at_rest()
        assert len(written) == 2
        [part] = await frames(both)
        assert [message["payload"]["topic"] for message in part] == [
            IBM_TOPIC,
            AAPL_TOPIC,
            IBM_TOPIC,
        ]
        assert seqs(await frames(one)) == [[1]]


async def test_a_reply_never_overtakes_an_update(written: list[bytes]) -> None:
    router = trades()
    app = App(router)
    async with serving(app.asgi) as url, raw_socket(url) as client:
        await subscribed(client)
        [connection] = app.hub._connections
        publish(router, 2)
        connection.received('{"type":"ping"}')  # in the step in which it was published
        publish(router, 1)
        await client.read_until(b'"seq":3')
        await at_rest()
        client.received = client.received[: client.received.rindex(b'"seq":3')]
        assert client.received.index(b'"seq":2') < client.received.index(b'"pong"')
        assert written == []  # the reply waited, and what came behind it


async def test_what_was_published_before_an_unsubscribe_comes_and_nothing_after() -> None:
    router = trades()
    app = App(router)
    async with serving(app.asgi) as url, raw_socket(url) as client, raw_socket(url) as other:
        for one in (client, other):
            await subscribed(one)
        await client.send(UNSUBSCRIBE)
        published = 0
        while app.adapter.metrics.subscriptions > 1:
            publish(router, 1)
            published += 1
            await asyncio.sleep(0)
        publish(router, 1)
        got = [message for part in await frames(client) for message in part]
        assert got[-1]["type"] == "trades.unsubscribe.response"
        own = [message["payload"]["seq"] for message in got[:-1]]
        assert own == list(range(1, len(own) + 1))
        assert len(own) in {published - 1, published}
        others = [seq for part in seqs(await frames(other)) for seq in part]
        assert others == list(range(1, published + 2))


async def test_what_was_published_before_a_drain_comes_before_closing() -> None:
    router = trades()
    app = App(router)
    async with serving(app.asgi) as url, raw_socket(url) as client:
        await subscribed(client)
        publish(router, 2)
        app.hub.begin_drain()
        publish(router, 2)
        await client.read_until(GOING_AWAY.to_bytes(2))
        *parts, close = _to_close(client.received)
        assert close == GOING_AWAY
        messages = [message for part in parts for message in part]
        kinds = [message["payload"].get("seq", message["type"]) for message in messages]
        assert sorted(kinds, key=str) == [1, 2, 3, 4, "closing"]
        assert kinds.index("closing") >= 2


def _to_close(received: bytes) -> list[Any]:
    """Return the messages of each frame, then the close code."""
    data, code = received.split(b"\x88", 1)
    parts: list[Any] = [[json.loads(one) for one in text.split("\n")] for text in texts(data)]
    return [*parts, int.from_bytes(code[1:3], "big")]


@pytest.mark.parametrize("legacy", [False, True])
async def test_a_client_that_does_not_read_is_closed_and_misses_nothing_until_then(
    legacy: bool,  # noqa: FBT001
) -> None:
    router = trades(delivery=lossless())
    app = App(router, max_queue_bytes=50_000)
    async with (
        serving(app.asgi) as url,
        raw_socket(url, legacy=legacy) as stalled,
        raw_socket(url) as neighbour,
    ):
        for client in (stalled, neighbour):
            await subscribed(client)
        seen: list[int] = []
        metrics = app.adapter.metrics
        while not metrics.slow_consumers:
            publish(router, 50)
            seen += [seq for part in seqs(await frames(neighbour)) for seq in part]
        assert seen == list(range(1, len(seen) + 1))
        assert metrics.closes == {SLOW_CONSUMER: 1}
        assert metrics.updates_abandoned > 0
        await stalled.read_until(SLOW_CONSUMER.to_bytes(2))
    *parts, close = _to_close(stalled.received)
    own = [message["payload"]["seq"] for part in parts for message in part]
    assert close == SLOW_CONSUMER
    assert own == list(range(1, len(own) + 1))
    assert metrics.updates_sent == len(seen) + len(own) + metrics.updates_abandoned


@pytest.mark.parametrize("error", [BrokenPipeError, ConnectionResetError, BlockingIOError, OSError])
async def test_a_socket_that_fails_is_the_servers_and_its_neighbours_do_not_notice(
    error: type[OSError],
) -> None:
    router = trades()
    app = App(router)
    async with (
        serving(app.asgi) as url,
        raw_socket(url) as first,
        raw_socket(url) as second,
        raw_socket(url) as third,
    ):
        clients = [first, second, third]
        for client in clients:
            await subscribed(client)
        calls: list[int] = []

        def write(descriptor: int, data: bytes) -> int:
            calls.append(descriptor)
            if len(calls) == 2:
                raise error
            return os.write(descriptor, data)

        with writing_by(write):
            publish(router, 1)
            await at_rest()
        assert len(calls) == 3
        # nothing was wrong with it: the server has sent what the descriptor did not take
        for client in clients:
            assert seqs(await frames(client)) == [[1]]
        assert app.adapter.metrics.connections == 3


async def test_a_client_that_vanishes_ends_as_ever() -> None:
    router = trades()
    app = App(router)
    async with serving(app.asgi) as url, raw_socket(url) as stays:
        await subscribed(stays)
        async with raw_socket(url) as gone:
            await subscribed(gone)
        while app.adapter.metrics.connections > 1:
            publish(router, 1)
            await asyncio.sleep(0)
        got = [seq for part in seqs(await frames(stays)) for seq in part]
        assert got == list(range(1, len(got) + 1))
        metrics = app.adapter.metrics
        assert metrics.subscriptions == 1


async def test_more_clients_than_a_slice_has() -> None:
    """What is published while some have had their turn is for the next wave."""
    router = trades()
    app = App(router)
    with direct_sockets() as writes:
        async with AsyncExitStack() as stack:
            clients = [
                await stack.enter_async_context(connect(app.asgi)) for _ in range(SLICE + 10)
            ]
            for client in clients:
                await client.subscribe("trades", AAPL)
            await at_rest()
            for _ in range(2):
                publish(router, 1)
                await asyncio.sleep(0)
            await at_rest()
            assert writes.count == 2 * len(clients)
            for client in clients:
                assert [one["payload"]["seq"] for one in await client.settle()] == [1, 2]


@pytest.mark.parametrize(
    ("delivery", "numbers"),
    [(latest(), [4]), (drop_oldest(2), [3, 4]), (merge(lambda _, newer: newer), [4])],
)
async def test_what_is_conflated_is_so_once_for_all(
    delivery: Any, numbers: list[int], written: list[bytes]
) -> None:
    router = trades(delivery=delivery)
    app = App(router)
    async with serving(app.asgi) as url, raw_socket(url) as one, raw_socket(url) as other:
        for client in (one, other):
            await subscribed(client)
        publish(router, 4)
        await at_rest()
        assert len(written) == 2
        assert written[0] is written[1]
        for client in (one, other):
            assert seqs(await frames(client)) == [numbers]
        metrics = app.adapter.metrics
        left_out = metrics.updates_conflated + metrics.updates_dropped + metrics.updates_merged
        assert (metrics.updates_sent, left_out) == (8, 8 - 2 * len(numbers))
