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
from typing import Final, Generic, TypeAlias, TypeVar

from topicwire.core.wave import MAX_CREST_BYTES, Crest, Rider, Send, Sized, Wave

_Member = TypeVar("_Member", bound=Rider)
_What = TypeVar("_What", bound=Sized)

FEW: Final = 64
"""Members who are looked at one by one, between two looks at the clock."""

_Owed: TypeAlias = tuple[Wave[_Member, _What], int, int]
"""A wave, and from where to where its updates are owed."""

_by_order = itemgetter(0)


def _always() -> bool:
    return True


class Waves(Generic[_Member, _What]):
    """The waves of all topics.

    Guarantee: what a member has been given is, at each moment, a beginning of what it would have
    been given if each update had been pushed to it at once; and all of that after `settle`.

    Args:
        send: sends to many.
        schedule: asks for a `flush`, in the next turn.
    """

    __slots__ = ("_is_asked", "_schedule", "_send", "count", "dirty")

    def __init__(self, send: Send[_What, _Member], schedule: Callable[[], None]) -> None:
        self._send = send
        self._schedule = schedule
        self._is_asked = False
        self.count = 0
        """Of the updates of all topics: each has its number, and that is their order."""
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

    def flush(self, count: int, has_time: Callable[[], bool] = _always) -> None:
        """Send to `count` members or so, while there is time; ask for a flush for the rest."""
        self._is_asked = False
        looked_at = 0
        dirty = self.dirty
        try:
            while dirty and count > 0:
                wave = dirty[0]
                if len(dirty) > 1:
                    dirty.rotate(-1)  # before its next slice it is the others' turn
                if wave.has_updates:
                    had = self._fly(wave, count)
                    count -= (had or 1) * wave.weight
                    looked_at += had
                    wave.land()
                if not wave.has_updates and dirty[-1] is wave:
                    dirty.pop()
                    wave.is_dirty = False
                if looked_at >= FEW:
                    if not has_time():
                        break
                    looked_at = 0
        finally:
            if dirty:
                self._ask()

    def _fly(self, wave: Wave[_Member, _What], count: int) -> int:
        """Send a part of a flight. Returns how many have had their turn."""
        looks = FEW
        if len(self.dirty) == 1:
            looks = wave.apart(FEW) if wave.has_stragglers else 0
        if not looks:
            had, late, flight = wave.fly(self._send, count)
            if late:
                self._give([(member, (flight,)) for member in late])
            return had
        roster, begin, end = wave.turn(count)
        end = min(end, begin + looks)
        wave.had_turn(end - begin)
        self._send_each(wave, roster.members[begin:end])
        return end - begin

    def stir(self, wave: Wave[_Member, _What]) -> None:
        """Note that `wave` has updates."""
        wave.is_dirty = True
        self.dirty.append(wave)
        self._ask()

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
        unsent: list[tuple[_Member, tuple[_Owed[_Member, _What], ...]]] = []
        for owed, members in groups.items():
            crest = wave.crest if owed is usual else _crest_of(owed)
            if crest is None:
                unsent += [(member, owed) for member in members]
                continue
            alike = wave.roster_of(members)
            reached = 0
            while reached < len(members):
                reached, late = self._send(crest, alike, reached, len(members))
                unsent += [(member, owed) for member in late]
        self._give(unsent)

    def _give(self, unsent: Sequence[tuple[_Member, tuple[_Owed[_Member, _What], ...]]]) -> None:
        """Give singly what has not been sent."""
        # giving may call the application, and that may send to any of them: noted for all before
        for member, owed in unsent:
            for wave, start, _ in owed:
                wave.put(member, start)
        for member, _ in unsent:
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
