"""How a connection ends: at once, or when what waits for its client has been sent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final

from topicwire.close_codes import NO_SIGN_OF_LIFE, SLOW_CONSUMER
from topicwire.hub.transport import Transport

CLOSE_TIMEOUT_S: Final = 10.0
"""How long a client that does not read may keep its close frame waiting."""

FLUSH_TIMEOUT_S: Final = 1.0
"""How long what waits for a client may take that is to be closed: replies, and why it is closed."""

NOT_FLUSHED: Final = frozenset({SLOW_CONSUMER, NO_SIGN_OF_LIFE})
"""Closed at once: too much waits, or nobody is there."""


class Ending:
    """The end of one connection. Nothing here waits but `serve` and `say_goodbye`.

    A connection is served either by `serve`, or by whoever gives what is to be called to `cut_by`
    and says when it is `over`.

    Args:
        transport: of the connection.
        wake: makes the writer look at what waits.
        loop: the running one.

    Attributes:
        has_begun: nothing more is taken from the client, or put into its outbox.
    """

    __slots__ = ("_close", "_cut", "_cut_by", "_loop", "_timer", "_transport", "_wake", "has_begun")

    def __init__(
        self, transport: Transport, wake: Callable[[], None], loop: asyncio.AbstractEventLoop
    ) -> None:
        self.has_begun = False
        self._transport = transport
        self._wake = wake
        self._loop = loop
        self._cut: asyncio.Timeout | None = None
        self._cut_by: Callable[[], None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._close: tuple[int, str] | None = None

    async def serve(self, writing: Coroutine[Any, Any, object]) -> None:
        """Write until it is over, the end cuts it off, or the client is gone."""
        try:
            async with asyncio.timeout(None) as self._cut:
                await writing
        except (TimeoutError, OSError):
            pass
        finally:
            self.has_begun = True
            self._cut = None

    def cut_by(self, cut: Callable[[], None]) -> None:
        """Have `cut` called when the end cuts off what waits."""
        self._cut_by = cut

    def over(self) -> None:
        """Nothing is left to be cut off."""
        self.has_begun = True
        self._cut_by = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def begin(self, code: int | None, reason: str) -> None:
        """End; with a close code when it is we who end it. Returns at once."""
        self.has_begun = True
        if code is not None:
            self._close = (code, reason)
        # who publishes while the loop does not run ends a slow client as soon as it runs again
        if code is None or code in NOT_FLUSHED:
            self._loop.call_soon(self._cut_off)
        else:
            self._loop.call_soon(self._cut_off_after_flush)

    def give_up(self) -> None:
        """End at once, without a close frame, which would wait behind what the client leaves."""
        self._transport.abort()
        self.has_begun = True
        self._close = None
        self._loop.call_soon(self._cut_off)

    @property
    def has_goodbye(self) -> bool:
        """There is a close frame to be sent."""
        return self._close is not None

    async def say_goodbye(self) -> None:
        """Send the close frame, where there is one to be sent."""
        if self._close is None:
            return
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT_S) as self._cut:
                await self._transport.close(*self._close)
        except (TimeoutError, OSError):
            self._transport.abort()  # it never read its close frame, or is gone
        finally:
            self._cut = None

    def _cut_off(self) -> None:
        if self._cut_by is not None:
            self._cut_by()
        elif self._cut is not None:
            self._cut.reschedule(self._loop.time())

    def _cut_off_after_flush(self) -> None:
        if self._cut_by is not None:
            if self._timer is None:
                self._timer = self._loop.call_later(FLUSH_TIMEOUT_S, self._cut_off)
                self._wake()
        elif self._cut is not None and self._cut.when() is None:
            self._cut.reschedule(self._loop.time() + FLUSH_TIMEOUT_S)
            self._wake()
