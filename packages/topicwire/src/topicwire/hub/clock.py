"""Time as the hub needs it: tests put a clock of their own in its place."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Protocol


class Timer(Protocol):
    """A call that is to come."""

    def cancel(self) -> None:
        """Do not make the call. No error when it was made already."""
        ...


class Clock(Protocol):
    """A monotonic clock and its alarms, in seconds."""

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


@asynccontextmanager
async def deadline(clock: Clock, timeout_s: float) -> AsyncIterator[asyncio.Timeout]:
    """Cancel the body after `timeout_s`, and raise TimeoutError. `expired()` tells whose it is."""
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(None) as timeout:
        timer = clock.call_later(timeout_s, lambda: timeout.reschedule(loop.time()))
        try:
            yield timeout
        finally:
            timer.cancel()


def ends_this_task(error: BaseException) -> bool:
    """Say whether `error` is meant for this task, not a fault of what it called.

    A CancelledError may also come from something that was waited for and was cancelled itself.
    """
    if isinstance(error, asyncio.CancelledError):
        task = asyncio.current_task()
        return task is None or task.cancelling() > 0
    return not isinstance(error, Exception)
