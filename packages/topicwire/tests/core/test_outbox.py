"""The outbox against a list."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from topicwire.core.outbox import Outbox
from topicwire.wire.frames import Frame

MAX_BYTES = 40


class Missed(Frame):
    """In the model: what a client missed. It does not count."""


def counted(frames: list[Frame]) -> int:
    return sum(one.size for one in frames if not isinstance(one, Missed))


class OutboxAgainstModel(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.outbox = Outbox(MAX_BYTES)
        self.waiting: list[Frame] = []
        self.in_flight: list[Frame] = []

    @rule(data=st.binary(min_size=1, max_size=60))
    def push(self, data: bytes) -> None:
        frame = Frame(data)
        held = counted(self.waiting + self.in_flight)
        fits = held < MAX_BYTES
        assert self.outbox.push(frame) is fits
        if fits:
            self.waiting.append(frame)

    @rule(data=st.lists(st.binary(min_size=1, max_size=60), max_size=3))
    def push_backlog(self, data: list[bytes]) -> None:
        self.outbox.push_backlog(data)
        self.waiting.extend(Missed(one) for one in data)

    @precondition(lambda self: not self.in_flight)
    @rule(max_bytes=st.integers(1, 60))
    def take(self, max_bytes: int) -> None:
        taken = self.outbox.take(max_bytes)
        assert [one.data for one in taken] == [one.data for one in self.waiting[: len(taken)]]
        assert bool(taken) is bool(self.waiting)
        size = sum(one.size for one in taken)
        assert size <= max_bytes or len(taken) == 1
        if len(taken) < len(self.waiting):
            assert size + self.waiting[len(taken)].size > max_bytes
        self.in_flight = self.waiting[: len(taken)]
        del self.waiting[: len(taken)]

    @rule()
    def sent(self) -> None:
        self.outbox.sent()
        self.in_flight = []

    @rule()
    def clear(self) -> None:
        self.outbox.clear()
        self.waiting, self.in_flight = [], []

    @invariant()
    def knows_its_size(self) -> None:
        assert len(self.outbox) == len(self.waiting)
        assert self.outbox.size == counted(self.waiting + self.in_flight)
        missed = [one for one in self.waiting if isinstance(one, Missed)]
        assert self.outbox.backlog == sum(one.size for one in missed)


TestOutboxAgainstModel = OutboxAgainstModel.TestCase


def test_what_was_taken_counts_until_it_is_sent() -> None:
    outbox = Outbox(10)
    assert outbox.push(Frame(b"1234567890"))
    outbox.take(100)
    assert not outbox.push(Frame(b"abc"))
    outbox.sent()
    assert outbox.push(Frame(b"abc"))


def test_a_frame_as_large_as_the_bound_fits_behind_a_small_one() -> None:
    outbox = Outbox(10)
    small, large = Frame(b"x"), Frame(b"x" * 50)
    assert outbox.push(small)
    assert outbox.push(large)
    assert not outbox.push(Frame(b"y"))
    assert outbox.take(10) == [small]
    assert outbox.take(10) == [large]


def test_a_backlog_larger_than_the_bound_leaves_room_for_the_live() -> None:
    outbox = Outbox(10)
    outbox.push_backlog([b"x" * 50, b"y" * 50])
    assert outbox.push(Frame(b"live"))
    assert [one.data[:1] for one in outbox.take(1000)] == [b"x", b"y", b"l"]
    assert (outbox.size, outbox.backlog) == (4, 0)
