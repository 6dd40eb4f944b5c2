"""Those who all wait equally long, with one timer for all of them."""

from __future__ import annotations

from asyncio import AbstractEventLoop, TimerHandle
from collections.abc import Callable
from typing import Final, Generic, TypeVar

AT_ONCE: Final = 256
"""So many are called, then others run: whoever connected together is due together."""

_One = TypeVar("_One")


class Line(Generic[_One]):
    """Calls `then` with each that has waited. A timer for each connection would be 10,000 of them.

    Args:
        loop: its clock counts.
        wait_s: how long everyone waits.
        then: is called with whoever has; it may put them back.
    """

    def __init__(
        self, loop: AbstractEventLoop, wait_s: float, then: Callable[[_One], object]
    ) -> None:
        self._loop = loop
        self._wait_s = wait_s
        self._then = then
        self._due_s: dict[_One, float] = {}
        self._timer: TimerHandle | None = None

    def __contains__(self, one: _One) -> bool:
        return one in self._due_s

    def put(self, one: _One) -> None:
        """Let `one` wait, from now on, whether it did already or not."""
        self._due_s.pop(one, None)
        due_s = self._due_s[one] = self._loop.time() + self._wait_s
        if self._timer is None:
            self._timer = self._loop.call_at(due_s, self._ring)

    def discard(self, one: _One) -> None:
        """Let `one` wait no longer, if it did."""
        self._due_s.pop(one, None)
        if not self._due_s and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _ring(self) -> None:
        self._timer = None
        now_s = self._loop.time()
        for _ in range(AT_ONCE):
            first = next(iter(self._due_s), None)
            if first is None or self._due_s[first] > now_s:
                break
            del self._due_s[first]
            self._then(first)
        first = next(iter(self._due_s), None)
        if first is not None and self._timer is None:
            self._timer = self._loop.call_at(self._due_s[first], self._ring)
