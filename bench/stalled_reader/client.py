"""A WebSocket client that is cheap enough for a thousand of them to be read in one process."""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from typing import Final

SUBPROTOCOL: Final = "topicwire.v1+json"
_HANDSHAKE: Final = (
    "GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
    f"Sec-WebSocket-Protocol: {SUBPROTOCOL}\r\n\r\n"
)
_UPDATE: Final = re.compile(rb'"type":"(\w+)\.update","payload":\{"topic":"[^,]*,"seq":(\d+),')
_AT: Final = re.compile(rb'"at":(\d+)')
_REPLY: Final = re.compile(rb'"type":"(\w+)\.subscribe\.response".*"seq":(\d+)')
_TEXT, _CLOSE, _PING = 1, 8, 9


class Reader(asyncio.Protocol):
    """One client: it checks the numbers of each route's updates.

    Attributes:
        last: the newest number, by route.
        counts: updates received, by route.
        gaps: numbers of lossless routes that were missing or came twice.
        is_over: the connection has ended.
        marked: see `mark`.
    """

    def __init__(self, lags_ns: list[int] | None = None) -> None:
        self.last: dict[str, int] = {}
        self.counts: Counter[str] = Counter()
        self.gaps = 0
        self.is_over = False
        self.marked = 0
        self._lags_ns = lags_ns
        self._buffer = b""
        self._is_open = False
        self._code = 1006
        self._waiting: asyncio.Future[None] | None = None
        self._end: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def connect(self, port: int, routes: list[str]) -> None:
        """Connect, and subscribe to each of the routes."""
        loop = asyncio.get_running_loop()
        await loop.create_connection(lambda: self, "127.0.0.1", port)
        while not self._is_open:
            await self._more()
        for route in routes:
            self._write(_TEXT, b'{"type":"%b.subscribe","payload":{}}' % route.encode())
        while len(self.last) < len(routes):
            await self._more()

    def stall(self) -> None:
        """Read nothing more."""
        self._transport.pause_reading()

    def resume(self) -> None:
        """Read again."""
        self._transport.resume_reading()

    def close(self) -> None:
        """Leave without a word."""
        self._transport.abort()

    def mark(self) -> None:
        """Note where the tape is."""
        self.marked = max(self.last.values())

    async def reached(self, route: str, seq: int) -> None:
        """Wait until an update that is no older than `seq` has come."""
        while self.last[route] < seq:
            await self._more()

    async def ended(self) -> int:
        """Wait for the end. Returns the close code."""
        return await self._end

    async def _more(self) -> None:
        self._waiting = asyncio.get_running_loop().create_future()
        await self._waiting

    def _write(self, opcode: int, data: bytes) -> None:
        size = bytes([0x80 | len(data)])
        self._transport.write(bytes([0x80 | opcode]) + size + bytes(4) + data)

    # What the event loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for a WebSocket."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(_HANDSHAKE.encode())

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over."""
        del exc
        self.is_over = True
        if not self._end.done():
            self._end.set_result(self._code)
        self._tell()

    def data_received(self, data: bytes) -> None:
        """Take whole frames."""
        now_ns = time.monotonic_ns()
        data = self._buffer + data if self._buffer else data
        at = 0
        if not self._is_open:
            at = data.find(b"\r\n\r\n") + 4
            if at < 4:
                self._buffer = data
                return
            assert data.startswith(b"HTTP/1.1 101"), data
            self._is_open = True
        while (frame := _frame(data, at)) is not None:
            opcode, start, at = frame
            self._take(opcode, data[start:at], now_ns)
        self._buffer = data[at:]
        self._tell()

    def _tell(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    def _take(self, opcode: int, payload: bytes, now_ns: int) -> None:
        if opcode == _PING:
            self._write(10, payload)
        elif opcode == _CLOSE:
            self._code = int.from_bytes(payload[:2], "big")
            self._write(_CLOSE, payload[:2])
        else:
            for message in payload.split(b"\n"):
                self._receive(message, now_ns)

    def _receive(self, message: bytes, now_ns: int) -> None:
        if update := _UPDATE.search(message, 0, 200):
            route, seq = update[1].decode(), int(update[2])
            self.counts[route] += 1
            if route != "latest" and seq != self.last[route] + 1:
                self.gaps += 1
            self.last[route] = seq
            if route == "tape" and self._lags_ns is not None and (at := _AT.search(message)):
                self._lags_ns.append(now_ns - int(at[1]))
        elif reply := _REPLY.search(message):
            self.last[reply[1].decode()] = int(reply[2])
        elif message == b'{"type":"ping"}':
            self._write(_TEXT, b'{"type":"pong"}')


def _frame(data: bytes, at: int) -> tuple[int, int, int] | None:
    """The opcode of the frame at `at`, and where its payload begins and ends."""
    if len(data) < at + 2:
        return None
    size, start = data[at + 1], at + 2
    if size == 126:
        size, start = int.from_bytes(data[start : start + 2], "big"), start + 2
    elif size == 127:
        size, start = int.from_bytes(data[start : start + 8], "big"), start + 8
    if len(data) < start + size:
        return None
    return data[at] & 15, start, start + size
