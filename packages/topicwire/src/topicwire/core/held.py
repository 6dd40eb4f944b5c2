"""Updates of one topic that are held back, as few as its policy allows."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence

from topicwire.core.policies import HeldUpdates, Policy
from topicwire.core.updates import Update


class Held:
    """What is to be sent later.

    Guarantee: what is taken is what the policy makes of all that was added, in ascending order.
    """

    __slots__ = ("_held", "_policy", "_size")

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._held: HeldUpdates = OrderedDict()
        self._size = 0

    def __len__(self) -> int:
        return len(self._held)

    @property
    def size(self) -> int:
        """Bytes that are held."""
        return self._size

    def add(self, update: Update) -> bool:
        """Hold an update back. True when an older one has gone for it."""
        gone = self._policy.hold(self._held, update)
        self._size += update.frame.size - (0 if gone is None else gone.frame.size)
        return gone is not None

    def due(self) -> list[Update]:
        """Take what is to be sent at one moment of a rate; not combined yet."""
        updates = self._policy.due(self._held)
        self._size -= sum(update.frame.size for update in updates)
        return updates

    def peek(self) -> Sequence[Update]:
        """Return all that is held; not combined yet."""
        return list(self._held.values())

    def drain(self) -> list[Update]:
        """Take all that is held; not combined yet."""
        updates = list(self._held.values())
        self.clear()
        return updates

    def take(self) -> Sequence[Update]:
        """Take all that is held."""
        return self._policy.combined(self.drain())

    def compact(self) -> None:
        """Combine what is held now, to hold less."""
        for update in self.take():
            self.add(update)

    def clear(self) -> None:
        """Hold nothing."""
        self._held.clear()
        self._size = 0


def combine(policy: Policy, updates: Iterable[Update]) -> Sequence[Update]:
    """Return what `policy` makes of updates that are sent at once: a replay, say."""
    held = Held(policy)
    for update in updates:
        held.add(update)
    return held.take()
