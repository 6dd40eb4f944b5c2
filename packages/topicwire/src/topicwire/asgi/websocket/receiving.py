"""What a client has sent and nobody has taken yet: for whoever receives, or for a listener."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextvars import copy_context
from functools import partial
from typing import Final

from topicwire.asgi.websocket.connection import CLOSED, OPEN, WebSocketConnection
from topicwire.asgi.websocket.keepalive import Keepalive

MAX_UNREAD_BYTES: Final = 65_536
"""Of messages that nobody has taken: then nothing more is read from the socket."""

MAX_IN_A_ROW: Final = 16
"""A listener is given so many messages, then others run."""


class ReceivingConnection(WebSocketConnection):
    """A connection whose messages are taken one by one, in order, and then its end.

    Guarantee: while nobody takes them nothing is read from the socket, beyond `MAX_UNREAD_BYTES`
    and what one read brings; no message is lost, whoever gives up waiting for one.

    Args:
        keepalive: of the server.
        max_unread: how many messages may wait.
    """

    __slots__ = (
        "_end",
        "_gone",
        "_in_a_row",
        "_inbox",
        "_is_reading_paused",
        "_listener",
        "_max_unread",
        "_receiver",
        "_unread_bytes",
    )

    def __init__(self, keepalive: Keepalive, max_unread: int) -> None:
        super().__init__(keepalive)
        self._max_unread = max_unread
        self._inbox: deque[str | bytes] | None = None
        self._unread_bytes = 0
        self._is_reading_paused = False
        self._end: tuple[int, str] | None = None
        self._receiver: asyncio.Future[None] | None = None
        self._listener: Callable[[str | bytes], object] | None = None
        self._gone: Callable[[], None] | None = None
        self._in_a_row = 0

    def listen(self, received: Callable[[str | bytes], None], gone: Callable[[], None]) -> bool:
        """Give each message to `received` as it comes, and call `gone` when none follows."""
        run: Callable[..., object] = copy_context().run
        self._listener = partial(run, received)
        self._gone = gone
        if self._inbox is not None or self._end is not None:
            asyncio.get_running_loop().call_soon(self._give)
        return True

    def data_received(self, data: bytes) -> None:
        """Take what came of frames."""
        self._in_a_row = 0
        super().data_received(data)

    async def _next(self) -> str | bytes | None:
        """Wait for the next message, and take it; None when none follows."""
        while self._inbox is None:
            if self._end is not None:
                return None
            await self._something()
        return self._taken(self._inbox)

    async def _something(self) -> None:
        if self._receiver is not None:  # somebody waits already
            await asyncio.wait({self._receiver})
            return
        receiver = self._receiver = asyncio.get_running_loop().create_future()
        try:
            await receiver
        finally:
            if self._receiver is receiver:
                self._receiver = None

    def _taken(self, inbox: deque[str | bytes]) -> str | bytes:
        message = inbox.popleft()
        self._unread_bytes -= len(message)
        if not inbox:
            self._inbox = None
            self._read_on()
        return message

    def _give(self) -> None:
        """Give a listener what waits, or a part of it."""
        assert self._listener is not None  # noqa: S101 - it has been set
        for _ in range(MAX_IN_A_ROW):
            if self._inbox is None:
                break
            self._listener(self._taken(self._inbox))
        if self._inbox is not None:
            asyncio.get_running_loop().call_soon(self._give)
        elif self._end is not None:
            self._tell_gone()

    def _tell_gone(self) -> None:
        gone, self._gone = self._gone, None
        if gone is not None:
            gone()

    # What the connection tells

    def _received(self, message: str | bytes) -> None:
        listener = self._listener
        if listener is not None and self._inbox is None and self._in_a_row < MAX_IN_A_ROW:
            self._in_a_row += 1
            listener(message)
            return
        if self._inbox is None:
            self._inbox = deque()
            if listener is not None:
                asyncio.get_running_loop().call_soon(self._give)
        self._inbox.append(message)
        self._unread_bytes += len(message)
        is_full = self._unread_bytes >= MAX_UNREAD_BYTES or len(self._inbox) >= self._max_unread
        if is_full and not self._is_reading_paused and self._state == OPEN:
            self._is_reading_paused = True
            self.transport.pause_reading()
        self._wake_receiver()

    def _ended(self, code: int, reason: str) -> None:
        if self._end is None:
            self._end = (code, reason)
            self._wake_receiver()
            self._read_on()  # to see the client's end
            if self._inbox is None:
                self._tell_gone()

    def _is_reading(self) -> bool:
        return not self._is_reading_paused

    def _read_on(self) -> None:
        """Read from the socket, where that was paused."""
        if self._is_reading_paused:
            self._is_reading_paused = False
            if self._state != CLOSED and not self.transport.is_closing():
                self.transport.resume_reading()

    def _wake_receiver(self) -> None:
        if self._receiver is not None and not self._receiver.done():
            self._receiver.set_result(None)
