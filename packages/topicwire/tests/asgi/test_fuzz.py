"""Whatever clients send, no exception escapes, no other connection notices, and nothing is kept.

A failure names its seed: `TOPICWIRE_FUZZ_SEED=7 pytest -k fuzz` repeats it.
"""

from __future__ import annotations

import gc
import logging
import os
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from typing import Any, NamedTuple

import pytest
from packages.topicwire.tests.asgi.malformed import Malformed
from packages.topicwire.tests.trading import (
    AAPL,
    AAPL_TOPIC,
    App,
    Trade,
    TradesRequest,
    trades,
    update,
)
from pydantic import BaseModel

from topicwire import FastWSAdapter, WsRouter, WsRouteService
from topicwire.testing import InProcessClient, connect
from topicwire.wire import codec

SEED = int(os.environ.get("TOPICWIRE_FUZZ_SEED", "1"))
CONNECTIONS = 4
BATCH = 25
UNBOUNDED = 1_000_000_000


class Saying(BaseModel):
    text: str


class QuietService(WsRouteService):
    def create_topic(self, topic: str, topic_update: Callable[[Any], None]) -> None: ...

    def remove_topic(self, topic: str) -> None: ...


class Fuzzed:
    """An app, a subscriber that must not notice anything, and clients that misbehave."""

    def __init__(self) -> None:
        self.router = trades(QuietService(), updates_from="application")
        self.words = WsRouter[TradesRequest, str](route="words", linger_s=0)

        @self.router.send("say", reply="say.response")
        def say(saying: Saying) -> Saying:
            return saying

        self.app = App(
            self.router,
            self.words,
            max_commands_per_s=UNBOUNDED,
            max_command_burst=UNBOUNDED,
            max_retained_topics=10,
        )
        self.published = 0

    async def round(self, subscriber: InProcessClient, messages: Malformed, count: int) -> None:
        """Send `count` messages on connections of their own; time passes when they have left."""
        async with AsyncExitStack() as stack:
            legacies = [number % 2 == 0 for number in range(CONNECTIONS)]
            clients = [
                await stack.enter_async_context(connect(self.app.asgi, legacy=legacy))
                for legacy in legacies
            ]
            for number in range(0, count, BATCH):
                client = clients[number // BATCH % CONNECTIONS]
                for _ in range(BATCH):
                    await client.send(messages())
                await client.settle()  # it was not closed, and still answers
                await self.nothing_was_noticed(subscriber)
        self.app.clock.advance(1_000)
        await self.nothing_was_noticed(subscriber)

    async def nothing_was_noticed(self, subscriber: InProcessClient) -> None:
        self.published += 1
        self.router.publish(AAPL_TOPIC, Trade(price=self.published))
        seen = await subscriber.settle()
        assert seen == [update(AAPL_TOPIC, self.published, float(self.published))]


@pytest.fixture(autouse=True)
def nothing_escapes(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Nothing is logged as an error, by whomever; asyncio's complaints are logged too."""
    with caplog.at_level(logging.ERROR):
        yield
    assert [record.getMessage() for record in caplog.records] == [], f"seed {SEED}"


class Used(NamedTuple):
    """What is in use."""

    size: int
    """Bytes, but for those of `wire.codec`."""

    cached: int
    """Bytes of `wire.codec`, where the JSON parser keeps 16,384 short texts that it has seen."""

    objects: int

    @classmethod
    def now(cls) -> Used:
        gc.collect()
        if not tracemalloc.is_tracing():
            return cls(0, 0, len(gc.get_objects()))
        traces = tracemalloc.take_snapshot().statistics("filename")
        sizes = {one.traceback[0].filename: one.size for one in traces}
        cached = sizes.pop(str(codec.__file__), 0)
        return cls(sum(sizes.values()), cached, len(gc.get_objects()))


def nothing_is_kept(before: Used, after: Used) -> None:
    # 4,096 comparisons of unknown types with known ones are kept, each an object
    assert after.objects - before.objects < 300 + codec._pairs.cache_info().currsize
    assert after.size - before.size < 50_000
    assert after.cached < 4_000_000


async def fuzz(rounds: int, size: int, seed: int) -> list[Used]:
    """Run the rounds. Returns what is in use after each."""
    fuzzed = Fuzzed()
    used = []
    async with connect(fuzzed.app.asgi, legacy=True) as subscriber:
        await subscriber.subscribe("trades", AAPL)
        for number in range(rounds):
            messages = Malformed(seed + number, topic=AAPL_TOPIC)
            try:
                await fuzzed.round(subscriber, messages, size)
            except BaseException as error:
                error.add_note(f"round {number}, seed {seed + number}")
                raise
            used.append(Used.now())
    await fuzzed.app.adapter.close()
    metrics = fuzzed.app.adapter.metrics
    assert (metrics.connections, metrics.subscriptions, metrics.producers) == (0, 0, 0)
    return used


async def test_malformed_messages_disturb_nobody() -> None:
    """pitfall 15: each message that is sent meanwhile is in the document, too"""
    await fuzz(rounds=2, size=750, seed=SEED)


async def test_malformed_messages_leave_nothing_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FastWSAdapter, "observers", [])  # what compares messages keeps them
    tracemalloc.start()
    try:
        used = await fuzz(rounds=4, size=500, seed=SEED + 100)
    finally:
        tracemalloc.stop()
    nothing_is_kept(used[1], used[-1])


@pytest.mark.long
async def test_100_000_malformed_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FastWSAdapter, "observers", [])
    tracemalloc.start()
    try:
        used = await fuzz(rounds=20, size=5_000, seed=SEED + 1_000)
    finally:
        tracemalloc.stop()
    print(f"seed {SEED}; after each 5,000 messages: {used}")  # noqa: T201
    nothing_is_kept(used[3], used[-1])
