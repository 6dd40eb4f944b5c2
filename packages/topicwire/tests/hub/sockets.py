"""In-process connections whose server gives its socket: waves write to them, as to real ones.

What is written to a descriptor goes the way of what is sent by ASGI, in order. While that waits for
the client, or for a fault that a test has put in between, the last byte has not been taken.

Who looks on at such a connection must see what is sent, in its order: that is part of each test.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any
from unittest.mock import patch
from weakref import WeakValueDictionary

from starlette.types import Message as AsgiEvent
from starlette.types import Receive, Scope, Send

from topicwire.asgi.server_socket import EXTENSION
from topicwire.asgi.transport import AsgiTransport
from topicwire.hub.hub import Hub
from topicwire.hub.sending import write_each_in_python
from topicwire.types import Direction
from topicwire.wire.frames import json_bytes
from topicwire.wire.packed import messages_of

_NUMBERS = count(1 << 30)  # of no real descriptor
_SOCKETS: WeakValueDictionary[int, InProcessSocket] = WeakValueDictionary()


class InProcessSocket:
    """A `ServerSocket` that sends by ASGI what is written to it."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self.receive = receive
        self.at_shutdown: Callable[[], object] | None = None
        self.received_bytes = 0
        self.at_fd: Callable[[int], object] | None = None
        self.fd = -1
        self.window_bits: int | None = None
        self.sent: list[str] = []
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
        self._events.clear()
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
        self._put(event)
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
        for content in contents(data):
            kind = "text" if isinstance(content, str) else "bytes"
            self._put({"type": "websocket.send", kind: content})
        self._pump()
        return len(data) - self.unsent_bytes

    def _put(self, event: AsgiEvent) -> None:
        if event["type"] == "websocket.send":
            if "text" in event:
                self.sent += event["text"].split("\n")
            else:
                self.sent += [json_bytes(one).decode() for one in messages_of(event["bytes"])]
        self._events.append(event)

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
        if self.at_fd is not None:
            self.at_fd(self.fd)
        if self._sending is None:
            waiting, self._drained = self._drained, []
            for one in waiting:
                if not one.done():
                    one.set_result(None)


def texts(data: bytes) -> Iterator[str]:
    """Return the payloads of whole text frames."""
    for content in contents(data):
        assert isinstance(content, str)
        yield content


def contents(data: bytes) -> Iterator[str | bytes]:
    """Return the payloads of whole frames, text or binary."""
    while data:
        assert data[0] in {0x81, 0x82}
        is_text = data[0] == 0x81
        size, begin = data[1], 2
        if size >= 126:
            begin = 4 if size == 126 else 10
            size = int.from_bytes(data[2:begin], "big")
        assert len(data) >= begin + size
        content = data[begin : begin + size]
        yield content.decode() if is_text else content
        data = data[begin + size :]


_init = AsgiTransport.__init__


def _init_with_socket(
    transport: AsgiTransport, receive: Receive, send: Send, scope: Scope, **options: Any
) -> None:
    del scope
    own = InProcessSocket(receive, send)
    _init(transport, receive, own.send, {"extensions": {EXTENSION: {"socket": own}}}, **options)


_serve = Hub.serve


async def _serve_observed(hub: Hub, transport: Any, *args: Any, **options: Any) -> None:
    others: Callable[[Direction, str], None] | None = options.get("observe")
    if others is None:
        await _serve(hub, transport, *args, **options)
        return
    seen: list[str] = []

    def observe(direction: Direction, message: str) -> None:
        if direction == "to_client":
            seen.append(message)
        others(direction, message)

    before = len(transport.direct.sent)
    try:
        await _serve(hub, transport, *args, **{**options, "observe": observe})
    finally:
        sent = transport.direct.sent[before:]
        # what a writer is about to send is seen, though the client may be gone by then
        assert seen[: len(sent)] == sent


class Writes:
    """How often has been written to sockets."""

    def __init__(self) -> None:
        self.count = 0

    def write(self, descriptor: int, data: bytes) -> int:
        """Do what `os.write` does."""
        self.count += 1
        return _SOCKETS[descriptor].take(data)


@contextmanager
def writing_by(write: Callable[[int, bytes], int]) -> Iterator[None]:
    """Write to descriptors by `write` instead of `os.write`."""
    with (
        patch("topicwire.hub.direct.write_each", write_each_in_python),
        patch("topicwire.hub.sending.write", write),
    ):
        yield


@contextmanager
def direct_sockets() -> Iterator[Writes]:
    """Give each connection such a socket."""
    writes = Writes()
    with (
        patch.object(AsgiTransport, "__init__", _init_with_socket),
        patch.object(Hub, "serve", _serve_observed),
        writing_by(writes.write),
    ):
        yield writes
