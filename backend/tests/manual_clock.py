"""A clock that stands still until a test moves it."""

from __future__ import annotations

import asyncio
import heapq
from itertools import count

# Loop turns within which a task that was woken has done its work and sleeps again.
_TURNS = 10


class ManualClock:
    """Milliseconds that pass only in `advance`; sleepers wake in order of their instants."""

    def __init__(self, now_ms: int) -> None:
        self._now_ms = now_ms
        self._number = count()
        self._sleepers: list[tuple[int, int, asyncio.Future[None]]] = []

    def now_ms(self) -> int:
        return self._now_ms

    @property
    def sleepers(self) -> int:
        """How many tasks wait for time to pass."""
        return sum(not future.done() for _, _, future in self._sleepers)

    async def sleep_until_ms(self, instant_ms: int) -> None:
        if instant_ms <= self._now_ms:
            await asyncio.sleep(0)
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (instant_ms, next(self._number), future))
        await future

    async def advance(self, ms: int) -> None:
        """Let `ms` pass: whoever sleeps wakes at its instant, and runs until it sleeps again."""
        end_ms = self._now_ms + ms
        await turns()
        while self._sleepers and self._sleepers[0][0] <= end_ms:
            instant_ms, _, future = heapq.heappop(self._sleepers)
            self._now_ms = max(self._now_ms, instant_ms)
            if not future.done():
                future.set_result(None)
                await turns()
        self._now_ms = end_ms

    def jump(self, ms: int) -> None:
        """Let `ms` pass while nobody is awake: a machine that stood still."""
        self._now_ms += ms


async def turns(number: int = _TURNS) -> None:
    """Let everything run that can run now."""
    for _ in range(number):
        await asyncio.sleep(0)
