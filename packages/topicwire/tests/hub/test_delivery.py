"""Coming and going at random, against a log of everything that was published."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from packages.topicwire.tests.trading import AAPL, AAPL_TOPIC, IBM, IBM_TOPIC, App, Trade, trades

from topicwire import ReplayLimits
from topicwire.core.lifecycle import State
from topicwire.testing import InProcessClient, connect
from topicwire.testing.client import ConnectionEnded
from topicwire.types import Position, TopicId

LIMITS = ReplayLimits(max_updates=5, max_age_s=10)
REQUESTS = {AAPL_TOPIC: AAPL, IBM_TOPIC: IBM}
TOPICS = st.sampled_from(list(REQUESTS))
CLIENTS = st.integers(0, 2)


@dataclass
class Visitor:
    """A client that remembers, across its connections, where it got to."""

    reached: dict[str, Position] = field(default_factory=dict)
    connection: AbstractAsyncContextManager[InProcessClient] | None = None
    client: InProcessClient | None = None
    is_stalled: bool = False
    subscribed: set[str] = field(default_factory=set)
    asked: dict[str, tuple[str, Position | None, bool | None]] = field(default_factory=dict)


class DeliveryAgainstLog(RuleBasedStateMachine):
    """Guarantees 2, 3, 5 and 7: every update exactly once and in order, or `recovered: false`."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.router = trades(replay=LIMITS)
        self.app = App(self.router, max_queue_bytes=1_500, max_retained_topics=1)
        self.visitors = [Visitor() for _ in range(3)]
        self.log: dict[tuple[str, Position], tuple[float, float]] = {}
        self.commands = 0
        self.published = 0

    def run(self, step: Coroutine[Any, Any, Any]) -> None:
        self.loop.run_until_complete(step)

    def head(self, topic: str) -> Position | None:
        """What the backplane has given as the last number."""
        numbering = self.app.hub.backplane._numberings.get(TopicId("trades", topic))
        return None if numbering is None else Position(numbering.epoch, numbering.seq)

    def recovers(self, topic: str, seen: Position | None) -> bool | None:
        """What the naive model says of a resume: are all the missed ones recent enough, and few?"""
        head = self.head(topic)
        if seen is None:
            return None
        if head is None or head.epoch != seen.epoch:
            return False
        missed = [Position(head.epoch, seq) for seq in range(seen.seq + 1, head.seq + 1)]
        oldest_s = self.app.clock.now_s() - LIMITS.max_age_s
        return len(missed) <= LIMITS.max_updates and all(
            self.log[topic, one][1] >= oldest_s for one in missed
        )

    # What a visitor sees

    def look(self, visitor: Visitor, message: dict[str, Any]) -> None:
        payload = message["payload"]
        if message["type"] == "trades.update":
            topic, value = payload["topic"], payload["payload"]["price"]
            assert topic in visitor.subscribed
            before = visitor.reached[topic]
            now = Position(before.epoch, before.seq + 1)
            assert (payload["seq"], value) == (now.seq, self.log[topic, now][0])
            visitor.reached[topic] = now
            return
        topic, seen, expected = visitor.asked.pop(message["id"])
        if message["type"] == "trades.unsubscribe.response":
            visitor.subscribed.discard(topic)
            return
        assert payload["status"] == "ok"
        told = Position(payload["epoch"], payload["seq"])
        recovered = payload.get("recovered")
        if topic in visitor.subscribed:
            assert told == visitor.reached[topic]
            return
        assert (recovered is None) is (seen is None)
        if expected is not None:
            assert recovered is expected
        if recovered:
            assert told == seen
        visitor.reached[topic] = told
        visitor.subscribed.add(topic)

    async def catch_up(self, visitor: Visitor) -> None:
        """Read all that there is, and end where the topics are."""
        client = visitor.client
        if client is None or visitor.is_stalled:
            return
        try:
            while visitor.asked:
                self.look(visitor, await client.receive())
            for message in await client.settle():
                self.look(visitor, message)
        except ConnectionEnded as ended:
            assert ended.code == 4008  # noqa: PT017 - the only end there may be
            await self.leave(visitor)
            return
        for topic in visitor.subscribed:
            assert visitor.reached[topic] == self.head(topic)

    async def leave(self, visitor: Visitor) -> None:
        assert visitor.connection is not None
        await visitor.connection.__aexit__(None, None, None)
        visitor.connection = visitor.client = None
        visitor.is_stalled = False
        visitor.subscribed.clear()
        visitor.asked.clear()

    async def command(self, visitor: Visitor, kind: str, topic: str, *, resumes: bool) -> None:
        assert visitor.client is not None
        self.commands += 1
        message = {"type": f"trades.{kind}", "payload": REQUESTS[topic], "id": f"c{self.commands}"}
        seen = visitor.reached.get(topic) if resumes and not visitor.is_stalled else None
        if seen is not None:
            message["resume"] = seen._asdict()
        held = topic in visitor.subscribed
        expected = None if held else self.recovers(topic, seen)
        visitor.asked[str(message["id"])] = (topic, seen, expected)
        await visitor.client.send(message)
        for _ in range(8):
            await asyncio.sleep(0)

    # Rules

    @rule(number=CLIENTS)
    def connect(self, number: int) -> None:
        visitor = self.visitors[number]
        if visitor.client is None:
            visitor.connection = connect(self.app.asgi)
            visitor.client = self.loop.run_until_complete(visitor.connection.__aenter__())
            visitor.client.timeout_s = 2

    @rule(number=CLIENTS)
    def disconnect(self, number: int) -> None:
        if self.visitors[number].client is not None:
            self.run(self.leave(self.visitors[number]))

    @rule(number=CLIENTS, topic=TOPICS, resumes=st.booleans())
    def subscribe(self, number: int, topic: str, resumes: bool) -> None:  # noqa: FBT001 - by name
        if self.visitors[number].client is not None:
            self.run(self.command(self.visitors[number], "subscribe", topic, resumes=resumes))

    @rule(number=CLIENTS, topic=TOPICS)
    def unsubscribe(self, number: int, topic: str) -> None:
        if self.visitors[number].client is not None:
            self.run(self.command(self.visitors[number], "unsubscribe", topic, resumes=False))

    @rule(topic=TOPICS, count=st.integers(1, 7))
    def publish(self, topic: str, count: int) -> None:
        self.run(self.publish_all(topic, count))

    async def publish_all(self, topic: str, count: int) -> None:
        for _ in range(count):
            self.published += 1
            self.router.publish(topic, Trade(price=self.published))
            head = self.head(topic)
            if head is not None:
                self.log[topic, head] = (float(self.published), self.app.clock.now_s())

    @rule(number=CLIENTS)
    def stall(self, number: int) -> None:
        visitor = self.visitors[number]
        if visitor.client is not None:
            visitor.client.stall()
            visitor.is_stalled = True

    @rule(number=CLIENTS)
    def read_again(self, number: int) -> None:
        visitor = self.visitors[number]
        if visitor.client is not None:
            visitor.client.resume()
            visitor.is_stalled = False

    @precondition(lambda self: self.published)
    @rule(seconds=st.sampled_from([1, 4, 9, 11]))
    def wait(self, seconds: float) -> None:
        self.run(self.let_pass(seconds))

    async def let_pass(self, seconds: float) -> None:
        self.app.clock.advance(seconds)
        await asyncio.sleep(0)

    @invariant()
    def nobody_misses_anything(self) -> None:
        async def all_catch_up() -> None:
            for visitor in self.visitors:
                await self.catch_up(visitor)

        self.run(all_catch_up())

    @invariant()
    def what_is_kept_is_what_is_counted(self) -> None:
        topics = self.app.hub._topics.values()
        rings = [one._recent._ring for one in topics]
        kept = sum(ring.size for ring in rings if ring is not None)
        assert self.app.adapter.metrics.replay_bytes == kept
        assert len(self.app.hub.retention) <= 1
        retained = {one.id for one in topics if one.state is State.RETAINED}
        assert set(self.app.hub.retention._left) == retained

    def teardown(self) -> None:
        for visitor in self.visitors:
            if visitor.client is not None:
                self.run(self.leave(visitor))
        self.run(self.app.idle())
        self.run(self.let_pass(LIMITS.max_age_s))
        self.run(asyncio.sleep(0))
        assert self.app.adapter.metrics.replay_bytes == 0
        assert (self.app.hub._topics, len(self.app.hub.backplane)) == ({}, 0)
        self.loop.close()


def test_delivery_against_a_log() -> None:
    how = settings(max_examples=100, stateful_step_count=30, deadline=None)
    run_state_machine_as_test(DeliveryAgainstLog, settings=how)
