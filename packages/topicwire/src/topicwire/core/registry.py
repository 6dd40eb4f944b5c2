"""Who receives a topic: its subscribers, and those whose reply has not been sent yet.

A topic's first updates often come while its producer is being started, before the reply that names
the topic. They are held back for each joining subscriber and follow its reply, so that the reply
comes first and nothing after the reply's position is missing (protocol, section 4.2). They are
bounded as an outbox is, and no single one is dropped: who is given more is given too much for the
outbox too, and is closed as a slow consumer is.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Generic, TypeVar

from topicwire.types import Position
from topicwire.wire.frames import Frame

_Member = TypeVar("_Member")


class Joining:
    """One subscriber between its asking and its reply: its position, and what came after that.

    Guarantee: `frames` are all that came, or so many that an outbox of `max_bytes` refuses the last
    one of them; then `is_over`.
    """

    __slots__ = ("_bytes", "_max_bytes", "epoch", "frames", "is_over", "seq")

    def __init__(self, position: Position, max_bytes: int) -> None:
        self.epoch = position.epoch
        self.seq = position.seq
        self.frames: list[Frame] = []
        self.is_over = False
        self._bytes = 0
        self._max_bytes = max_bytes

    def restart(self, position: Position) -> None:
        """Begin at `position`: a numbering was opened."""
        self.epoch, self.seq = position
        self.frames = []
        self.is_over = False
        self._bytes = 0

    def hold(self, frame: Frame) -> None:
        """Keep an update for after the reply."""
        if self.is_over:
            return
        self.is_over = self._bytes >= self._max_bytes
        self.frames.append(frame)
        self._bytes += frame.size


class Audience(Generic[_Member]):
    """The subscribers of one topic.

    Args:
        position: of the latest update.
        max_held_bytes: held back for one joining member; the bound of its outbox.

    Guarantee: a member is either joining or receiving, never both; what is published while it
    joins is either before its position or held back for it.
    """

    __slots__ = ("_joining", "_max_held_bytes", "_members", "epoch", "seq")

    def __init__(self, position: Position, max_held_bytes: int) -> None:
        self.epoch, self.seq = position
        self._max_held_bytes = max_held_bytes
        self._members: dict[_Member, int] = {}
        self._joining: dict[_Member, Joining] = {}

    @property
    def position(self) -> Position:
        """Of the latest update that was delivered here."""
        return Position(self.epoch, self.seq)

    @property
    def members(self) -> Collection[_Member]:
        """Who receives updates, in the order of joining. Not to be changed while iterating."""
        return self._members.keys()

    @property
    def is_empty(self) -> bool:
        """Nobody receives, and nobody is joining."""
        return not self._members and not self._joining

    def open(self, position: Position) -> None:
        """Begin a numbering: where those who wait for the start will start from."""
        self.epoch, self.seq = position
        for joining in self._joining.values():
            joining.restart(position)

    def join(self, member: _Member) -> Joining:
        """Let `member` in: from now on it misses nothing."""
        joining = Joining(self.position, self._max_held_bytes)
        self._joining[member] = joining
        return joining

    def admit(self, member: _Member, seq: int | None = None) -> Joining:
        """Move a joining member to those who receive. Returns where it starts, and what it missed.

        The caller sends the reply, then the held frames, in the same step. `seq` is the position
        that the reply names, where that is an earlier one: the caller sends what lies between.
        """
        joining = self._joining.pop(member)
        self._members[member] = joining.seq if seq is None else seq
        return joining

    def receives_since(self, member: _Member) -> int | None:
        """Return the number after which `member` has been sent everything; None for strangers."""
        return self._members.get(member)

    def leave(self, member: _Member) -> None:
        """Forget `member`, joining or receiving."""
        self._joining.pop(member, None)
        self._members.pop(member, None)

    def clear_joining(self) -> None:
        """Forget everyone who waits for a start: it failed."""
        self._joining.clear()

    def skip(self, seq: int) -> None:
        """Note an update that nobody is here to receive."""
        self.seq = seq

    def advance(self, seq: int, frame: Frame) -> None:
        """Note an update: the caller sends `frame` to the members."""
        self.seq = seq
        for joining in self._joining.values():
            joining.hold(frame)
