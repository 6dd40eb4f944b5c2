"""Members in the order of their turns, and their berths beside them."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Hashable, Iterable, Sequence
from itertools import accumulate
from typing import Any, Final, Generic, Protocol, TypeVar

MAX_RAGS: Final = 16
"""So often may those of another kind begin whom others than their own have come before."""

NOWHERE: Final = -1

_ROTATES_FROM = 256
"""Fewer are all reached within a millisecond or two: who is first does not matter."""


class Berthed(Protocol):
    """Who has turns.

    Attributes:
        berth: its number with whoever sends; the same for as long as it is a member of anything.
    """

    berth: int

    @property
    def kind(self) -> Hashable:
        """The same object for all who are sent the same bytes."""
        ...


_Member = TypeVar("_Member", bound=Berthed)


class Roster(Generic[_Member]):
    """Members, and where each is written to, in memory of its own.

    Thousands of members do not fit the processor's caches, and what sending to one of them does to
    those is worse still. So the loop that sends reads `berths`, which are numbers side by side, and
    looks at a member only where something is to be said of it.

    Args:
        members: who has turns.
        is_mixed: they may be of several kinds; then those of a kind come after each other.

    Attributes:
        members: in the order in which they came.
        berths: theirs.
    """

    __slots__ = ("_kinds", "_starts", "berths", "members")

    def __init__(self, members: Iterable[_Member], *, is_mixed: bool = False) -> None:
        self.members = list(members)
        self._starts: Sequence[int] = ()  # where another kind begins
        if is_mixed:
            by_kind: dict[Hashable, list[_Member]] = {}
            for member in self.members:
                by_kind.setdefault(member.kind, []).append(member)
            self.members = [member for alike in by_kind.values() for member in alike]
            self._starts = [*accumulate(map(len, by_kind.values()))][:-1]
        self._kinds = len(self._starts)
        self.berths: array[int] = array("i", [member.berth for member in self.members])

    def append(self, member: _Member) -> None:
        """Let one more have turns."""
        if self.members and self.members[-1].kind is not member.kind:
            self._starts = [*self._starts, len(self.members)]
        self.members.append(member)
        self.berths.append(member.berth)

    def index(self, member: _Member) -> int:
        """Return where a member is, or NOWHERE. Looks through all, as bytes: some microseconds."""
        berths, members = self.berths.tobytes(), self.members
        berth = array("i", [member.berth]).tobytes()
        at = berths.find(berth)
        while at >= 0:
            index, rest = divmod(at, len(berth))
            if rest == 0 and members[index] is member:
                return index
            at = berths.find(berth, at + 1)
        return NOWHERE

    @property
    def is_mixed(self) -> bool:
        """Not all members are of one kind."""
        return bool(self._starts)

    @property
    def is_ragged(self) -> bool:
        """Members of several kinds have come one after the other: another roster has them apart."""
        return len(self._starts) > self._kinds + MAX_RAGS

    def alike(self, begin: int, end: int) -> int:
        """Return before whom `end`, or somebody of another kind than the one at `begin`, comes."""
        starts = self._starts
        if not starts:
            return end
        index = bisect_right(starts, begin)
        return end if index == len(starts) else min(end, starts[index])


class Round(Generic[_Member]):
    """One turn for each of a roster, some of them at a time.

    It may begin anywhere, and goes around: otherwise it were always the same who wait longest. Who
    is appended to the roster meanwhile has no turn.

    Args:
        roster: of whom.
        number: of the round, among those of a topic: says where it begins.
    """

    __slots__ = ("_done", "_first", "_indices", "_size", "roster")

    def __init__(self, roster: Roster[_Member], number: int) -> None:
        self.roster = roster
        self._size = size = len(roster.members)
        # by the golden section: in any few rounds in a row everybody is early about as often
        self._first = 0 if size < _ROTATES_FROM else int(number * 0.618033988749895 % 1 * size)
        self._done = 0
        self._indices: dict[Any, int] = {}

    @property
    def is_over(self) -> bool:
        """Everybody has had a turn."""
        return self._done == self._size

    def next(self, count: int) -> tuple[int, int]:
        """Return from where to where in the roster the next turns are: `count` at most."""
        begin, most = self._first + self._done, self._size
        if begin >= most:
            begin -= most
            most = self._first
        return begin, min(begin + count, most)

    def had(self, count: int) -> None:
        """Note that so many more have had their turn."""
        self._done += count

    def has_had_turn(self, member: _Member) -> bool:
        """Say whether one of those in the round has had its turn."""
        place = self.index(member) - self._first
        return (place + self._size if place < 0 else place) < self._done

    def index(self, member: _Member) -> int:
        """Return where in the roster a member is that is asked about; NOWHERE for strangers."""
        index = self._indices.get(member)  # of all of them it would take longer than a slice does
        if index is None:
            index = self._indices[member] = self.roster.index(member)
        return index
