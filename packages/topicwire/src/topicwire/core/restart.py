"""How long to wait before a producer that died is started again.

Pure: no clock and no chance of its own. The caller passes both.
"""

from __future__ import annotations


class RestartPauses:
    """Pauses that double with each failure in a row, up to a limit, and differ between topics.

    Guarantee: a pause is between a half and the whole of what it has grown to, so that topics that
    died together are not started together, and nothing is started in a busy loop.

    Args:
        first_s: the longest that the first pause may be.
        max_s: what they grow to.
        steady_s: a producer that ran this long had recovered: its next pause is the first again.
    """

    __slots__ = ("_began_s", "_first_s", "_longest_s", "_max_s", "_steady_s")

    def __init__(self, first_s: float, max_s: float, steady_s: float) -> None:
        self._first_s = first_s
        self._max_s = max_s
        self._steady_s = steady_s
        self._longest_s = first_s
        self._began_s: float | None = None

    def began(self, now_s: float) -> None:
        """Note that the producer runs."""
        self._began_s = now_s

    def ended(self, now_s: float) -> None:
        """Note that it runs no longer. Whoever never began is not steady."""
        if self._began_s is not None and now_s - self._began_s >= self._steady_s:
            self._longest_s = self._first_s
        self._began_s = None

    def next_s(self, chance: float) -> float:
        """Return the next pause. `chance` is from 0 up to 1, another one each time."""
        longest_s = min(self._longest_s, self._max_s)
        self._longest_s = min(longest_s * 2, self._max_s)
        return longest_s * (1 + chance) / 2
