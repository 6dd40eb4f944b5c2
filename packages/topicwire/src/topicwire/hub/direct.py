"""What a wave brings, as bytes to the sockets of those who are ready for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import monotonic_ns
from typing import Any, Final, NamedTuple, Protocol, TypeVar

from topicwire.core.roster import Roster
from topicwire.core.updates import Update
from topicwire.core.wave import Crest, Rider
from topicwire.hub.berths import Berths
from topicwire.hub.clock import Clock
from topicwire.hub.metrics import Metrics, Since
from topicwire.hub.sending import CLOSED, write_each
from topicwire.types import Direction
from topicwire.wire.frames import Frame
from topicwire.wire.kinds import Kind

SLICE: Final = 512
"""So many are written to before others run, at most."""

SLICE_NS: Final = 1_000_000
"""So long is written, or a little longer, before others run."""


class Written(Rider, Protocol):
    """A connection, as it is written to.

    Attributes:
        observe: sees every message that is sent; None where nobody looks on.
    """

    observe: Callable[[Direction, str], None] | None

    @property
    def kind(self) -> Kind:
        """How it is sent messages."""
        ...

    def spilled(self, frames: Sequence[Frame], rest: bytes) -> None:
        """Its socket has not taken all of `frames`: send the `rest`, and nothing before that."""
        ...


_Member = TypeVar("_Member", bound=Written)

_NOBODY: Final[Sequence[Any]] = ()


class _Wire(NamedTuple):
    """What a crest is on the wire."""

    frames: Sequence[Frame]
    is_too_much: bool
    data: dict[Kind, bytes]
    """For each kind of client that has been sent it."""
    since: Since | None
    """The oldest of them."""


class DirectSend:
    """Sends a crest to each connection that is ready for it.

    Guarantee: each is given all of it, or none. One whose socket fails is left to the server, which
    finds that out by the same means; its neighbours do not notice. Those who look on see for each
    connection what it was sent, in that order, and nothing is sent otherwise because they look.

    Args:
        berths: where each is written to.
        metrics: counts when what was sent had been published.
        clock: says when it was sent.
        max_bytes: more than that is sent to nobody at once: it is for the outboxes to refuse.

    Attributes:
        observed: of how many connections there are somebody sees what is sent.
    """

    __slots__ = (
        "_fds",
        "_max_bytes",
        "_metrics",
        "_now_s",
        "_unseen",
        "_until_ns",
        "observed",
    )

    def __init__(self, berths: Berths, metrics: Metrics, clock: Clock, max_bytes: int) -> None:
        self._fds = berths.fds
        self._metrics = metrics
        self._now_s = clock.now_s
        self._max_bytes = max_bytes
        self._until_ns = 0
        self._unseen: list[tuple[Sequence[Frame], list[Callable[[Direction, str], None]]]] = []
        self.observed = 0

    def begin(self) -> None:
        """Have SLICE_NS from now on."""
        self._until_ns = monotonic_ns() + SLICE_NS

    def has_time(self) -> bool:
        """Say whether some of that is left."""
        return monotonic_ns() < self._until_ns

    def __call__(
        self, crest: Crest[Any], roster: Roster[_Member], begin: int, end: int
    ) -> tuple[int, Sequence[_Member]]:
        """Send frames, or updates: a `core.waves.Send`."""
        wire: _Wire | None = crest.wire
        if wire is None:
            wire = crest.wire = self._wire_of(crest.updates)
        if wire.is_too_much:
            return end, roster.members[begin:end]
        kind, end = roster.members[begin].kind, roster.alike(begin, end)
        data = wire.data.get(kind)
        if data is None:
            data = wire.data[kind] = kind.wire(wire.frames)
        return self._write(data, wire, roster, begin, end)

    def _write(
        self, data: bytes, wire: _Wire, roster: Roster[_Member], begin: int, end: int
    ) -> tuple[int, Sequence[_Member]]:
        reached, others = write_each(self._fds, roster.berths, begin, end, data, self._until_ns)
        sent, late = reached - begin, _NOBODY
        if others:
            sent -= len(others)
            late = self._left_over(others, data, wire.frames, roster.members)
        since = wire.since
        if sent and since is not None:
            since.lag.observe(self._now_s() - since.at_s, sent)
        if self.observed:
            self._note(wire.frames, roster.members[begin:reached], late)
        return reached, late

    def _left_over(
        self,
        others: Sequence[tuple[int, int]],
        data: bytes,
        frames: Sequence[Frame],
        members: Sequence[_Member],
    ) -> Sequence[_Member]:
        """Give the server what sockets have not taken. Returns whose may not be written to."""
        late: list[_Member] = []
        for index, taken in others:
            if taken == CLOSED:
                late.append(members[index])
            else:
                members[index].spilled(frames, data[taken:])
        return late

    def _note(
        self, frames: Sequence[Frame], members: Sequence[_Member], late: Sequence[_Member]
    ) -> None:
        """Keep what was sent, for those who look on."""
        others = {id(member) for member in late}
        observers = [
            member.observe
            for member in members
            if member.observe is not None and id(member) not in others
        ]
        if observers:
            self._unseen.append((frames, observers))

    def _wire_of(self, updates: Sequence[Frame | Update]) -> _Wire:
        frames = [one if isinstance(one, Frame) else one.frame for one in updates]
        before = sum([frame.size for frame in frames]) - frames[-1].size if frames[1:] else 0
        return _Wire(frames, before >= self._max_bytes, {}, self._metrics.oldest(frames))

    def tell(self) -> None:
        """Tell those who look on what has been sent.

        In the step in which it was sent, before a writer may run; but not while a wave is under
        way, since they may publish, or end a connection.
        """
        if not self._unseen:
            return
        unseen, self._unseen = self._unseen, []
        for frames, observers in unseen:
            for observe in observers:
                for frame in frames:
                    observe("to_client", frame.text)
