"""In-process connections whose server gives its socket: waves write to them, as to real ones.

What is written to a descriptor goes the way of what is sent by ASGI, in order. While that waits for
the client, or for a fault that a test has put in between, the last byte has not been taken.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any
from unittest.mock import patch

from starlette.types import Message as AsgiEvent
from starlette.types import Receive, Scope, Send

from topicwire.asgi.adapter import FastWSAdapter
from topicwire.asgi.transport import AsgiTransport

_NUMBERS = count(1 << 30)  # of no real descriptor
_SOCKETS: dict[int, InProcessSocket] = {}


class InProcessSocket:
    """A `ServerSocket` that sends by ASGI what is written to it."""

    def __init__(self, send: Send) -> None:
        self.at_shutdown: Callable[[], object] | None = None
        self.received_bytes = 0
        self.fd = -1
        self.writes = 0
        self._own = next(_NUMBERS)
        self._asgi_send = send
        self._events: deque[AsgiEvent] = deque()
        self._sending: Coroutine[Any, Any, None] | None = None
        self._is_open = False
        self._error: BaseException | None = None
        self._drained: list[asyncio.Future[None]] = []
        _SOCKETS[self._own] = self

    @property
    def unsent_bytes(self) -> int:
        return int(self._sending is not None)

    def abort(self) -> None:
        self._is_open = False
        self._look()

    def write(self, data: bytes) -> None:
        assert len(data) == 1, "what the descriptor did not take is under way already"

    def listen(self, received: Callable[[str | bytes], None], gone: Callable[[], None]) -> bool:
        """Say that messages are to be received."""
        del self, received, gone
        return False

    def go_on(self, call: Coroutine[Any, Any, None]) -> bool:
        """Say that the call is to go on where it runs."""
        del self, call
        return False

    async def drained(self) -> None:
        while self._sending is not None:
            waiting = asyncio.get_running_loop().create_future()
            self._drained.append(waiting)
            await waiting

    async def send(self, event: AsgiEvent) -> None:
        await self.drained()
        if event["type"] == "websocket.close":
            self._is_open = False
        self._events.append(event)
        self._pump()
        await self.drained()
        if event["type"] == "websocket.accept":
            self._is_open = True
            self._look()
        if self._error is not None:
            raise self._error

    def take(self, data: bytes) -> int:
        """Do what `os.write` does."""
        assert self._is_open
        assert self._sending is None
        self.writes += 1
        self._events.extend({"type": "websocket.send", "text": text} for text in texts(data))
        self._pump()
        return len(data) - self.unsent_bytes

    def _pump(self) -> None:
        """Send what waits, as far as that does not wait for anything."""
        while self._error is None:
            if self._sending is None:
                if not self._events:
                    break
                self._sending = self._asgi_send(self._events.popleft())  # type: ignore[assignment]
            assert self._sending is not None
            try:
                waits_for = self._sending.send(None)
            except StopIteration:
                self._sending = None
            except OSError as error:
                self._sending, self._error = None, error
            else:
                self._go_on_after(waits_for)
                break
        self._look()

    def _go_on_after(self, waits_for: Any) -> None:
        if waits_for is None:
            asyncio.get_running_loop().call_soon(self._pump)
        else:
            waits_for._asyncio_future_blocking = False
            waits_for.add_done_callback(lambda _: self._pump())

    def _look(self) -> None:
        is_free = self._sending is None and not self._events and self._error is None
        self.fd = self._own if is_free and self._is_open else -1
        if self._sending is None:
            waiting, self._drained = self._drained, []
            for one in waiting:
                if not one.done():
                    one.set_result(None)


def texts(data: bytes) -> Iterator[str]:
    """Return the payloads of whole text frames."""
    while data:
        assert data[0] == 0x81
        size, begin = data[1], 2
        if size >= 126:
            begin = 4 if size == 126 else 10
            size = int.from_bytes(data[2:begin], "big")
        assert len(data) >= begin + size
        yield data[begin : begin + size].decode()
        data = data[begin + size :]


def _write(descriptor: int, data: bytes) -> int:
    return _SOCKETS[descriptor].take(data)


def _init(transport: AsgiTransport, receive: Receive, send: Send, scope: Scope) -> None:
    del scope
    own = InProcessSocket(send)
    transport._receive = receive
    transport._send = own.send
    transport._socket = own
    transport._unsent_bytes = 0


@contextmanager
def direct_sockets() -> Iterator[Callable[[], int]]:
    """Give each connection such a socket. Nobody looks on: then none would be written to.

    Gives what says how often they have been written to.
    """
    with (
        patch.object(AsgiTransport, "__init__", _init),
        patch.object(FastWSAdapter, "_observer", lambda _: None),
        patch("topicwire.hub.direct.write", _write),
    ):
        yield lambda: sum(one.writes for one in _SOCKETS.values())
    _SOCKETS.clear()
