"""Who receives a topic: its subscribers, and those whose reply has not been sent yet.

A topic's first updates often come while its producer is being started, before the reply that names
the topic. They are held back for each joining subscriber and follow its reply, so that the reply
comes first and nothing after the reply's position is missing (protocol, section 4.2). They are
bounded as an outbox is, and no single one is dropped: who is given more is given too much for the
outbox too, and is closed as a slow consumer is.

When a topic's numbering is lost while it has subscribers, they are suspended: what is published
under the new one is held back for all of them together until they are told of it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Generic, NamedTuple, TypeVar

from topicwire.core.held import Held
from topicwire.core.policies import Policy
from topicwire.core.updates import Update
from topicwire.types import Position
from topicwire.wire.frames import Frame

_Member = TypeVar("_Member")


class Joining:
    """A subscriber between its asking and its reply: its position, and what came after that.

    Those who are suspended have one in common, until they are told of the new numbering.

    Guarantee: `frames` are all that came, or so many that an outbox of `max_bytes` refuses the last
    one of them; then `is_over`. Where the topic has a policy, `updates` are what it makes of them.
    """

    __slots__ = ("_bytes", "_held", "_max_bytes", "epoch", "frames", "is_over", "seq")

    def __init__(self, position: Position, max_bytes: int, policy: Policy | None) -> None:
        self.epoch = position.epoch
        self.seq = position.seq
        self.frames: list[Frame] = []
        self.is_over = False
        self._bytes = 0
        self._max_bytes = max_bytes
        self._held = None if policy is None else Held(policy)

    @property
    def position(self) -> Position:
        """Where the subscriber starts from."""
        return Position(self.epoch, self.seq)

    def restart(self, position: Position) -> None:
        """Begin at `position`: what was held until now is dropped."""
        self.epoch, self.seq = position
        self.frames = []
        self.is_over = False
        self._bytes = 0
        if self._held is not None:
            self._held.clear()

    def hold(self, update: Frame | Update) -> None:
        """Keep an update for after the reply: a frame alone where the topic has no policy."""
        if self.is_over:
            return
        if isinstance(update, Frame):
            self._hold_frame(update)
        elif self._held is not None:
            if self._held.size >= self._max_bytes:
                self._held.compact()
                self.is_over = self._held.size >= self._max_bytes
            self._held.add(update)

    def updates(self) -> Sequence[Update]:
        """Take what is to be sent after the reply, where the topic has a policy."""
        return () if self._held is None else self._held.take()

    def _hold_frame(self, frame: Frame) -> None:
        self.is_over = self._bytes >= self._max_bytes
        self.frames.append(frame)
        self._bytes += frame.size


class _Left(NamedTuple):
    """Where the numbering that a suspended member was sent had begun for it, and has ended."""

    since: int
    at: Position


class Audience(Generic[_Member]):
    """The subscribers of one topic.

    Args:
        position: of the latest update.
        max_held_bytes: held back for one joining member; the bound of its outbox.
        policy: what becomes of updates that wait; None where each is sent.

    Guarantee: a member is joining, receiving or suspended, one of them; what is published while it
    joins or is suspended is either before its position or held back for it.
    """

    __slots__ = (
        "_joining",
        "_max_held_bytes",
        "_members",
        "_policy",
        "_suspended",
        "epoch",
        "gap",
        "seq",
    )

    def __init__(
        self, position: Position, max_held_bytes: int, policy: Policy | None = None
    ) -> None:
        self.epoch, self.seq = position
        self._max_held_bytes = max_held_bytes
        self._policy = policy
        self._members: dict[_Member, int] = {}
        self._joining: dict[_Member, Joining] = {}
        self._suspended: dict[_Member, _Left] = {}
        self.gap: Joining | None = None
        """Where those who are suspended go on, and what came after that; None: nobody is."""

    @property
    def position(self) -> Position:
        """Of the latest update that was delivered here."""
        return Position(self.epoch, self.seq)

    @property
    def members(self) -> Collection[_Member]:
        """Who receives updates, in the order of joining. Not to be changed while iterating."""
        return self._members.keys()

    @property
    def subscribers(self) -> Collection[_Member]:
        """Who has been answered: those who receive, and those who are suspended."""
        return [*self._suspended, *self._members]

    @property
    def is_empty(self) -> bool:
        """Nobody receives, nobody is joining, and nobody is suspended."""
        return not self._members and not self._joining and not self._suspended

    def open(self, position: Position) -> None:
        """Begin a numbering, or go on with one: where those who wait will start from.

        When it is not the place that had been reached, those who receive are suspended.
        """
        if position != self.position:
            self._suspend(position)
        self.epoch, self.seq = position
        for joining in self._joining.values():
            joining.restart(position)

    def resume(self, seq: int) -> Collection[_Member]:
        """Let those who are suspended receive from now on, after `seq`. Returns them.

        The caller tells them of the new numbering and sends what `gap` held, in the same step.
        """
        self.gap = None
        resumed = list(self._suspended)
        self._members = {**dict.fromkeys(resumed, seq), **self._members}
        self._suspended.clear()
        return resumed

    def join(self, member: _Member) -> Joining:
        """Let `member` in: from now on it misses nothing."""
        joining = Joining(self.position, self._max_held_bytes, self._policy)
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

    def reached(self, member: _Member) -> Position:
        """Return the position up to which `member`, who has been answered, is sent everything."""
        left = self._suspended.get(member)
        return self.position if left is None else left.at

    def receives_since(self, member: _Member) -> int | None:
        """Return the number after which `member` has been sent everything; None for strangers."""
        left = self._suspended.get(member)
        return self._members.get(member) if left is None else left.since

    def leave(self, member: _Member) -> None:
        """Forget `member`, whatever it is."""
        self._joining.pop(member, None)
        self._members.pop(member, None)
        if self._suspended.pop(member, None) is not None and not self._suspended:
            self.gap = None

    def clear_joining(self) -> None:
        """Forget everyone who waits for a start: it failed."""
        self._joining.clear()

    def skip(self, seq: int) -> None:
        """Note an update that nobody is here to receive."""
        self.seq = seq

    def advance(self, seq: int, update: Frame | Update) -> None:
        """Note an update: the caller sends it to the members."""
        self.seq = seq
        for joining in self._joining.values():
            joining.hold(update)
        if self.gap is not None:
            self.gap.hold(update)

    def _suspend(self, position: Position) -> None:
        at = self.position
        self._suspended.update((one, _Left(since, at)) for one, since in self._members.items())
        self._members = {}
        if self._suspended:
            self.gap = Joining(position, self._max_held_bytes, self._policy)
