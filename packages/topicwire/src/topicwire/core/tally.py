"""How many of something each owner has, at most."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

_Owner = TypeVar("_Owner", bound=Hashable)


class Tally(Generic[_Owner]):
    """Counts by owner, up to a limit. An owner of nothing takes no memory.

    Args:
        limit: of each owner.
    """

    __slots__ = ("_counts", "limit")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._counts: dict[_Owner, int] = {}

    def __len__(self) -> int:
        return len(self._counts)

    def of(self, owner: _Owner) -> int:
        """Return how many `owner` has."""
        return self._counts.get(owner, 0)

    def enter(self, owner: _Owner) -> bool:
        """Count one more. False, and nothing is counted, when `owner` has as many as allowed."""
        count = self._counts.get(owner, 0)
        if count >= self.limit:
            return False
        self._counts[owner] = count + 1
        return True

    def leave(self, owner: _Owner) -> None:
        """Count one less: of what has entered, each leaves once."""
        count = self._counts[owner] - 1
        if count:
            self._counts[owner] = count
        else:
            del self._counts[owner]
