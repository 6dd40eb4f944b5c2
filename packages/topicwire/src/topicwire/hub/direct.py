"""Many sockets in one loop: a system call for each, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from os import write
from typing import Any, Final, NamedTuple, Protocol, TypeVar

from topicwire.core.updates import Update
from topicwire.core.wave import Crest, Rider
from topicwire.hub.clock import Clock
from topicwire.hub.metrics import Metrics
from topicwire.hub.transport import Direct
from topicwire.types import Direction
from topicwire.wire.frames import Frame
from topicwire.wire.websocket import text_frame

SLICE: Final = 256
"""So many are written to before others run: a millisecond or two."""


class Written(Rider, Protocol):
    """A connection, as it is written to.

    Attributes:
        port: where to, while nothing waits for it and nothing is due; else `NOWHERE`.
        is_legacy: one message a frame.
        observe: sees every message that is sent; None where nobody looks on.
    """

    port: Direct
    is_legacy: bool
    observe: Callable[[Direction, str], None] | None

    def spilled(self, frames: Sequence[Frame], rest: bytes) -> None:
        """Its socket has not taken all of `frames`: send the `rest`, and nothing before that."""
        ...


_Member = TypeVar("_Member", bound=Written)


class _Wire(NamedTuple):
    """What a crest is on the wire."""

    frames: Sequence[Frame]
    joined: bytes
    """For clients that take several messages in a frame."""


class DirectSend:
    """Sends a crest to each connection that is ready for it.

    Guarantee: each is given all of it, or none. One whose socket fails is left to the server, which
    finds that out by the same means; its neighbours do not notice. Those who look on see for each
    connection what it was sent, in that order, and nothing is sent otherwise because they look.

    Args:
        metrics: counts when what was sent had been published.
        clock: says when it was sent.
        max_bytes: more than that is sent to nobody at once: it is for the outboxes to refuse.

    Attributes:
        observed: of how many connections there are somebody sees what is sent.
    """

    __slots__ = ("_max_bytes", "_metrics", "_now_s", "_unseen", "observed")

    def __init__(self, metrics: Metrics, clock: Clock, max_bytes: int) -> None:
        self._metrics = metrics
        self._now_s = clock.now_s
        self._max_bytes = max_bytes
        self._unseen: list[tuple[Sequence[Frame], list[Callable[[Direction, str], None]]]] = []
        self.observed = 0

    def __call__(self, crest: Crest[Any], members: Sequence[_Member]) -> Sequence[_Member]:
        """Send frames, or updates. Returns those that were not ready."""
        wire: _Wire | None = crest.wire
        if wire is None:
            wire = crest.wire = _wire_of(crest.updates)
        frames = wire.frames
        if len(frames) == 1:  # the same bytes for everybody
            return self._write(wire.joined, frames, members)
        if sum(frame.size for frame in frames[:-1]) >= self._max_bytes:
            return members
        legacy = [member for member in members if member.is_legacy]
        if not legacy:
            return self._write(wire.joined, frames, members)
        ours = [member for member in members if not member.is_legacy]
        single = b"".join([text_frame(frame.data) for frame in frames])
        return [
            *self._write(wire.joined, frames, ours),
            *self._write(single, frames, legacy),
        ]

    def _write(
        self, data: bytes, frames: Sequence[Frame], members: Sequence[_Member]
    ) -> Sequence[_Member]:
        size = len(data)
        late: list[_Member] = []
        spilled = 0
        for member in members:
            fd = member.port.fd
            if fd < 0:
                late.append(member)
                continue
            try:
                taken = write(fd, data)
            except OSError:  # it takes nothing now, or never will: the server meets the same
                taken = 0
            if taken != size:
                spilled += 1
                member.spilled(frames, data[taken:])
        sent = len(members) - len(late) - spilled
        if sent:
            self._metrics.flushed(frames, self._now_s(), sent)
        if self.observed:
            self._note(frames, members, late)
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

    def tell(self) -> None:
        """Tell those who look on what has been sent.

        In the step in which it was sent, before a writer may run; but not while a wave is under
        way, since they may publish, or end a connection.
        """
        unseen, self._unseen = self._unseen, []
        for frames, observers in unseen:
            for observe in observers:
                for frame in frames:
                    observe("to_client", frame.text)


def _wire_of(updates: Sequence[Frame | Update]) -> _Wire:
    frames = [one if isinstance(one, Frame) else one.frame for one in updates]
    return _Wire(frames, text_frame(b"\n".join([frame.data for frame in frames])))
