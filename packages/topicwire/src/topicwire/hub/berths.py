"""Where each connection is written to, side by side."""

from __future__ import annotations

from array import array
from typing import Final

NO_BERTH: Final = 0
"""Of a connection that is never written to directly: nothing is ever said of it."""

CLOSED: Final = -1


class Berths:
    """The descriptors of all connections, each at its berth.

    Guarantee: at the berth of a connection is its descriptor while it may be written to, else
    CLOSED, from the very step in which that changes: so it is never that of another connection.
    Who writes to thousands reads this alone, instead of an object for each.

    Attributes:
        fds: by berth.
    """

    __slots__ = ("_free", "fds")

    def __init__(self) -> None:
        self.fds: array[int] = array("i", [CLOSED])
        self._free: list[int] = []

    def take(self) -> int:
        """Return a berth that nobody has; it is closed."""
        if self._free:
            return self._free.pop()
        self.fds.append(CLOSED)
        return len(self.fds) - 1

    def set(self, berth: int, fd: int) -> None:
        """Write to `fd` from now on, or to nothing where that is CLOSED."""
        if berth != NO_BERTH:
            self.fds[berth] = fd

    def give_back(self, berth: int) -> None:
        """Let another connection have the berth."""
        if berth != NO_BERTH:
            self.fds[berth] = CLOSED
            self._free.append(berth)
