"""What becomes of a topic's updates that wait (protocol, "Delivery, chosen per route").

Each policy says it three times: for the outbox of one connection, where they wait among others, for
the wave of a topic, where they wait for all who are owed the same, and for what is held back of one
topic, before a reply, between two moments of its rate, or in a replay.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from topicwire.core.outbox import Outbox
from topicwire.core.updates import Outcome, Place, Update
from topicwire.core.wave import Wave

HeldUpdates: TypeAlias = OrderedDict[Place | int, Update]
"""What is held back of one topic, oldest first: by place, or by number where none is replaced."""


class Policy(Protocol):
    """What a newer update does to the older ones that wait. A topic's numbers always ascend."""

    def push(self, outbox: Outbox, update: Update) -> Outcome:
        """Add `update` to what waits for a connection."""
        ...

    def ride(self, wave: Wave[Any, Update], update: Update) -> tuple[Outcome, int]:
        """Add `update` to what waits for all members at once. Returns for how many it did what."""
        ...

    def hold(self, held: HeldUpdates, update: Update) -> Update | None:
        """Add `update` to what is held back. Returns the one that goes for it."""
        ...

    def due(self, held: HeldUpdates) -> list[Update]:
        """Take what is to be sent at one moment of the topic's rate."""
        ...

    def combined(self, updates: Sequence[Update]) -> Sequence[Update]:
        """Return what is to be sent in place of `updates`, which were held back."""
        ...


@dataclass(frozen=True, slots=True)
class Latest:
    """The newest of each place, at the end of the queue; and every marked one."""

    def push(self, outbox: Outbox, update: Update) -> Outcome:  # noqa: D102 - the protocol says it
        if update.is_marked:
            return Outcome.ADDED if outbox.push(update.frame) else Outcome.REFUSED
        return outbox.push_latest(update)

    def ride(self, wave: Wave[Any, Update], update: Update) -> tuple[Outcome, int]:  # noqa: D102
        if update.is_marked:
            wave.add(update)
            return Outcome.ADDED, 0
        times = 0
        if wave.waiting_in(update.place) is not None:
            times = wave.take_from(update.place)
        wave.add(update, update.place)
        return Outcome.CONFLATED, times

    def hold(self, held: HeldUpdates, update: Update) -> Update | None:  # noqa: D102
        if update.is_marked:
            held[update.seq] = update
            return None
        older = held.pop(update.place, None)
        held[update.place] = update
        return older

    def due(self, held: HeldUpdates) -> list[Update]:  # noqa: D102
        return _all(held)

    def combined(self, updates: Sequence[Update]) -> Sequence[Update]:  # noqa: D102
        return updates


@dataclass(frozen=True, slots=True)
class DropOldest:
    """The newest `max_queue` updates."""

    max_queue: int

    def push(self, outbox: Outbox, update: Update) -> Outcome:  # noqa: D102
        return outbox.push_among(update, self.max_queue)

    def ride(self, wave: Wave[Any, Update], update: Update) -> tuple[Outcome, int]:  # noqa: D102
        times = wave.take_oldest() if wave.waiting >= self.max_queue else 0
        wave.add(update)
        return Outcome.DROPPED, times

    def hold(self, held: HeldUpdates, update: Update) -> Update | None:  # noqa: D102
        oldest = held.popitem(last=False)[1] if len(held) >= self.max_queue else None
        held[update.seq] = update
        return oldest

    def due(self, held: HeldUpdates) -> list[Update]:  # noqa: D102
        # one: all at once would be as many as without a rate
        return [held.popitem(last=False)[1]] if held else []

    def combined(self, updates: Sequence[Update]) -> Sequence[Update]:  # noqa: D102
        return updates


@dataclass(frozen=True, slots=True)
class Merge:
    """One update that stands for all, as far as they can be merged.

    Attributes:
        merge: two updates to one with the number of the newer; None when they cannot be one.
    """

    merge: Callable[[Update, Update], Update | None]

    def push(self, outbox: Outbox, update: Update) -> Outcome:  # noqa: D102
        return outbox.push_merged(update, self.merge)

    def ride(self, wave: Wave[Any, Update], update: Update) -> tuple[Outcome, int]:  # noqa: D102
        place = update.place
        if wave.waiting_in(place) is not None and not wave.is_owed_by_all(place):
            wave.settle()  # some have the older one without the newer
        older = wave.waiting_in(place)
        merged = None if older is None else self.merge(older, update)
        if merged is None or wave.waiting_in(place) is not older:
            wave.add(update, place)  # merging calls the application: it may have been given since
            return Outcome.MERGED, 0
        times = wave.take_from(place)
        wave.add(merged, place)
        return Outcome.MERGED, times

    def hold(self, held: HeldUpdates, update: Update) -> Update | None:  # noqa: D102
        # merged when they are sent: who joins meanwhile is given the newer ones alone
        held[update.seq] = update
        return None

    def due(self, held: HeldUpdates) -> list[Update]:  # noqa: D102
        return _all(held)

    def combined(self, updates: Sequence[Update]) -> Sequence[Update]:  # noqa: D102
        combined: list[Update] = []
        for update in updates:
            merged = self.merge(combined[-1], update) if combined else None
            if merged is None:
                combined.append(update)
            else:
                combined[-1] = merged
        return combined


def _all(held: HeldUpdates) -> list[Update]:
    updates = list(held.values())
    held.clear()
    return updates
