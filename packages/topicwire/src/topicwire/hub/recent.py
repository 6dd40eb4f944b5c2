"""What a topic keeps of its updates: those that a client may have missed, and its last state."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from topicwire.core.replay import Kept, ReplayRing
from topicwire.hub.fanout import Keep
from topicwire.hub.route import Route
from topicwire.hub.surroundings import Surroundings
from topicwire.types import Position
from topicwire.wire.marks import split_mark


class Recent:
    """The latest updates of one topic, within the limits of its route and of the app.

    Args:
        hub: bounds what all topics keep.
        route: says what is kept.

    Attributes:
        keep: what an update is to be given to; None while nothing is kept.
        last: the last update's payload, where that is the route's snapshot.
    """

    __slots__ = ("_hub", "_ring", "_route", "_weight", "keep", "last")

    def __init__(self, hub: Surroundings, route: Route) -> None:
        self._hub = hub
        self._route = route
        self._ring: ReplayRing | None = None
        self._weight = 0
        self.keep: Keep | None = None
        self.last: bytes | None = None

    def note(self, payload: bytes) -> None:
        """Remember an update's payload, where the last one is the route's snapshot."""
        if self._route.keeps_last:
            self.last = split_mark(payload)[1]
            if self._ring is not None:  # else it ends with the last subscriber
                self._weigh(len(self.last))

    def since(self, seen: Position) -> Sequence[Kept] | None:
        """Return every update after `seen`; None when they are not all kept."""
        if self._ring is None:
            return None
        return self._hub.retention.since(self._ring, seen, self._hub.clock.now_s())

    def open(self, position: Position) -> None:
        """Keep what comes after `position`, unless that is being kept already."""
        if self._ring is None and self._route.replay is not None:
            self._ring = ReplayRing(position, self._route.replay)
            self.keep = partial(self._hub.retention.append, self._ring)

    def forget(self) -> None:
        """Keep nothing of what has come."""
        self.last = None
        self._weigh(0)
        if self._ring is not None:
            self._hub.retention.give_up(self._ring)
            self._ring = self.keep = None

    def _weigh(self, size: int) -> None:
        added, self._weight = size - self._weight, size
        if added:
            self._hub.retention.weigh(added)
