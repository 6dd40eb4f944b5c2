"""A clock that stands still until a test moves it."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable
from itertools import count


class ManualClock:
    """The hub's clock in a test: `FastWSAdapter(clock=ManualClock(), ...)`.

    Lingers, timeouts and retention elapse when `advance` says so, in the order in which they are
    due, and never by themselves.
    """

    def __init__(self) -> None:
        self._now_s = 0.0
        self._due: list[tuple[float, int, _Alarm]] = []
        self._order = count()

    def now_s(self) -> float:
        """Return the seconds that the test has let pass."""
        return self._now_s

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> _Alarm:
        """Call `callback` when `delay_s` more seconds have passed.

        A delay that is too small to move the clock moves it all the same, by the least there is:
        who asks again for a rounding error that is left would ask for ever.
        """
        alarm = _Alarm(callback)
        due_s = self._now_s + delay_s
        if delay_s > 0:
            due_s = max(due_s, math.nextafter(self._now_s, math.inf))
        heapq.heappush(self._due, (due_s, next(self._order), alarm))
        return alarm

    def advance(self, seconds: float) -> None:
        """Let time pass. What becomes due is called before this returns."""
        end_s = self._now_s + seconds
        while self._due and self._due[0][0] <= end_s:
            self._now_s, _, alarm = heapq.heappop(self._due)
            alarm.ring()
        self._now_s = end_s

    @property
    def alarms(self) -> int:
        """How many calls are to come."""
        return sum(not alarm.is_cancelled for _, _, alarm in self._due)


class _Alarm:
    def __init__(self, callback: Callable[[], None]) -> None:
        self._callback = callback
        self.is_cancelled = False

    def cancel(self) -> None:
        self.is_cancelled = True

    def ring(self) -> None:
        if not self.is_cancelled:
            self._callback()
