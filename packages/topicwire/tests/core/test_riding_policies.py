"""Each policy on a wave: what everybody gets is what an outbox of each would have made of it."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packages.topicwire.tests.core.test_policies import MAX_QUEUE, merged, texts, update

from topicwire.core.outbox import Outbox
from topicwire.core.policies import DropOldest, Latest, Merge, Policy
from topicwire.core.roster import Roster
from topicwire.core.updates import Outcome, Update
from topicwire.core.wave import Crest, Wave
from topicwire.core.waves import Waves
from topicwire.wire.frames import Frame

MAX_BYTES = 100_000
MEMBERS = 3

STEPS = st.one_of(
    st.tuples(st.just("publish"), st.sampled_from(["a", "b", "x"]), st.booleans()),
    st.tuples(st.just("reply"), st.integers(0, MEMBERS - 1)),
    st.tuples(st.just("stall"), st.integers(0, MEMBERS - 1)),
    st.tuples(st.just("turn")),
)


class Member:
    """A client: what waits for it, and what it was sent."""

    def __init__(self) -> None:
        self.waves: list[Wave[Any, Any]] = []
        self.rides = True
        self.kind = "one"
        self.berth = 0
        self.outbox = Outbox(MAX_BYTES)
        self.is_stalled = False
        self.sent: list[str] = []

    def read(self) -> None:
        if not self.is_stalled:
            self.sent += texts(self.outbox.take(MAX_BYTES))
            self.outbox.sent()

    @property
    def all(self) -> list[str]:
        waiting: list[Any] = [getattr(one, "update", one) for one in self.outbox._waiting]
        frames = [getattr(one, "frame", one) for one in waiting if one is not None]
        return self.sent + texts(frames)


class World:
    """The same steps by a wave, and by pushing at once."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.waves: Waves[Member, Update] = Waves(self.send, lambda: None)
        self.wave = Wave(self.waves, self.give, MAX_BYTES)
        self.riders = [Member() for _ in range(MEMBERS)]
        self.naive = [Member() for _ in range(MEMBERS)]
        for rider in self.riders:
            self.wave.enter(rider, 0)
        self.by_wave: Counter[Outcome] = Counter()
        self.at_once: Counter[Outcome] = Counter()
        self.published = 0

    def give(self, member: Member, one: Update) -> None:
        self.by_wave[self.policy.push(member.outbox, one)] += 1

    def send(
        self, crest: Crest[Update], roster: Roster[Member], begin: int, end: int
    ) -> tuple[int, list[Member]]:
        members = roster.members[begin:end]
        ready = [one for one in members if not one.is_stalled and not one.outbox]
        for member in ready:
            member.sent += texts([one.frame for one in crest.updates])
        return end, [one for one in members if one not in ready]

    def publish(self, key: str, is_marked: bool) -> None:  # noqa: FBT001
        self.published += 1
        is_latest = isinstance(self.policy, Latest)
        one = update(self.published, key if is_latest else "", marked=is_marked and is_latest)
        if key == "x" and isinstance(self.policy, Merge):
            one.payload = b"x" + one.payload
        outcome, times = self.policy.ride(self.wave, one)
        self.by_wave[outcome] += times
        for member in self.naive:
            self.at_once[self.policy.push(member.outbox, one)] += 1

    def reply(self, number: int) -> None:
        self.waves.settle(self.riders[number])
        for members in (self.riders, self.naive):
            members[number].outbox.push(Frame(b"reply"))

    def stall(self, number: int) -> None:
        for members in (self.riders, self.naive):
            members[number].is_stalled ^= True

    def turn(self) -> None:
        while self.waves.dirty:
            self.waves.flush(100)
        for member in [*self.riders, *self.naive]:
            member.read()
        assert [one.all for one in self.riders] == [one.all for one in self.naive]
        for outcome in (Outcome.CONFLATED, Outcome.DROPPED, Outcome.MERGED):
            assert self.by_wave[outcome] == self.at_once[outcome]


@pytest.mark.parametrize("policy", [Latest(), DropOldest(MAX_QUEUE), Merge(merged)])
@given(steps=st.lists(STEPS, max_size=30))
def test_a_wave_conflates_as_the_outboxes_would(policy: Policy, steps: list[Any]) -> None:
    world = World(policy)
    for name, *arguments in steps:
        getattr(world, name)(*arguments)
    world.turn()
