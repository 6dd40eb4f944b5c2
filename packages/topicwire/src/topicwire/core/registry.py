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

from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import chain
from types import MappingProxyType
from typing import Any, Final, Generic, NamedTuple, TypeVar

from topicwire.core.held import Held
from topicwire.core.policies import Policy
from topicwire.core.updates import Update
from topicwire.core.wave import Wave
from topicwire.types import Position
from topicwire.wire.frames import Frame

_Member = TypeVar("_Member")

_NOBODY: Final[Mapping[Any, int]] = MappingProxyType({})


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
        new_wave: makes what carries updates to those members that ride it, for the first of them;
            None where each is sent to each.

    Guarantee: a member is joining, receiving or suspended, one of them; what is published while it
    joins or is suspended is either before its position or held back for it.
    """

    __slots__ = (
        "_joining",
        "_max_held_bytes",
        "_members",
        "_new_wave",
        "_policy",
        "_riding",
        "_suspended",
        "epoch",
        "gap",
        "seq",
        "wave",
    )

    def __init__(
        self,
        position: Position,
        max_held_bytes: int,
        policy: Policy | None = None,
        new_wave: Callable[[], Wave[Any, Any]] | None = None,
    ) -> None:
        self.epoch, self.seq = position
        self._max_held_bytes = max_held_bytes
        self._policy = policy
        self._new_wave = new_wave
        self.wave: Wave[Any, Any] | None = None
        # who receives, and since when: each is here, or rides the wave
        self._members: dict[_Member, int] = {}
        self._riding: Mapping[_Member, int] = _NOBODY
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
        """Who receives updates. Not to be changed while iterating."""
        if not self._riding:
            return self._members.keys()
        return [*self._riding, *self._members] if self._members else self._riding.keys()

    @property
    def single(self) -> Collection[_Member]:
        """Those of them who do not ride the wave. Not to be changed while iterating."""
        return self._members.keys()

    @property
    def size(self) -> int:
        """How many receive updates."""
        return len(self._members) + len(self._riding)

    @property
    def subscribers(self) -> Collection[_Member]:
        """Who has been answered: those who receive, and those who are suspended."""
        return [*self._suspended, *self._riding, *self._members]

    @property
    def is_empty(self) -> bool:
        """Nobody receives, nobody is joining, and nobody is suspended."""
        return not (self._riding or self._members or self._joining or self._suspended)

    def receives(self, member: _Member) -> bool:
        """Say whether `member` receives updates."""
        return member in self._riding or member in self._members

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
        self._suspended.clear()
        for member in resumed:
            self._receive(member, seq)
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
        self._receive(member, joining.seq if seq is None else seq)
        return joining

    def reached(self, member: _Member) -> Position:
        """Return the position up to which `member`, who has been answered, is sent everything."""
        left = self._suspended.get(member)
        return self.position if left is None else left.at

    def receives_since(self, member: _Member) -> int | None:
        """Return the number after which `member` has been sent everything; None for strangers."""
        left = self._suspended.get(member)
        if left is not None:
            return left.since
        since = self._riding.get(member)
        return self._members.get(member) if since is None else since

    def leave(self, member: _Member) -> None:
        """Forget `member`, whatever it is."""
        self._joining.pop(member, None)
        self._members.pop(member, None)
        if self.wave is not None and member in self._riding:
            self.wave.leave(member)
        if self._suspended.pop(member, None) is not None and not self._suspended:
            self.gap = None

    def clear_joining(self) -> None:
        """Forget everyone who waits for a start: it failed."""
        self._joining.clear()

    def skip(self, seq: int) -> None:
        """Note an update that nobody is here to receive."""
        self.seq = seq

    def advance(self, seq: int, update: Frame | Update) -> int:
        """Note an update: the caller sends it to the members. Returns how many they are."""
        self.seq = seq
        if self._joining:
            for joining in self._joining.values():
                joining.hold(update)
        if self.gap is not None:
            self.gap.hold(update)
        return len(self._riding) + len(self._members)

    def _receive(self, member: _Member, since: int) -> None:
        rider: Any = member
        if self._new_wave is None or not rider.rides:
            self._members[member] = since
            return
        if self.wave is None:
            self.wave = self._new_wave()
            self._riding = self.wave.members
        self.wave.enter(rider, since)

    def _suspend(self, position: Position) -> None:
        at = self.position
        receiving = list(chain(self._riding.items(), self._members.items()))
        for member in tuple(self._riding):
            self.leave(member)
        self._suspended.update((one, _Left(since, at)) for one, since in receiving)
        self._members = {}
        if self._suspended:
            self.gap = Joining(position, self._max_held_bytes, self._policy)
