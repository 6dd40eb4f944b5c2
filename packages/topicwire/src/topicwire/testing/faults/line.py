"""What is under way in one direction: in order, late, and not at all while it is stalled."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Generic, TypeVar

from topicwire.hub.clock import Clock

_Item = TypeVar("_Item")


class UnderWay(Generic[_Item]):
    """Something that was sent and not taken yet."""

    __slots__ = ("_taken", "has_come", "item", "size")

    def __init__(self, item: _Item, size: int) -> None:
        self.item = item
        self.size = size
        self.has_come = False
        self._taken: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def taken(self) -> None:
        """Wait until it was taken, or lost."""
        await self._taken

    def end(self) -> None:
        """Note that it is not under way any longer."""
        if not self._taken.done():
            self._taken.set_result(None)


class Line(Generic[_Item]):
    """Carries items to one reader.

    Guarantee: items come out in the order in which they went in, none before its delay has
    passed, none while the line is stalled, and none after it was cut.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._items: deque[UnderWay[_Item]] = deque()
        self._is_stalled = False
        self._is_flushed = False
        self._wake: asyncio.Future[None] | None = None
        self._grown = asyncio.Event()
        self.size = 0
        """Bytes under way."""
        self.is_cut = False
        """Nothing goes in or comes out any longer."""

    def put(self, item: _Item, size: int, delay_s: float) -> UnderWay[_Item]:
        """Send `item`, which takes `delay_s`. On a line that is cut it is lost."""
        under_way = UnderWay(item, size)
        if self.is_cut:
            under_way.end()
            return under_way
        self._items.append(under_way)
        self.size += size
        self._grown.set()
        if delay_s > 0 and not self._is_flushed:
            self._clock.call_later(delay_s, lambda: self._arrive(under_way))
        else:
            self._arrive(under_way)
        return under_way

    async def get(self) -> _Item | None:
        """Return the next item once it has come; None when the line is cut."""
        while not self.is_cut:
            if self._items and self._items[0].has_come and not self._is_stalled:
                under_way = self._items.popleft()
                self.size -= under_way.size
                under_way.end()
                return under_way.item
            self._wake = asyncio.get_running_loop().create_future()
            await self._wake
        return None

    async def hold(self, count: int) -> None:
        """Wait until `count` items are under way, or the line is cut."""
        while len(self._items) < count and not self.is_cut:
            self._grown.clear()
            await self._grown.wait()

    def stall(self) -> None:
        """Let nothing out."""
        self._is_stalled = not self._is_flushed

    def resume(self) -> None:
        """Let out what has come."""
        self._is_stalled = False
        self._look()

    def flush(self) -> None:
        """Let everything out at once, from now on."""
        self._is_flushed = True
        self._is_stalled = False
        for under_way in self._items:
            under_way.has_come = True
        self._look()

    def cut(self) -> None:
        """Lose what is under way."""
        self.is_cut = True
        for under_way in self._items:
            under_way.end()
        self._items.clear()
        self.size = 0
        self._grown.set()
        self._look()

    def _arrive(self, under_way: UnderWay[_Item]) -> None:
        under_way.has_come = True
        self._look()

    def _look(self) -> None:
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)
