"""The heartbeat by itself: many members, and a model."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from topicwire.hub.clock import TURNS
from topicwire.hub.heartbeat import MAX_IN_A_ROW, PAUSE_S, Heartbeat
from topicwire.testing import ManualClock

PING = {"type": "ping"}


async def turns() -> None:
    """Let the loop run for as long as a verdict takes."""
    for _ in range(2 * TURNS):
        await asyncio.sleep(0)


@pytest.fixture(autouse=True)
def direct() -> None:
    """Nothing here has a socket: once will do."""


class Member:
    """A connection that does what the test says."""

    def __init__(self, note: Callable[[str], None] = lambda _: None) -> None:
        self.received_bytes = 0
        self.note = note

    def ping(self) -> None:
        self.note("ping")

    def lost(self) -> None:
        self.note("lost")


async def test_a_part_of_a_message_is_a_sign_of_life_and_the_next_ping_follows() -> None:
    clock, notes = ManualClock(), list[str]()
    heartbeat = Heartbeat[Member](clock, 25, 10)
    member = Member(notes.append)
    heartbeat.heard(member)
    clock.advance(25)
    heartbeat.ping_left(member)
    member.received_bytes += 1
    clock.advance(10)
    await turns()
    clock.advance(25)
    heartbeat.ping_left(member)
    assert notes == ["ping", "ping"]
    clock.advance(10)
    await turns()
    assert notes == ["ping", "ping", "lost"]


async def test_thousands_have_two_alarms_and_are_asked_in_lots() -> None:
    clock, notes = ManualClock(), list[str]()
    heartbeat = Heartbeat[Member](clock, 25, 10)
    members = [Member(notes.append) for _ in range(10_000)]
    for member in members:
        heartbeat.heard(member)
    assert clock.alarms == 1
    clock.advance(25)
    assert len(notes) == MAX_IN_A_ROW
    clock.advance(PAUSE_S)
    assert len(notes) == 2 * MAX_IN_A_ROW
    clock.advance(PAUSE_S * 10_000 / MAX_IN_A_ROW)
    assert len(notes) == 10_000
    for member in members:
        heartbeat.ping_left(member)
    assert clock.alarms == 1
    for member in members:
        heartbeat.heard(member)
    assert clock.alarms == 1
    for member in members:
        heartbeat.forget(member)
    assert clock.alarms == 0


MEMBERS = st.integers(0, 4)


class HeartbeatAgainstModel(RuleBasedStateMachine):
    """Every member has a timer of its own in the model, and none in the heartbeat."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.clock = ManualClock()
        self.heartbeat = Heartbeat[Member](self.clock, 25, 10)
        self.notes: list[tuple[int, str]] = []
        self.members = [
            Member(lambda what, number=number: self.notes.append((number, what)))  # type: ignore[misc] # a default
            for number in range(5)
        ]
        self.quiet_since: dict[int, float] = {}
        self.asked_since: dict[int, float] = {}
        self.pinged: set[int] = set()

    @rule(number=MEMBERS)
    def heard(self, number: int) -> None:
        self.heartbeat.heard(self.members[number])
        self.quiet_since[number] = self.clock.now_s()
        self.asked_since.pop(number, None)

    @rule(number=MEMBERS)
    def leaves(self, number: int) -> None:
        self.heartbeat.forget(self.members[number])
        for state in (self.quiet_since, self.asked_since):
            state.pop(number, None)
        self.pinged.discard(number)

    @rule(number=MEMBERS)
    def the_ping_leaves(self, number: int) -> None:
        if number in self.pinged:
            self.pinged.discard(number)
            self.heartbeat.ping_left(self.members[number])
            self.asked_since.setdefault(number, self.clock.now_s())

    @rule(seconds=st.sampled_from([1, 5, 10, 24]))
    def wait(self, seconds: int) -> None:
        async def advance() -> None:
            for _ in range(seconds):
                self.clock.advance(1)
                await turns()

        expected: list[list[tuple[int, str]]] = []
        for _ in range(seconds):
            now_s = self.clock.now_s() + len(expected) + 1
            step: list[tuple[int, str]] = []
            for number, since_s in list(self.quiet_since.items()):
                if since_s + 25 <= now_s:
                    del self.quiet_since[number]
                    self.pinged.add(number)
                    step.append((number, "ping"))
            for number, since_s in list(self.asked_since.items()):
                if since_s + 10 <= now_s:
                    del self.asked_since[number]
                    step.append((number, "lost"))
            expected.append(step)
        self.notes.clear()
        self.loop.run_until_complete(advance())
        assert sorted(self.notes) == sorted(note for step in expected for note in step)

    @invariant()
    def alarms_are_few(self) -> None:
        assert self.clock.alarms <= 2

    def teardown(self) -> None:
        self.loop.close()


def test_the_heartbeat_against_a_model() -> None:
    how = settings(max_examples=50, deadline=None)
    run_state_machine_as_test(HeartbeatAgainstModel, settings=how)
