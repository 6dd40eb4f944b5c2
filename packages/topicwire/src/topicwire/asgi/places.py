"""Where a connection is counted, for as long as it lasts."""

from __future__ import annotations

from topicwire.core.tally import Tally


class Places:
    """The tallies that count a connection, until it leaves all of them.

    An `ExitStack` would do; a connection would have 1 KiB more for it.
    """

    __slots__ = ("_taken",)

    def __init__(self) -> None:
        self._taken: tuple[tuple[Tally[str], str], ...] = ()

    def enter(self, tally: Tally[str], owner: str) -> bool:
        """Have the connection counted. False, and it is not, when `owner` has all it may have."""
        if not tally.enter(owner):
            return False
        self._taken += ((tally, owner),)
        return True

    def leave(self) -> None:
        """Count it no longer."""
        taken, self._taken = self._taken, ()
        for tally, owner in reversed(taken):
            tally.leave(owner)
