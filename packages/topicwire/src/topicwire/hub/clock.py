"""Time as the hub needs it: tests put a clock of their own in its place."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Generator
from inspect import isawaitable
from types import CoroutineType, TracebackType
from typing import Any, Final, Protocol, Self

TURNS: Final = 10
"""Of the event loop, from the end of a time limit to the verdict. When something has held the loop,
or the system has given the process no time, what came meanwhile is still to be read: in the first
turn by the server, in the next ones by whatever stands between it and whoever waits for it."""


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

    # asked once or twice for each update: nothing between the caller and the system's clock
    now_s = staticmethod(time.monotonic)

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> Timer:
        """Ask the loop."""
        return asyncio.get_running_loop().call_later(delay_s, callback)


class Deadline:
    """Cancels the body of `async with` after a time, and raises TimeoutError. Used once.

    Guarantee: nobody is cancelled for what the event loop has not come to yet. A body that needs
    no more than a few turns of it ends by itself, however long the loop was held.

    Args:
        clock: whose time it is.
        timeout_s: how long the body may take.
    """

    __slots__ = ("_clock", "_timeout", "_timeout_s", "_timer")

    def __init__(self, clock: Clock, timeout_s: float) -> None:
        self._clock = clock
        self._timeout_s = timeout_s
        self._timeout: asyncio.Timeout | None = None
        self._timer: Timer | None = None

    @property
    def has_passed(self) -> bool:
        """Tells this TimeoutError from one of the body's own."""
        return self._timeout is not None and self._timeout.expired()

    async def of(self, result: Any) -> Any:
        """Return what a function of the application's has returned, awaited where that can be.

        Most coroutines wait for nothing, and a deadline takes longer than they do: it begins when
        there is something to wait for.

        Raises:
            TimeoutError: it took too long; then `has_passed`.
        """
        result = begun(result)
        if type(result) is not Begun:
            return result
        async with self:
            return await result

    async def __aenter__(self) -> Self:
        self._timeout = asyncio.timeout(None)
        await self._timeout.__aenter__()
        self._timer = self._clock.call_later(self._timeout_s, self._expire)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._timeout is not None:
            await self._timeout.__aexit__(kind, error, traceback)

    def _expire(self, turns: int = TURNS) -> None:
        loop = asyncio.get_running_loop()
        if turns:
            self._timer = loop.call_soon(self._expire, turns - 1)
        elif self._timeout is not None:
            self._timeout.reschedule(loop.time())


class Begun:
    """The rest of a coroutine that has been begun by hand, in the task that awaits this.

    Args:
        coroutine: it.
        waits_for: what it has yielded, for the task to wait for.
    """

    __slots__ = ("_coroutine", "_waits_for")

    def __init__(self, coroutine: Coroutine[Any, Any, Any], waits_for: Any) -> None:
        self._coroutine = coroutine
        self._waits_for = waits_for

    def __await__(self) -> Generator[Any, Any, Any]:
        coroutine, waits_for = self._coroutine, self._waits_for
        try:
            while True:
                try:
                    sent = yield waits_for
                except GeneratorExit:
                    coroutine.close()
                    raise
                except BaseException as error:  # noqa: BLE001 - it is the coroutine's to handle
                    waits_for = coroutine.throw(error)
                else:
                    waits_for = coroutine.send(sent)
        except StopIteration as stop:
            return stop.value


def begun(result: Any) -> Any:
    """Return what a function of the application's has returned; a `Begun` where that is to come.

    Most coroutines wait for nothing: they are over then.
    """
    if not isinstance(result, CoroutineType):
        if not isawaitable(result):
            return result
        result = _awaited(result)
    try:
        waits_for = result.send(None)
    except StopIteration as stop:
        return stop.value
    return Begun(result, waits_for)


async def _awaited(result: Awaitable[Any]) -> Any:
    return await result


class _Yield:
    __slots__ = ()

    def __await__(self) -> Generator[None, None, None]:
        yield


async def in_a_task() -> None:
    """Go on in a task: what follows may wait, or is the application's and may look for its task.

    Does nothing where there is one. A coroutine that is begun by hand yields here, and whoever has
    begun it makes a task of the rest.
    """
    if asyncio.current_task() is None:
        await _Yield()


class Watch:
    """Sees to it that none of many short steps takes longer than a limit.

    Beginning and ending a step costs next to nothing, since one alarm serves them all.

    Args:
        clock: whose time it is.
        limit_s: how long a step may take.
        late: called when one takes longer.
    """

    __slots__ = ("_alarm", "_began_s", "_clock", "_late", "_limit_s")

    def __init__(self, clock: Clock, limit_s: float, late: Callable[[], None]) -> None:
        self._clock = clock
        self._limit_s = limit_s
        self._late = late
        self._began_s: float | None = None
        self._alarm: Timer | None = None

    def begin(self) -> None:
        """Begin a step."""
        self._began_s = self._clock.now_s()
        if self._alarm is None:
            self._alarm = self._clock.call_later(self._limit_s, self._look)

    def end(self) -> None:
        """End the step."""
        self._began_s = None

    @property
    def is_late(self) -> bool:
        """Say whether a step takes longer than the limit now."""
        began_s = self._began_s
        return began_s is not None and self._clock.now_s() - began_s >= self._limit_s

    def close(self) -> None:
        """Watch no longer."""
        self._began_s = None
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _look(self) -> None:
        self._alarm = None
        if self._began_s is None:
            return
        left_s = self._began_s + self._limit_s - self._clock.now_s()
        if left_s > 0:
            self._alarm = self._clock.call_later(left_s, self._look)
        else:
            self._late()


def ends_this_task(error: BaseException) -> bool:
    """Say whether `error` is meant for this task or for the program, not a fault of what it called.

    A CancelledError may also come from something that was waited for and was cancelled itself; and
    libraries derive their own from BaseException, to pass by `except Exception`.
    """
    if isinstance(error, asyncio.CancelledError):
        task = asyncio.current_task()
        return task is None or task.cancelling() > 0
    return isinstance(error, KeyboardInterrupt | SystemExit | GeneratorExit)
