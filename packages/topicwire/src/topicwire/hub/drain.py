"""The end of all connections in good order: told, answered, flushed, and only then closed."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Collection, Coroutine
from typing import Any, Final, Protocol

from topicwire.hub.clock import Clock, Deadline
from topicwire.wire.frames import Frame, json_bytes, message_frame

RECONNECTS_PER_S: Final = 500
"""How fast drained clients come back, all together: the server that takes them over has to log each
of them in, and to recover its topics."""

MIN_WINDOW_S: Final = 1.0
"""Over which the reconnections of even a few are spread."""

TOLD_IN_A_ROW: Final = 256
"""After so many the others run."""

STOPPING: Final = "the server is stopping"


class Drained(Protocol):
    """A connection, as a drain sees it."""

    def drain(self, closing: Frame) -> None:
        """Take no further command, and end (1001) when all that waits has been sent."""
        ...

    def give_up(self) -> None:
        """End at once, without a close frame."""
        ...


class Drain:
    """Ends every connection of a hub, once.

    Guarantee: each is told `closing`, its own time to come back among it; commands that it sent
    before are answered, later ones are `draining`; what waits for it is sent; then it is closed
    with 1001. One that does not take what waits holds up none of the others, and is given up when
    the time is over. Whoever connects meanwhile is told the same, and closed.

    Args:
        clock: for the time that it may take.
        connections: those that there are at any moment.
        spawn: makes its task.
        below: gives a random number from 0 up to and without its argument.
    """

    def __init__(
        self,
        clock: Clock,
        connections: Collection[Drained],
        spawn: Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]],
        below: Callable[[int], int] = secrets.randbelow,
    ) -> None:
        self._clock = clock
        self._connections = connections
        self._spawn = spawn
        self._below = below
        self._task: asyncio.Task[None] | None = None
        self._all_left: asyncio.Future[None] | None = None
        self._reason = ""
        self._window_ms = 0

    def begin(self, reason: str, timeout_s: float) -> asyncio.Task[None]:
        """Begin, unless it has begun. The task ends when no connection is left.

        Args:
            reason: what clients are told.
            timeout_s: for what waits to be sent.
        """
        if self._task is None:
            self._reason = reason
            window_s = max(MIN_WINDOW_S, len(self._connections) / RECONNECTS_PER_S)
            self._window_ms = round(window_s * 1_000)
            self._task = self._spawn(self._run(timeout_s))
        return self._task

    def reopen(self) -> None:
        """Take connections again: the application is started anew."""
        self._task = None

    def joined(self, connection: Drained) -> None:
        """A connection has been accepted."""
        if self._task is not None:
            connection.drain(self._closing())

    def left(self) -> None:
        """A connection has ended."""
        if self._all_left is not None and not self._connections:
            if not self._all_left.done():  # done: the time is over, and the drain cut off
                self._all_left.set_result(None)
            self._all_left = None

    def _closing(self) -> Frame:
        # full jitter: at no moment do more of them come back than at any other
        retry_after_ms = self._below(self._window_ms + 1)
        payload = {"reason": self._reason, "retry_after_ms": retry_after_ms}
        return message_frame("closing", json_bytes(payload))

    async def _run(self, timeout_s: float) -> None:
        try:
            async with Deadline(self._clock, timeout_s):
                for number, connection in enumerate(tuple(self._connections), 1):
                    connection.drain(self._closing())
                    if number % TOLD_IN_A_ROW == 0:
                        await asyncio.sleep(0)
                await self._until_all_left()
        except TimeoutError:
            for connection in tuple(self._connections):
                connection.give_up()
            await self._until_all_left()

    async def _until_all_left(self) -> None:
        while self._connections:
            self._all_left = asyncio.get_running_loop().create_future()
            await self._all_left
