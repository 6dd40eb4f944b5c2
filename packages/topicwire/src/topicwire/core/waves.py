"""What is sent to all subscribers of a topic together, once in a turn of the event loop.

An update is added to its topic's wave instead of being pushed to each subscriber. Once in a turn
`Waves.flush` sends what has gathered to those who take it at once, the same bytes to all who are
owed the same. Whoever does not take it is given its updates singly, as without waves.

Pure: when a flush comes, and how bytes are sent, is the caller's.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter
from typing import Generic, TypeAlias, TypeVar

from topicwire.core.wave import MAX_CREST_BYTES, Crest, Rider, Sized, Wave

_Member = TypeVar("_Member", bound=Rider)
_What = TypeVar("_What", bound=Sized)

Send: TypeAlias = Callable[[Crest[_What], Sequence[_Member]], Sequence[_Member]]
"""Sends to each member that takes it at once. Returns those that do not."""

_Owed: TypeAlias = tuple[Wave[_Member, _What], int, int]
"""A wave, and from where to where its updates are owed."""

_by_order = itemgetter(0)


class Waves(Generic[_Member, _What]):
    """The waves of all topics.

    Guarantee: what a member has been given is, at each moment, a beginning of what it would have
    been given if each update had been pushed to it at once; and all of that after `settle`.

    Args:
        send: sends to many.
        schedule: asks for a `flush`, in the next turn.
    """

    __slots__ = ("_count", "_is_asked", "_schedule", "_send", "dirty")

    def __init__(self, send: Send[_What, _Member], schedule: Callable[[], None]) -> None:
        self._send = send
        self._schedule = schedule
        self._is_asked = False
        self._count = 0
        self.dirty: deque[Wave[_Member, _What]] = deque()
        """Waves with updates that somebody may be owed, those whose turn is next first."""

    def settle(self, member: _Member) -> None:
        """Give `member` singly all that it is owed: something else is to be sent to it."""
        # giving may call the application: it may publish, or have the rest given meanwhile
        while self.dirty and (owed := self._owed(member, None)):
            places = [
                (order, wave, index)
                for wave, start, end in owed
                for order, index in wave.places(start, end)
            ]
            places.sort(key=_by_order)
            for _, wave, index in places:
                wave.give_at(member, index)
            for wave, _, end in owed:
                wave.reach(member, end)

    def flush(self, count: int) -> None:
        """Send to `count` members or so, and ask for another flush while more is owed."""
        self._is_asked = False
        try:
            dirty = self.dirty
            while dirty and count > 0:
                wave = dirty[0]
                dirty.rotate(-1)  # before its next slice it is the others' turn
                if wave.has_updates:
                    part = wave.slice(count)
                    count -= (len(part) or 1) * wave.weight
                    if len(dirty) > 1 or wave.has_stragglers:
                        self._send_each(wave, part)
                    elif part:
                        self._send_crest(wave.crest, part, (wave.flight,))
                    wave.land()
                if not wave.has_updates and dirty[-1] is wave:
                    dirty.pop()
                    wave.is_dirty = False
        finally:
            if self.dirty:
                self._ask()

    def add(self, wave: Wave[_Member, _What]) -> int:
        """Note that `wave` has another update. Returns its place among those of all topics."""
        if not wave.is_dirty:
            wave.is_dirty = True
            self.dirty.append(wave)
            self._ask()
        self._count += 1
        return self._count

    def restart(self) -> None:
        """Ask anew: the flush that was asked for will not come."""
        self._is_asked = False
        if self.dirty:
            self._ask()

    def _ask(self) -> None:
        if not self._is_asked:
            self._is_asked = True
            self._schedule()

    def _owed(
        self, member: _Member, but: Wave[_Member, _What] | None
    ) -> list[_Owed[_Member, _What]]:
        waves: Iterable[Wave[_Member, _What]]
        if len(self.dirty) < len(member.waves):
            waves = [wave for wave in self.dirty if wave is not but and member in wave.members]
        else:
            waves = [wave for wave in member.waves if wave is not but and wave.has_updates]
        return [
            (wave, position, wave.end)
            for wave in waves
            if (position := wave.position(member)) < wave.end
        ]

    def _send_each(self, wave: Wave[_Member, _What], part: Sequence[_Member]) -> None:
        """Send to members who may be owed something of other waves too, or only a part of this."""
        flight = wave.flight
        _, base, crest_end = flight
        usual = (flight,)
        groups: dict[tuple[_Owed[_Member, _What], ...], list[_Member]] = {}
        for member in part:
            start = wave.start_of(member)
            if start >= crest_end:
                continue
            others = self._owed(member, wave) if len(member.waves) > 1 else None
            owed: tuple[_Owed[_Member, _What], ...]
            if others:
                owed = ((wave, start, wave.end), *others)
            elif start == base:
                owed = usual
            else:
                owed = ((wave, start, crest_end),)
            if owed is not usual:
                for one, _, end in owed:
                    one.put(member, end)
            groups.setdefault(owed, []).append(member)
        for owed, members in groups.items():
            self._send_crest(wave.crest if owed is usual else _crest_of(owed), members, owed)

    def _send_crest(
        self,
        crest: Crest[_What] | None,
        members: Sequence[_Member],
        owed: tuple[_Owed[_Member, _What], ...],
    ) -> None:
        for member in members if crest is None else self._send(crest, members):
            for wave, start, _ in owed:
                wave.put(member, start)
            self.settle(member)


def _crest_of(owed: Sequence[_Owed[_Member, _What]]) -> Crest[_What] | None:
    """Return what is owed as one; None when it is too much."""
    updates = [
        (order, wave.update(index))
        for wave, start, end in owed
        for order, index in wave.places(start, end)
    ]
    if len(updates) > 1 and sum(update.size for _, update in updates) > MAX_CREST_BYTES:
        return None
    updates.sort(key=_by_order)
    return Crest([update for _, update in updates])
