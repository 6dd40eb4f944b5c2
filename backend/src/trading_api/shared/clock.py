"""Time, as everything in the application reads it: tests put a clock of their own in its place."""

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """Milliseconds since the Unix epoch that never go backwards."""

    def now_ms(self) -> int:
        """The present instant, at least as late as any instant returned before."""
        ...

    async def sleep_until_ms(self, instant_ms: int) -> None:
        """Return once `now_ms()` has reached `instant_ms`; at once when it already has."""
        ...


class SystemClock:
    """The machine's clock. When that is set back, time stands still here until it has caught up."""

    def __init__(self) -> None:
        self._latest_ms = 0

    def now_ms(self) -> int:
        """The present instant."""
        self._latest_ms = max(self._latest_ms, time.time_ns() // 1_000_000)
        return self._latest_ms

    async def sleep_until_ms(self, instant_ms: int) -> None:
        """Sleep until the instant has come."""
        # The clock may be set back meanwhile, and timers may wake a little early.
        while (left_ms := instant_ms - self.now_ms()) > 0:  # noqa: ASYNC110
            await asyncio.sleep(left_ms / 1000)
        # Even a caller that is late lets others run: catching up never holds the loop.
        await asyncio.sleep(0)
