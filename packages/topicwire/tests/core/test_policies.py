"""Each policy in an outbox, among others, and held back alone: against naive lists."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from topicwire.core.held import Held, combine
from topicwire.core.outbox import Outbox
from topicwire.core.policies import DropOldest, Latest, Merge, Policy
from topicwire.core.updates import Outcome, Update
from topicwire.wire.frames import Frame

MAX_BYTES = 60
MAX_QUEUE = 3
TOPICS = ("latest", "keyed", "drop", "merge", "plain")


def update(
    seq: int, key: str = "", *, topic: str = "t", marked: bool = False, size: int = 0
) -> Update:
    """An update whose text says all of it: `t5a`, padded."""
    text = f"{topic}{seq}{key}{'!' if marked else ''}".ljust(size, ".").encode()
    place = (topic, key.encode())
    return Update(seq, Frame(text), place, is_marked=marked, payload=text)


def merged(older: Update, newer: Update) -> Update | None:
    """Join texts, but never with one that says `x`."""
    if b"x" in older.payload + newer.payload:
        return None
    text = older.payload + b"+" + newer.payload
    return Update(newer.seq, Frame(text), newer.place, payload=text)


POLICIES: dict[str, Policy] = {
    "latest": Latest(),
    "keyed": Latest(),
    "drop": DropOldest(MAX_QUEUE),
    "merge": Merge(merged),
}


def texts(frames: list[Frame]) -> list[str]:
    return [frame.data.decode() for frame in frames]


class Waiting:
    """In the model: one thing that waits."""

    def __init__(self, kind: str, one: Update, *, is_open: bool) -> None:
        self.kind = kind
        self.update = one
        self.is_open = is_open


class OutboxAgainstModel(RuleBasedStateMachine):
    """The naive model is a list: what goes is looked for, and removed."""

    def __init__(self) -> None:
        super().__init__()
        self.outbox = Outbox(MAX_BYTES)
        self.waiting: list[Waiting] = []
        self.in_flight = 0
        self.seq = 0

    def size(self) -> int:
        return sum(one.update.frame.size for one in self.waiting) + self.in_flight

    def expect(self, kind: str, new: Update) -> tuple[Outcome, Update]:
        """What the model says, and does."""
        open_ones = [one for one in self.waiting if one.kind == kind and one.is_open]
        same = [one for one in open_ones if one.update.place == new.place]
        outcome, result = Outcome.ADDED, new
        if kind in {"latest", "keyed"} and not new.is_marked and same:
            self.waiting.remove(same[0])
            outcome = Outcome.CONFLATED
        elif kind == "drop" and len(open_ones) == MAX_QUEUE:
            self.waiting.remove(open_ones[0])
            outcome = Outcome.DROPPED
        elif kind == "merge" and same:
            one = merged(same[0].update, new)
            if one is None:
                same[0].is_open = False
            else:
                self.waiting.remove(same[0])
                outcome, result = Outcome.MERGED, one
        if self.size() >= MAX_BYTES:
            return Outcome.REFUSED, result
        self.waiting.append(Waiting(kind, result, is_open=kind != "plain" and not new.is_marked))
        return outcome, result

    @rule(
        kind=st.sampled_from(TOPICS),
        key=st.sampled_from(["a", "b", "x"]),
        marked=st.booleans(),
        size=st.integers(0, 25),
    )
    def push(self, kind: str, key: str, marked: bool, size: int) -> None:  # noqa: FBT001 - by name
        self.seq += 1
        is_marked = marked and kind in {"latest", "keyed"}
        one = update(
            self.seq,
            key if kind in {"keyed", "merge"} else "",
            topic=kind,
            marked=is_marked,
            size=size,
        )
        if kind == "merge":
            one.place = (kind, b"")
        if kind == "plain":
            outcome = Outcome.ADDED if self.outbox.push(one.frame) else Outcome.REFUSED
        else:
            outcome = POLICIES[kind].push(self.outbox, one)
        expected, _ = self.expect(kind, one)
        assert outcome is expected
        if outcome is Outcome.REFUSED:  # its client is gone
            self.clear()

    @rule(kind=st.sampled_from(TOPICS))
    def seal(self, kind: str) -> None:
        self.outbox.seal(kind)
        for one in self.waiting:
            one.is_open = one.is_open and one.kind != kind

    @precondition(lambda self: not self.in_flight)
    @rule(max_bytes=st.integers(1, 60))
    def take(self, max_bytes: int) -> None:
        taken = self.outbox.take(max_bytes)
        assert texts(taken) == texts([one.update.frame for one in self.waiting[: len(taken)]])
        assert bool(taken) is bool(self.waiting)
        self.in_flight = sum(frame.size for frame in taken)
        assert self.in_flight <= max_bytes or len(taken) == 1
        del self.waiting[: len(taken)]

    @rule()
    def sent(self) -> None:
        self.outbox.sent()
        self.in_flight = 0

    @rule()
    def clear(self) -> None:
        self.outbox.clear()
        self.waiting, self.in_flight = [], 0

    @invariant()
    def knows_its_size_and_keeps_order(self) -> None:
        assert len(self.outbox) == len(self.waiting)
        assert self.outbox.size == self.size()
        for kind in TOPICS:
            numbers = [one.update.seq for one in self.waiting if one.kind == kind]
            assert numbers == sorted(numbers)
        keyed = [one.update.place for one in self.waiting if one.kind == "keyed" and one.is_open]
        assert len(keyed) == len(set(keyed))

    @invariant()
    def holds_little_more_than_what_waits(self) -> None:
        outbox: Any = self.outbox
        slots = len(outbox._waiting)
        assert slots <= max(2 * len(self.waiting), len(self.waiting) + 33)
        assert sum(map(len, outbox._places.values())) <= len(self.waiting)
        assert all(outbox._places.values()), "nothing is left of a topic of which nothing waits"
        assert sum(map(len, outbox._queues.values())) <= len(self.waiting)


TestOutboxAgainstModel = OutboxAgainstModel.TestCase
TestOutboxAgainstModel.settings = settings(max_examples=200, stateful_step_count=60, deadline=None)


def filled(*updates: Update, policy: Policy | None = None, max_bytes: int = 1_000) -> Outbox:
    outbox = Outbox(max_bytes)
    for one in updates:
        (policy or Latest()).push(outbox, one)
    return outbox


def test_the_newer_goes_to_the_tail_and_a_cut_after_it_has_lost_nothing() -> None:
    """trap: pending A5, B6, then A7 under key conflation with a cut after A7: B6 goes before A7.

    A client that has seen A7 resumes after 7. Were A7 in the place of A5, B6 would be lost to it.
    """
    outbox = filled(update(5, "A"), update(6, "B"), update(7, "A"))
    assert texts(outbox.take(1)) == ["t6B"]
    assert texts(outbox.take(1)) == ["t7A"]


def test_a_marked_update_replaces_nothing_and_is_never_replaced() -> None:
    outbox = filled(
        update(1, "A"), update(2, "A", marked=True), update(3, "A"), update(4, "A", marked=True)
    )
    assert texts(outbox.take(100)) == ["t2A!", "t3A", "t4A!"]
    outbox = filled(update(1, "A"), update(2, "A", marked=True))
    assert texts(outbox.take(100)) == ["t1A", "t2A!"]


def test_what_is_taken_is_not_replaced_any_longer() -> None:
    outbox = filled(update(1, "A", size=10), update(2, "B"))
    assert texts(outbox.take(1)) == ["t1A......."]
    assert Latest().push(outbox, update(3, "A")) is Outcome.ADDED
    assert texts(outbox.take(100)) == ["t2B", "t3A"]


def test_an_ended_subscription_keeps_what_was_sent_before_its_reply() -> None:
    outbox = filled(update(1, "A"))
    outbox.seal("t")
    outbox.push(Frame(b"reply"))
    assert Latest().push(outbox, update(2, "A")) is Outcome.ADDED
    assert texts(outbox.take(100)) == ["t1A", "reply", "t2A"]


def test_replacing_makes_room_of_its_own_and_keys_without_end_are_slow() -> None:
    """Bounds in bytes hold for every policy."""
    outbox = filled(*[update(n, "A", size=9) for n in range(1, 1_000)], max_bytes=10)
    assert (len(outbox), outbox.size) == (1, 9)
    assert Latest().push(outbox, update(1_000, "B", size=9)) is Outcome.ADDED
    assert Latest().push(outbox, update(1_001, "C", size=9)) is Outcome.REFUSED


def test_a_million_replacements_leave_one_slot() -> None:
    outbox: Any = filled(*[update(n, "AB"[n % 2]) for n in range(10_000)])
    assert len(outbox) == 2
    assert len(outbox._waiting) <= 35


@given(
    st.sampled_from([Latest(), DropOldest(MAX_QUEUE), Merge(merged)]),
    st.lists(st.tuples(st.sampled_from(["a", "b", "x"]), st.booleans()), max_size=12),
)
def test_what_is_held_back_is_what_an_outbox_would_hold(
    policy: Policy, shapes: list[tuple[str, bool]]
) -> None:
    is_latest = isinstance(policy, Latest)
    updates = [
        update(seq, key if is_latest else "", marked=marked and is_latest, size=3)
        for seq, (key, marked) in enumerate(shapes, 1)
    ]
    outbox = filled(*updates, policy=policy, max_bytes=10_000)
    assert texts([one.frame for one in combine(policy, updates)]) == texts(outbox.take(10_000))


def test_held_bytes_are_those_of_what_is_held() -> None:
    held = Held(DropOldest(2))
    assert [held.add(update(n, size=10)) for n in (1, 2, 3)] == [False, False, True]
    assert (len(held), held.size) == (2, 20)
    assert [one.seq for one in held.due()] == [2]
    assert held.size == 10
    held.clear()
    assert (len(held), held.size, held.due()) == (0, 0, [])


@pytest.mark.parametrize("make", [Latest, lambda: Merge(merged)])
def test_compacting_holds_less_and_means_the_same(make: Callable[[], Policy]) -> None:
    held = Held(make())
    for n in (1, 2, 3):
        held.add(update(n, size=4))
    expected = texts([one.frame for one in held.peek()])
    held.compact()
    held.compact()
    assert len(held) == 1
    assert texts([held.take()[0].frame]) == ["+".join(expected)]
