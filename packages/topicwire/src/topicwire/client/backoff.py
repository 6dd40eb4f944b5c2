"""When to connect again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from topicwire.close_codes import SLOW_CONSUMER

STABLE_S: Final = 30.0
"""A connection that lasted so long ends the doubling of delays."""

SLOW_TIMES: Final = 3
SLOW_WITHIN_S: Final = 60.0
"""A client that was closed as slow so often within the time is told so."""

_MAX_DOUBLINGS: Final = 30


@dataclass(frozen=True, slots=True)
class Backoff:
    """Delays between attempts: uniform between zero and a ceiling that doubles with each failure.

    Full jitter, so that a crowd that lost its server at one moment does not return at one.
    """

    base_s: float = 0.5
    """Ceiling of the first delay."""

    max_s: float = 20.0
    """Ceiling that no delay exceeds."""

    def ceiling_s(self, failures: int) -> float:
        """Return the longest delay after so many failures in a row."""
        return float(min(self.max_s, self.base_s * 2 ** min(failures, _MAX_DOUBLINGS)))


class Reconnection:
    """Counts losses, and says how long to wait after each.

    Args:
        backoff: the delays.
        random: uniform in [0, 1).
    """

    def __init__(self, backoff: Backoff, random: Callable[[], float]) -> None:
        self._backoff = backoff
        self._random = random
        self._failures = 0
        self._slow_at_s: list[float] = []
        self._is_slow = False

    @property
    def is_slow(self) -> bool:
        """Whether the last loss was one too many for reading too slowly."""
        return self._is_slow

    def delay_s(
        self, now_s: float, close_code: int, *, lasted_s: float, retry_after_s: float = 0.0
    ) -> float:
        """Return how long to wait, in seconds.

        Args:
            now_s: the time of the loss.
            close_code: with which the connection ended.
            lasted_s: how long it was open; 0 for an attempt that failed.
            retry_after_s: what a closing server asked for.
        """
        if lasted_s >= STABLE_S:
            self._failures = 0
        delay_s = retry_after_s + self.jitter_s(self._failures)
        self._failures += 1
        self._is_slow = close_code == SLOW_CONSUMER and self._counts_as_slow(now_s, lasted_s)
        if self._is_slow:
            # nothing here is quicker than it was: not at once again, however the dice fall
            delay_s += self._backoff.ceiling_s(self._failures)
        return delay_s

    def jitter_s(self, failures: int) -> float:
        """Return a delay after so many failures of something in a row."""
        return self._random() * self._backoff.ceiling_s(failures)

    def _counts_as_slow(self, now_s: float, lasted_s: float) -> bool:
        # the longer waits after the third time must not make it look like the first again
        if lasted_s >= STABLE_S or not self._is_slow_streak(now_s):
            self._slow_at_s = [at for at in self._slow_at_s if now_s - at < SLOW_WITHIN_S]
        self._slow_at_s.append(now_s)
        return len(self._slow_at_s) >= SLOW_TIMES

    def _is_slow_streak(self, now_s: float) -> bool:
        waited_s = 2 * self._backoff.max_s + STABLE_S
        return len(self._slow_at_s) >= SLOW_TIMES and now_s - self._slow_at_s[-1] < waited_s
