"""An application whose clients send what they please, and what it keeps of that.

`python -m packages.topicwire.tests.asgi.fuzzing ROUNDS SIZE SEED` prints what is in use after each
round as JSON. In a process of its own, nothing is counted that other tests have left behind.
"""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import sys
import tracemalloc
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any, NamedTuple

from packages.topicwire.tests.asgi.malformed import Malformed, MalformedPacked
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
from topicwire.wire import codec, codecs, requests, topics

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

    async def round(self, subscriber: InProcessClient, seed: int, count: int) -> None:
        """Send `count` messages on connections of their own; time passes when they have left."""
        in_json = Malformed(seed, topic=AAPL_TOPIC)
        in_msgpack = MalformedPacked(seed, topic=AAPL_TOPIC)
        async with AsyncExitStack() as stack:
            clients: list[tuple[InProcessClient, Malformed]] = []
            for number in range(CONNECTIONS):
                is_packed = number % 2 == 1
                opening = connect(
                    self.app.asgi,
                    legacy=number % 4 == 0,
                    codec="msgpack" if is_packed else "json",
                )
                client = await stack.enter_async_context(opening)
                clients.append((client, in_msgpack if is_packed else in_json))
            for number in range(0, count, BATCH):
                client, messages = clients[number // BATCH % CONNECTIONS]
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


class Used(NamedTuple):
    """What is in use."""

    size: int
    """Bytes, but for those that are `cached` and those of this measurement."""

    cached: int
    """Bytes of what `wire` remembers, within bounds: the JSON parser 16,384 short texts that it has
    seen, and requests 4,096 of themselves with their canonical JSON."""

    objects: int

    compared: int
    """Comparisons of unknown types with known ones that `wire.codec` keeps, each an object."""

    files: dict[str, int]
    """The bytes by the file that asked for them."""

    @classmethod
    def now(cls) -> Used:
        codecs._packed_again.cache_clear()  # of the last 1,024 messages that were packed
        gc.collect()
        compared = codec._pairs.cache_info().currsize
        if not tracemalloc.is_tracing():
            return cls(0, 0, len(gc.get_objects()), compared, {})
        traces = tracemalloc.take_snapshot().statistics("filename")
        sizes = {one.traceback[0].filename: one.size for one in traces}
        for measuring in (tracemalloc.__file__, __file__):
            sizes.pop(measuring, None)
        cached = sum(sizes.pop(str(module.__file__), 0) for module in (codec, requests, topics))
        return cls(sum(sizes.values()), cached, len(gc.get_objects()), compared, sizes)


async def fuzz(rounds: int, size: int, seed: int) -> list[Used]:
    """Run the rounds. Returns what is in use after each."""
    fuzzed = Fuzzed()
    used = []
    async with connect(fuzzed.app.asgi, legacy=True) as subscriber:
        await subscriber.subscribe("trades", AAPL)
        for number in range(rounds):
            try:
                await fuzzed.round(subscriber, seed + number, size)
            except BaseException as error:
                error.add_note(f"round {number}, seed {seed + number}")
                raise
            used.append(Used.now())
    await fuzzed.app.adapter.close()
    metrics = fuzzed.app.adapter.metrics
    assert (metrics.connections, metrics.subscriptions, metrics.producers) == (0, 0, 0)
    return used


def main(rounds: int, size: int, seed: int) -> None:
    """Print what is in use after each round. Whatever is logged as an error goes to stderr."""
    logging.basicConfig(level=logging.ERROR)
    FastWSAdapter.observers = []  # what compares messages keeps them
    tracemalloc.start()
    used = asyncio.run(fuzz(rounds, size, seed))
    print(json.dumps([one._asdict() for one in used]))  # noqa: T201


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
