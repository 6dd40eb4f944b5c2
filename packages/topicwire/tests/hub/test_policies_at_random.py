"""Each policy under random coming, going, stalling and publishing, against a log of everything."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, ClassVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from packages.topicwire.tests.hub.policies import TOPIC, Line, Lines

from topicwire import ReplayLimits, WsRouteService, drop_oldest, latest, merge
from topicwire.testing import InProcessClient, connect
from topicwire.types import TopicId

KEYS = "AB"
MAX_QUEUE = 3
INTERVAL_S = 1.0
CLIENTS = st.integers(0, 1)


def parts(line: Line) -> list[int]:
    return line.parts or [line.value]


def joined(older: Line, newer: Line) -> Line:
    """Keep every value, to see that none is lost and none comes twice."""
    return Line(value=newer.value, parts=[*parts(older), *parts(newer)])


DELIVERIES: dict[str, Any] = {
    "latest": latest(),
    "keyed": latest("key", "closed"),
    "drop_oldest": drop_oldest(MAX_QUEUE),
    "merge": merge(joined),
    "latest, paced": latest(max_rate_hz=1 / INTERVAL_S),
    "keyed, paced": latest("key", "closed", max_rate_hz=1 / INTERVAL_S),
    "drop_oldest, paced": drop_oldest(MAX_QUEUE, max_rate_hz=1 / INTERVAL_S),
    "merge, paced": merge(joined, max_rate_hz=1 / INTERVAL_S),
}


class Book(WsRouteService):
    """Its state is everything that has been numbered."""

    def __init__(self, log: list[Line]) -> None:
        self.log = log

    async def create_topic(self, topic: str, topic_update: Callable[[Line], None]) -> None:
        del topic, topic_update

    async def remove_topic(self, topic: str) -> None:
        del topic

    def get_snapshot(self, topic: str) -> Line:
        del topic
        return Line(parts=[line.value for line in self.log])


@dataclass
class Visitor:
    """One client, and what it has been told since its subscription's reply."""

    connection: AbstractAsyncContextManager[InProcessClient] | None = None
    client: InProcessClient | None = None
    is_stalled: bool = False
    asked: list[str] = field(default_factory=list)
    is_to_have: bool = False
    """Its last command was to subscribe."""
    since: int | None = None
    """The number in the reply; None while it is not subscribed."""
    awaits: int | None = None
    """The number of the state that was announced."""
    received: list[tuple[int, Line]] = field(default_factory=list)
    reached: int | None = None
    """The last number that was seen, also of an earlier subscription: to resume from."""


class PolicyAgainstLog(RuleBasedStateMachine):
    """One topic of one policy; numbers go on whoever is there."""

    name = ""
    happened: ClassVar[Counter[str]] = Counter()
    """Over all examples: what never occurs is not tested."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        limits = ReplayLimits(max_updates=6)
        self.visitors = [Visitor(), Visitor()]
        self.log: list[Line] = []
        self.times_s: list[float] = []
        self.lines = Lines(
            DELIVERIES[self.name],
            replay=limits,
            service=Book(self.log),
            updates_from="application",
        )

    def run(self, step: Coroutine[Any, Any, Any]) -> None:
        self.loop.run_until_complete(step)

    @property
    def head(self) -> int:
        """What the backplane has given as the last number."""
        numberings = self.lines.app.hub.backplane._numberings
        numbering = numberings.get(TopicId("lines", TOPIC))
        return 0 if numbering is None else int(numbering.seq)

    def due_head(self) -> int:
        """Return the last number whose turn has come, or that of something newer in its place.

        What a rate holds back goes within one interval, or one of each interval where a queue does.
        """
        if not self.name.endswith("paced"):
            return self.head
        is_queue = self.name.startswith("drop_oldest")
        patience_s = INTERVAL_S * (MAX_QUEUE if is_queue else 1) + 1e-9
        until_s = self.lines.app.clock.now_s() - patience_s
        due = sum(at_s <= until_s for at_s in self.times_s)
        # what waited in a queue until now may have gone for what came since
        return 0 if is_queue and due < len(self.log) else due

    # What a visitor sees

    def look(self, visitor: Visitor, message: dict[str, Any]) -> None:
        payload = message["payload"]
        if message["type"] == "lines.update":
            assert visitor.since is not None
            last = visitor.received[-1][0] if visitor.received else visitor.since
            line = Line(**payload["payload"])
            if visitor.awaits is not None:
                assert (payload["snapshot"], payload["seq"]) == (True, visitor.awaits)
                assert line.parts == [one.value for one in self.log[: payload["seq"]]]
                visitor.awaits = None
                self.happened["state"] += 1
                return
            assert "snapshot" not in payload
            assert payload["seq"] > last
            assert line.value == self.log[payload["seq"] - 1].value
            if self.name.startswith("merge"):
                values = [one.value for one in self.log[last : payload["seq"]]]
                assert parts(line) == values
            self.happened["update"] += 1
            self.happened["left out"] += payload["seq"] > last + 1
            visitor.received.append((payload["seq"], line))
            visitor.reached = payload["seq"]
            return
        if visitor.asked.pop(0) == "unsubscribe":
            visitor.since = None
            visitor.received = []
            return
        assert payload["delivery"] == DELIVERIES[self.name].policy
        self.happened["recovered"] += payload.get("recovered", False)
        is_again = visitor.since is not None
        is_whole = payload.get("full_state", False)
        is_due = not payload.get("recovered") and not (is_again and is_whole)
        assert payload.get("snapshot", False) is is_due
        visitor.awaits = payload["seq"] if is_due else None
        if visitor.since is None:
            visitor.since = visitor.reached = payload["seq"]
        else:  # the same request again: it has been sent all up to there
            self.check(visitor, payload["seq"])

    async def catch_up(self, visitor: Visitor) -> None:
        if visitor.client is not None and not visitor.is_stalled:
            for message in await visitor.client.settle():
                self.look(visitor, message)

    def check(self, visitor: Visitor, head: int) -> None:
        """Nothing that was to be sent up to `head` is missing, or else something newer is there."""
        if visitor.since is None:
            return
        due = range(visitor.since + 1, head + 1)
        numbers = {seq for seq, _ in visitor.received}
        if self.name.startswith("merge"):
            assert not due or max(numbers, default=0) >= due[-1]
        elif self.name.startswith("drop_oldest"):
            assert set(due[-MAX_QUEUE:]) <= numbers
        else:
            is_keyed = self.name.startswith("keyed")
            newest: dict[str, int] = {}
            reached: dict[str, int] = {}
            for seq in due:
                line = self.log[seq - 1]
                if line.closed and is_keyed:
                    assert seq in numbers
                else:
                    newest[line.key if is_keyed else ""] = seq
            for seq, line in visitor.received:
                if not (line.closed and is_keyed):
                    reached[line.key if is_keyed else ""] = seq
            assert all(reached.get(key, 0) >= seq for key, seq in newest.items())

    async def leave(self, visitor: Visitor) -> None:
        assert visitor.connection is not None
        await visitor.connection.__aexit__(None, None, None)
        visitor.connection = visitor.client = visitor.since = None
        visitor.is_stalled = visitor.is_to_have = False
        visitor.asked, visitor.received, visitor.awaits = [], [], None

    # Rules

    @initialize(subscribed=st.lists(CLIENTS, min_size=1, unique=True))
    def begin(self, subscribed: list[int]) -> None:
        """Begin where there is somebody to be sent something."""
        for number in subscribed:
            self.come(number)
            self.subscribe(number, resumes=False)
        self.go_on(list("ABA"), 0.3)
        self.wait(1.0)

    @rule(number=CLIENTS)
    def come(self, number: int) -> None:
        visitor = self.visitors[number]
        if visitor.client is None:
            visitor.connection = connect(self.lines.app.asgi)
            visitor.client = self.loop.run_until_complete(visitor.connection.__aenter__())

    @rule(number=CLIENTS)
    def go(self, number: int) -> None:
        if self.visitors[number].client is not None:
            self.run(self.leave(self.visitors[number]))

    @rule(number=CLIENTS, resumes=st.booleans())
    def subscribe(self, number: int, resumes: bool) -> None:  # noqa: FBT001 - by name
        visitor = self.visitors[number]
        if visitor.client is None:
            return
        message: dict[str, Any] = {"type": "lines.subscribe", "payload": {}}
        numberings = self.lines.app.hub.backplane._numberings
        numbering = numberings.get(TopicId("lines", TOPIC))
        if resumes and visitor.reached is not None and numbering is not None:
            message["resume"] = {"epoch": numbering.epoch, "seq": visitor.reached}
        visitor.asked.append("subscribe")
        visitor.is_to_have = True
        self.run(self.say(visitor.client, message))

    @rule(number=CLIENTS)
    def unsubscribe(self, number: int) -> None:
        visitor = self.visitors[number]
        if visitor.client is not None and visitor.is_to_have:
            visitor.asked.append("unsubscribe")
            visitor.is_to_have = False
            self.run(self.say(visitor.client, {"type": "lines.unsubscribe", "payload": {}}))

    @rule(number=CLIENTS)
    def leave_and_come_back(self, number: int) -> None:
        """What waits of the one subscription is not one with anything of the next."""
        if self.visitors[number].is_to_have:
            self.unsubscribe(number)
            self.subscribe(number, resumes=False)

    async def say(self, client: InProcessClient, message: dict[str, Any]) -> None:
        await client.send(message)
        for _ in range(8):
            await asyncio.sleep(0)

    @rule(lines=st.lists(st.tuples(st.sampled_from(KEYS), st.booleans()), min_size=1, max_size=5))
    def publish(self, lines: list[tuple[str, bool]]) -> None:
        self.run(self.publish_all(lines))

    async def publish_all(self, lines: list[tuple[str, bool]]) -> None:
        for key, closed in lines:
            before = self.head
            line = Line(key=key, value=len(self.log) + 1, closed=closed)
            self.lines.router.publish(TOPIC, line)
            if self.head > before:
                self.log.append(line)
                self.times_s.append(self.lines.app.clock.now_s())

    @rule(
        keys=st.lists(st.sampled_from(KEYS), min_size=2, max_size=3),
        seconds=st.sampled_from([0.0, 0.3]),
    )
    def go_on(self, keys: list[str], seconds: float) -> None:
        """Publish faster than a rate allows, and let somebody read in between."""
        for key in keys:
            self.publish([(key, False), (key, False)])
            self.run(self.let_pass(seconds))

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

    @rule(seconds=st.sampled_from([0.4, 1.0]))  # all together less than `send_timeout_s`
    def wait(self, seconds: float) -> None:
        self.run(self.let_pass(seconds))

    async def let_pass(self, seconds: float) -> None:
        self.lines.app.clock.advance(seconds)
        await asyncio.sleep(0)

    @invariant()
    def whoever_reads_has_what_it_is_to_have(self) -> None:
        async def all_catch_up() -> None:
            for visitor in self.visitors:
                await self.catch_up(visitor)
                if not visitor.is_stalled:
                    self.check(visitor, self.due_head())

        self.run(all_catch_up())

    def teardown(self) -> None:
        async def end() -> None:
            for _ in range(MAX_QUEUE + 1):
                self.lines.app.clock.advance(1)
            for visitor in self.visitors:
                if visitor.client is not None:
                    visitor.client.resume()
                    visitor.is_stalled = False
                    await self.catch_up(visitor)
                    self.check(visitor, self.head)
                    await self.leave(visitor)

        self.run(end())
        self.loop.close()


EACH_POLICY = pytest.mark.parametrize("name", DELIVERIES)
STEPS = 25
QUICK = settings(max_examples=30, stateful_step_count=STEPS, deadline=None)
PROFILE = settings.get_profile("long")
LONG = settings(
    PROFILE,
    max_examples=PROFILE.max_examples // len(DELIVERIES),  # of all policies together
    stateful_step_count=STEPS,
)


def examples(name: str, how: settings) -> Counter[str]:
    happened: Counter[str] = Counter()
    machine = type("Machine", (PolicyAgainstLog,), {"name": name, "happened": happened})
    run_state_machine_as_test(machine, settings=how)
    return happened


@EACH_POLICY
def test_a_policy_keeps_its_promise(name: str) -> None:
    happened = examples(name, QUICK)
    assert min(happened["update"], happened["left out"]) > 0, happened


@pytest.mark.long
@EACH_POLICY
def test_a_policy_keeps_its_promise_ten_thousand_times(name: str) -> None:
    happened = examples(name, LONG)
    assert min(happened[what] for what in ("update", "left out", "state", "recovered")) > 50
