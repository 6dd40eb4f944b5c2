"""The updates of one topic that its subscribers are sent together, and who is owed which."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, Generic, Protocol, TypeAlias, TypeVar

from topicwire.core.roster import Roster, Round

if TYPE_CHECKING:
    from topicwire.core.waves import Waves

MAX_CREST_BYTES: Final = 65_536
"""Sent to a member at once; a single larger update still goes."""

USUAL_BYTES: Final = 16_384
"""A member that is sent more at once counts as several: it takes as long."""


class Sized(Protocol):
    """An update."""

    @property
    def size(self) -> int:
        """In bytes."""
        ...


class Rider(Protocol):
    """A member of waves.

    Attributes:
        waves: those of the topics that it receives; they see to it.
        berth: its number with whoever sends; the same for as long as it is a member of one.
    """

    waves: list[Wave[Any, Any]]
    berth: int

    @property
    def kind(self) -> Hashable:
        """The same object for all who are sent the same bytes."""
        ...

    @property
    def rides(self) -> bool:
        """Whether it may be sent what goes to all; who may once, always may."""
        ...

    def __hash__(self) -> int: ...


_Member = TypeVar("_Member", bound=Rider)
_What = TypeVar("_What", bound=Sized)

Give: TypeAlias = Callable[[_Member, _What], None]
"""Gives one member one update, whatever waits for it. Never raises, and does not settle."""


class Crest(Generic[_What]):
    """Updates that go to several members as one.

    Attributes:
        updates: in the order of publishing.
        wire: the sender's own: as they are sent, made once.
    """

    __slots__ = ("updates", "wire")

    def __init__(self, updates: Sequence[_What]) -> None:
        self.updates = updates
        self.wire: Any = None


Send: TypeAlias = Callable[[Crest[_What], Roster[_Member], int, int], tuple[int, Sequence[_Member]]]
"""`(crest, roster, begin, end)`: sends to each of these that takes it at once, or to the first of
them for which there is time. Returns before whom it has ended, and who did not take it."""

_NOBODY: Final[Sequence[Any]] = ()


class Wave(Generic[_Member, _What]):
    """The updates of one topic that have been published, and not been given to everybody yet.

    Positions count updates from the topic's beginning. A flight gives those that there were when it
    began to all who were members then, slice by slice; what is added meanwhile is for the next one.
    Most members are before the flight or behind it. The stragglers are neither: they have been
    given something singly, or have come in the middle; where each of them is, is noted.

    Args:
        waves: of all topics.
        give: gives one update to one member.
        max_bytes: an update that comes when so much has gathered settles everybody.

    Attributes:
        members: those who receive the topic, each with what was noted when it came.
        crest_end: where the flight under way ends.
        is_dirty: `Waves` knows that it has updates, or has had some.
        weight: as how many each member counts that the flight comes to.
        waiting: how many updates no flight has taken yet.
    """

    __slots__ = (
        "_base",
        "_crest",
        "_entries",
        "_flights",
        "_give",
        "_is_mixed",
        "_kind",
        "_max_bytes",
        "_oldest",
        "_places",
        "_roster",
        "_round",
        "_size",
        "_stragglers",
        "_waves",
        "crest_end",
        "is_dirty",
        "members",
        "waiting",
        "weight",
    )

    def __init__(
        self, waves: Waves[_Member, _What], give: Give[_Member, _What], max_bytes: int
    ) -> None:
        self._waves = waves
        self._give = give
        self._max_bytes = max_bytes
        self.members: dict[_Member, int] = {}
        self._kind: Hashable = None  # of the first member
        self._is_mixed = False  # and others may be of another one
        self._base = 0
        self._entries: list[tuple[int, _What] | None] = []
        self._size = 0
        self._places: dict[Hashable, int] = {}
        self._oldest = 0
        self.waiting = 0
        self._stragglers: dict[_Member, int] = {}
        self._roster: Roster[_Member] | None = None  # until somebody leaves
        self._round: Round[_Member] | None = None  # of the flight under way
        self._flights = 0
        self._crest: Crest[_What] | None = None
        self.crest_end = 0
        self.is_dirty = False
        self.weight = 1

    @property
    def end(self) -> int:
        """The position after the newest update."""
        return self._base + len(self._entries)

    # Members

    def enter(self, member: _Member, since: int) -> None:
        """Let `member` receive what is added from now on."""
        if not self.members:
            self._kind, self._is_mixed = member.kind, False
        elif member.kind is not self._kind:
            self._is_mixed = True
        self.members[member] = since
        member.waves.append(self)
        if self._roster is not None:
            self._roster.append(member)
        if self._entries:
            self._stragglers[member] = self.end

    def leave(self, member: _Member) -> None:
        """Give `member` what it is owed, and nothing further."""
        self._waves.settle(member)
        if self.members.pop(member, None) is None:
            return
        member.waves.remove(self)
        self._roster = None
        if self._round is None:
            self._stragglers.pop(member, None)
        else:
            self._stragglers[member] = self.end

    def settle(self) -> None:
        """Give everybody all there is."""
        if not self._entries:
            return
        end = self.end
        for member in tuple(self.members):
            self._waves.settle(member)
        if self.end == end:  # giving may have called the application, and that may publish
            self._go_on_at(end)

    # Updates

    def add(self, update: _What, place: Hashable = None) -> None:
        """Add an update; in a `place` where a later one may take its stead."""
        waves = self._waves
        if not self.is_dirty:
            waves.stir(self)
        waves.count = order = waves.count + 1
        if place is not None:
            self._places[place] = self.end
        self._entries.append((order, update))
        self.waiting += 1
        before = self._size
        self._size = before + update.size
        if before >= self._max_bytes:
            self.settle()

    def waiting_in(self, place: Hashable) -> _What | None:
        """Return the update in a place that no flight has taken yet."""
        index = self._places.get(place, -1)
        return self.update(index) if index >= self.crest_end else None

    def is_owed_by_all(self, place: Hashable) -> bool:
        """Say whether nobody has been given the update that waits in a place."""
        index = self._places[place]
        return all(position <= index for position in self._stragglers.values())

    def take_from(self, place: Hashable) -> int:
        """Take out the update that waits in a place. Returns how many members go without it."""
        return self._take_out(self._places.pop(place))

    def take_oldest(self) -> int:
        """Take out the oldest update that waits. Returns how many members go without it."""
        index = max(self._oldest, self.crest_end)
        while self._entries[index - self._base] is None:
            index += 1
        self._oldest = index + 1
        return self._take_out(index)

    def _take_out(self, index: int) -> int:
        self._size -= self.update(index).size
        self._entries[index - self._base] = None
        self.waiting -= 1
        members = self.members
        given = sum(at > index and one in members for one, at in self._stragglers.items())
        return len(members) - given

    # What `Waves` asks

    @property
    def has_updates(self) -> bool:
        """There are updates that somebody may be owed."""
        return bool(self._entries)

    @property
    def has_stragglers(self) -> bool:
        """Some members are neither before the flight nor behind it."""
        return bool(self._stragglers)

    def apart(self, few: int) -> int:
        """Return how many of those whose turn is next are to be looked at one by one.

        That is one where the next is a straggler, and `few` where there are more stragglers.
        """
        if len(self._stragglers) > few:
            return few
        over = self._round
        if over is None:
            over = self._begin_flight()
        begin, end = over.next(1)
        return begin < end and over.roster.members[begin] in self._stragglers

    @property
    def flight(self) -> tuple[Wave[_Member, _What], int, int]:
        """Itself, and from where to where the flight under way goes."""
        return self, self._base, self.crest_end

    @property
    def crest(self) -> Crest[_What]:
        """What the flight under way gives to most members."""
        if self._crest is None:
            taken = self._entries[: self.crest_end - self._base]
            self._crest = Crest([entry[1] for entry in taken if entry is not None])
        return self._crest

    def turn(self, count: int) -> tuple[Roster[_Member], int, int]:
        """Go on with the flight, or begin one. Returns whose turn it is, by weight `count`."""
        flight = self._round
        if flight is None:
            flight = self._begin_flight()
        begin, end = flight.next(max(1, count // self.weight))
        return flight.roster, begin, end

    def roster_of(self, members: Iterable[_Member]) -> Roster[_Member]:
        """Return turns for some members, those of a kind after each other."""
        return Roster(members, is_mixed=self._is_mixed)

    def fly(
        self, send: Send[_What, _Member], count: int
    ) -> tuple[int, Sequence[_Member], tuple[Wave[_Member, _What], int, int]]:
        """Send the next slice of the flight, up to the next straggler. Nothing else is owed.

        Returns how many have had their turn, who of them was not sent it, and the flight.
        """
        over = self._round
        if over is None:
            over = self._begin_flight()
        begin, end = over.next(max(1, count // self.weight))
        if self._stragglers:
            apart = [over.index(member) for member in self._stragglers]
            end = min([index for index in apart if begin <= index < end], default=end)
        flight = self.flight
        if begin == end:
            return 0, _NOBODY, flight
        reached, late = send(self.crest, over.roster, begin, end)
        over.had(reached - begin)
        return reached - begin, late, flight

    def had_turn(self, count: int) -> None:
        """Note that so many of those whose turn it is have had it."""
        if self._round is not None:
            self._round.had(count)

    def land(self) -> None:
        """End the flight if everybody has had a turn."""
        if self._round is not None and self._round.is_over:
            self._go_on_at(self.crest_end)

    def start_of(self, member: _Member) -> int:
        """Return the position of one whose turn it is."""
        return self._stragglers.get(member, self._base)

    def position(self, member: _Member) -> int:
        """Return up to where a member has been given everything since it came."""
        position = self._stragglers.get(member)
        if position is not None:
            return position
        flight = self._round
        is_behind = flight is not None and flight.has_had_turn(member)
        return self.crest_end if is_behind else self._base

    def put(self, member: _Member, position: int) -> None:
        """Note up to where a member has been given everything."""
        self._stragglers[member] = position

    def reach(self, member: _Member, position: int) -> None:
        """Note that there is nothing further to be given to a member before a position."""
        if member in self.members and self.position(member) < position:
            self._stragglers[member] = position

    def places(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """Return the order and the index of each update there is between two positions."""
        for index in range(start, end):
            entry = self._entries[index - self._base]
            if entry is not None:
                yield entry[0], index

    def update(self, index: int) -> _What:
        """Return an update that there is."""
        entry = self._entries[index - self._base]
        if entry is None:
            raise IndexError(index)
        return entry[1]

    def give_at(self, member: _Member, index: int) -> None:
        """Give a member an update, unless it has been given it meanwhile, or goes without."""
        if member in self.members and self.position(member) <= index:
            entry = self._entries[index - self._base]
            if entry is not None:
                self._stragglers[member] = index + 1
                self._give(member, entry[1])

    def _begin_flight(self) -> Round[_Member]:
        entries, size = self._entries, self._size
        if size <= MAX_CREST_BYTES:  # all there is
            taken, self.waiting = len(entries), 0
        else:
            size = taken = 0
            for entry in entries:
                more = 0 if entry is None else entry[1].size
                if size and size + more > MAX_CREST_BYTES:
                    break
                size += more
                taken += 1
                self.waiting -= entry is not None
        self.crest_end = self._base + taken
        self.weight = size // USUAL_BYTES or 1
        roster = self._roster
        if roster is None or roster.is_ragged:
            roster = self._roster = self.roster_of(self.members)
            self._is_mixed = roster.is_mixed
            if roster.members:
                self._kind = roster.members[0].kind
        self._flights += 1
        self._round = Round(roster, self._flights)
        return self._round

    def _go_on_at(self, position: int) -> None:
        """Forget what comes before a position: everybody has been given it."""
        entries, count = self._entries, position - self._base
        self._base = self.crest_end = position
        self._round = self._crest = None
        if count == len(entries):
            entries.clear()
            self._size = self.waiting = 0
            if self._places:
                self._places.clear()
            if self._stragglers:
                self._stragglers.clear()
            return
        done = entries[:count]
        del entries[:count]
        self._size -= sum(entry[1].size for entry in done if entry is not None)
        self._places = {key: index for key, index in self._places.items() if index >= position}
        self._stragglers = {
            member: at
            for member, at in self._stragglers.items()
            if at > position and member in self.members
        }
