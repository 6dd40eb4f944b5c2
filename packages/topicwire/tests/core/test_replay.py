"""The replay ring, against a list of everything that was ever appended."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from topicwire.core.replay import Kept, OutOfOrderError, ReplayRing
from topicwire.errors import DeclarationError
from topicwire.types import Position, ReplayLimits

LIMITS = ReplayLimits(max_updates=4, max_age_s=10, max_bytes=50)
START = 7


class RingAgainstList(RuleBasedStateMachine):
    """Guarantee 5: every update after a position, or none of them."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 0.0
        self.ring = ReplayRing(Position("e", START), LIMITS)
        self.log: list[tuple[float, bytes]] = []
        self.gone = 0

    def kept_from(self) -> int:
        """The index of the oldest update that the limits allow. What has gone does not return."""
        while self.gone < len(self.log):
            rest = self.log[self.gone :]
            if (
                len(rest) <= LIMITS.max_updates
                and sum(len(frame) for _, frame in rest) <= LIMITS.max_bytes
                and rest[0][0] >= self.now_s - LIMITS.max_age_s
            ):
                break
            self.gone += 1
        return self.gone

    @rule(size=st.integers(0, 60))
    def append(self, size: int) -> None:
        frame = b"x" * size
        self.log.append((self.now_s, frame))
        self.ring.append(START + len(self.log), frame, self.now_s)
        self.kept_from()

    @rule(seconds=st.floats(0, 6))
    def wait(self, seconds: float) -> None:
        self.now_s += seconds

    @rule(size=st.integers(0, 60))
    def shed(self, size: int) -> None:
        goal = max(0, self.ring.size - size)
        while sum(len(frame) for _, frame in self.log[self.gone :]) > goal:
            self.gone += 1
        self.ring.shed(size)

    @rule(epoch=st.sampled_from(["e", "e", "f"]), seq=st.integers(0, START + 12))
    def resume(self, epoch: str, seq: int) -> None:
        index = seq - START
        whole = self.kept_from() <= index <= len(self.log) and epoch == "e"
        expected = [frame for _, frame in self.log[index:]] if whole else None
        kept = self.ring.since(Position(epoch, seq), self.now_s)
        assert (None if kept is None else [one.frame for one in kept]) == expected

    @invariant()
    def stays_within_its_limits(self) -> None:
        assert self.ring.position == Position("e", START + len(self.log))
        kept = self.log[self.gone :]
        assert len(self.ring) == len(kept) <= LIMITS.max_updates
        assert self.ring.size == sum(len(frame) for _, frame in kept) <= LIMITS.max_bytes


TestRingAgainstList = RingAgainstList.TestCase


def test_a_quiet_start_is_a_position() -> None:
    """pitfall 24: nothing has been sent yet, and nothing was missed."""
    ring = ReplayRing(Position("e", 0), LIMITS)
    assert ring.since(Position("e", 0), 0) == []
    ring.append(1, b"first", 0)
    assert ring.since(Position("e", 0), 0) == [Kept(0, b"first")]


@pytest.mark.parametrize("seq", [0, 1, 3])
def test_an_update_out_of_order_is_refused(seq: int) -> None:
    ring = ReplayRing(Position("e", 1), LIMITS)
    with pytest.raises(OutOfOrderError, match=f"update {seq} does not follow: 2") as caught:
        ring.append(seq, b"x", 0)
    assert (caught.value.expected, caught.value.seen, len(ring)) == (2, seq, 0)


@pytest.mark.parametrize("value", [-1, math.inf, math.nan, "1", True])
@pytest.mark.parametrize("name", ["max_updates", "max_age_s", "max_bytes"])
def test_limits_are_finite_and_not_negative(name: str, value: Any) -> None:
    with pytest.raises(DeclarationError, match=rf"ReplayLimits\.{name} is"):
        ReplayLimits(**{name: value})


def test_a_limit_of_zero_keeps_nothing() -> None:
    assert not ReplayLimits().keeps_nothing
    assert all(
        ReplayLimits(**{name: 0}).keeps_nothing
        for name in ("max_updates", "max_age_s", "max_bytes")
    )
