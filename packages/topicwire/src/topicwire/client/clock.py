"""Time as the client needs it: tests put a clock of their own in its place."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable
from typing import Protocol


class Timer(Protocol):
    """A call that is to come."""

    def cancel(self) -> None:
        """Do not make the call. No error when it was made already."""
        ...


class Clock(Protocol):
    """A monotonic clock and its alarms, in seconds. `topicwire.testing.ManualClock` is one."""

    def now_s(self) -> float:
        """Return the time since some fixed moment."""
        ...

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> Timer:
        """Call `callback` on the event loop, `delay_s` from now."""
        ...


class LoopClock:
    """The event loop's own time."""

    def now_s(self) -> float:
        """Return the loop's time."""
        return asyncio.get_running_loop().time()

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> Timer:
        """Ask the loop."""
        return asyncio.get_running_loop().call_later(delay_s, callback)


class Timers:
    """Alarms by name: setting one again replaces it.

    Args:
        clock: whose time it is.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._running: dict[Hashable, Timer] = {}

    def set(self, name: Hashable, delay_s: float, callback: Callable[[], None]) -> None:
        """Call `callback` after `delay_s`, instead of what was set by this name."""
        self.clear(name)

        def ring() -> None:
            del self._running[name]
            callback()

        self._running[name] = self._clock.call_later(delay_s, ring)

    def clear(self, name: Hashable) -> None:
        """Do not make the call of this name; no error when there is none."""
        timer = self._running.pop(name, None)
        if timer is not None:
            timer.cancel()

    def clear_all(self) -> None:
        """Make no call."""
        for name in [*self._running]:
            self.clear(name)
