"""Who receives a topic, against a log of everything that was published."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from topicwire.core.outbox import Outbox
from topicwire.core.registry import Audience, Joining
from topicwire.types import Position
from topicwire.wire.frames import Frame

MAX_BYTES = 100
MEMBERS = st.sampled_from(["a", "b", "c"])


class AudienceAgainstLog(RuleBasedStateMachine):
    """pitfall 7: between joining and the reply nothing is lost, doubled or out of order.

    Who is given too much sees the first of it, and an outbox refuses the last.
    """

    def __init__(self) -> None:
        super().__init__()
        self.audience: Audience[str] = Audience(Position("e", 0), MAX_BYTES)
        self.published = 0
        self.joining: dict[str, Joining] = {}
        self.seen: dict[str, list[int]] = {}
        self.start: dict[str, int] = {}

    @rule(size=st.sampled_from([10, MAX_BYTES // 2, MAX_BYTES + 1]))
    def publish(self, size: int) -> None:
        self.published += 1
        if self.audience.is_empty:
            self.audience.skip(self.published)
            return
        frame = Frame(str(self.published).encode().ljust(size))
        self.audience.advance(self.published, frame)
        for member in self.audience.members:
            self.seen[member].append(self.published)

    @rule(member=MEMBERS)
    def join(self, member: str) -> None:
        if member not in self.joining and member not in self.seen:
            self.joining[member] = self.audience.join(member)

    @rule(member=MEMBERS)
    def admit(self, member: str) -> None:
        if member not in self.joining:
            return
        joining = self.audience.admit(member)
        assert joining is self.joining.pop(member)
        outbox = Outbox(MAX_BYTES)
        fits = [outbox.push(frame) for frame in joining.frames]
        assert fits == [True] * (len(fits) - joining.is_over) + [False] * joining.is_over
        if joining.is_over:
            self.audience.leave(member)
            return
        self.start[member] = joining.seq
        self.seen[member] = [int(frame.data) for frame in joining.frames]

    @rule(member=MEMBERS)
    def leave(self, member: str) -> None:
        self.audience.leave(member)
        self.joining.pop(member, None)
        self.seen.pop(member, None)

    @invariant()
    def every_member_has_seen_all_after_its_start(self) -> None:
        assert set(self.audience.members) == set(self.seen)
        assert self.audience.position == Position("e", self.published)
        for member, seen in self.seen.items():
            assert seen == list(range(self.start[member] + 1, self.published + 1))


TestAudienceAgainstLog = AudienceAgainstLog.TestCase


def test_who_waits_for_a_start_begins_where_the_numbering_does() -> None:
    audience: Audience[str] = Audience(Position("", 0), MAX_BYTES)
    joining = audience.join("a")
    audience.open(Position("e2", 7))
    audience.advance(8, Frame(b"first"))
    assert (joining.epoch, joining.seq, [frame.data for frame in joining.frames]) == (
        "e2",
        7,
        [b"first"],
    )


def test_a_failed_start_forgets_only_those_who_waited() -> None:
    audience: Audience[str] = Audience(Position("e", 0), MAX_BYTES)
    audience.join("member")
    audience.admit("member")
    audience.join("waiting")
    audience.clear_joining()
    assert list(audience.members) == ["member"]
    assert not audience.is_empty
