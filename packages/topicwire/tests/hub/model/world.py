"""A hub and its clients, and what must hold of them after every step (protocol, section 4)."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from typing import Any, ClassVar, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
)
from packages.topicwire.tests.hub.model.ledger import Ledger
from packages.topicwire.tests.hub.model.service import StatefulService, WatchfulService
from packages.topicwire.tests.hub.model.trace import Trace
from packages.topicwire.tests.trading import App, Trade, TradesRequest

from topicwire import ReplayLimits, WsRouter, by_symbol
from topicwire.testing import ConnectionEnded, InProcessClient
from topicwire.testing.faults import FaultyApp

_T = TypeVar("_T")

LIMITS = ReplayLimits(max_updates=5, max_age_s=10)
UPDATE_BYTES, RESET_BYTES, REPLY_BYTES = 120, 400, 500
"""None is larger, here."""


class World(RuleBasedStateMachine):
    """Nobody misses anything, and nobody's connection ends for nothing; at the end nothing is left.

    Attributes:
        happened: what came and what ended, over all examples: a thing that never occurs is not
            tested.
    """

    happened: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.stack = AsyncExitStack()
        self.alive: list[Trace] = []
        self.denied: set[str] = set()
        self.published = 0
        self.hurries = 0

    def run(self, coroutine: Coroutine[Any, Any, _T]) -> _T:
        return self.loop.run_until_complete(coroutine)

    # What there is

    @initialize(
        linger_s=st.sampled_from([0.0, 5.0]),
        source=st.sampled_from(["application", "producer", "application"]),
        replay=st.sampled_from([LIMITS, LIMITS, None]),
        snapshot=st.sampled_from([None, "last", "service"]),
        is_prompt=st.booleans(),
    )
    def create(
        self, linger_s: float, source: Any, replay: Any, snapshot: Any, is_prompt: Any
    ) -> None:
        if source == "producer" and replay is not None:
            linger_s = 10.0  # else the promise could not be kept, and would be refused
        kind = StatefulService if snapshot == "service" else WatchfulService
        self.service = kind(is_prompt=is_prompt)
        self.limits = replay
        self.has_snapshots = snapshot is not None
        self.router = WsRouter[TradesRequest, Trade](
            route="trades",
            service=self.service,
            topic_builder=by_symbol("symbols"),
            linger_s=linger_s,
            updates_from=source,
            replay=replay,
            snapshot="last" if snapshot == "last" else None,
            authorize=lambda _principal, _request, topic: topic not in self.denied,
        )
        self.run(self._create())

    async def _create(self) -> None:
        self.app = App(self.router, max_queue_bytes=2_000, retention_s=60)
        self.ledger = Ledger(self.app.hub.backplane, self.app.clock.now_s, self._published_to)
        self.faulty = FaultyApp(self.app.asgi, clock=self.app.clock)
        if isinstance(self.service, StatefulService):
            self.service.head = self.ledger.head

    def _published_to(self, topic: str) -> None:
        self.owe(topic, UPDATE_BYTES)

    def owe(self, topic: str, size: int) -> None:
        """Note that whoever receives a topic is to be sent at most `size` bytes."""
        for trace in self.alive:
            if trace.is_to_have(topic):
                trace.treatment.owe(size, self.app.clock.now_s())

    async def let_pass(self, seconds: float) -> None:
        """Let time pass at once."""
        self.app.clock.advance(seconds)
        for trace in self.alive:
            trace.treatment.let_pass(self.app.clock.now_s())

    async def come_to_rest(self) -> None:
        """Let everything happen that happens by itself: until the event loop has nothing to run."""
        await asyncio.sleep(0)
        while self.loop._ready:  # type: ignore[attr-defined]  # noqa: ASYNC110 - no public way
            await asyncio.sleep(0)

    def finish_one(self, topic: str, *, well: bool) -> None:
        """End a start or a stop that is under way."""
        future = self.service.pending[topic]
        if not future.done():
            future.set_result(well)

    # What must hold

    @invariant()
    def every_trace_keeps_the_guarantees(self) -> None:
        if not hasattr(self, "app"):
            return
        assert self.service.faults == []
        if self.hurries:
            self.hurries -= 1
            for trace in self.alive:
                trace.treatment.hurry()
            return
        self.run(self.come_to_rest())
        for trace in [one for one in self.alive if not one.treatment.is_stalled]:
            was_held_back = trace.is_held_back
            messages, ended = self.run(self._drained(trace.client))
            for message in messages:
                trace.take(message, self.app.clock.now_s())
            if ended is None:
                trace.is_complete(self.service.alive())
                now_s = self.app.clock.now_s()
                trace.treatment.catch_up(now_s, is_held_back=trace.is_held_back)
                continue
            self.alive.remove(trace)
            self.happened[trace.treatment.explanation(ended.code, was_held_back=was_held_back)] += 1

    @staticmethod
    async def _drained(
        client: InProcessClient,
    ) -> tuple[list[dict[str, Any]], ConnectionEnded | None]:
        try:
            return await client.settle(), None
        except ConnectionEnded as ended:
            rest = [one for one in client._pending if one["type"] != "pong"]
            client._pending.clear()
            return rest, ended

    @invariant()
    def what_is_kept_is_what_is_counted(self) -> None:
        if hasattr(self, "app"):
            rings = [one._recent._ring for one in self.app.hub._topics.values()]
            kept = sum(ring.size for ring in rings if ring is not None)
            assert self.app.adapter.metrics.replay_bytes == kept

    def teardown(self) -> None:
        """All leave: every producer is stopped, and nothing is left."""
        if hasattr(self, "app"):
            self.run(self._leave())
            metrics = self.app.adapter.metrics
            assert (metrics.connections, metrics.subscriptions, metrics.producers) == (0, 0, 0)
            assert metrics.replay_bytes == 0
            assert self.service.faults == []
            assert set(self.service.states.values()) <= {"stopped"}
            hub = self.app.hub
            assert (hub._topics, len(hub.backplane), len(hub._tasks)) == ({}, 0, 0)
        self.loop.close()

    async def _leave(self) -> None:
        finisher = asyncio.get_running_loop().create_task(self._finish_everything())
        await self.stack.aclose()
        async with asyncio.timeout(10):
            while self.app.hub._topics:  # noqa: ASYNC110 - the finisher lets it happen
                await asyncio.sleep(0)
        finisher.cancel()
        self.app.clock.advance(100)
        await self.come_to_rest()

    async def _finish_everything(self) -> None:
        while True:
            for topic in self.service.pending:
                self.finish_one(topic, well=True)
            self.app.clock.advance(5)
            await asyncio.sleep(0)
