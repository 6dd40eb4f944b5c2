"""A client that is a bare TCP socket: it sends any part of a frame, and reads when a test says."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

from topicwire.wire.frames import SUBPROTOCOL

RECEIVE_BUFFER_BYTES = 65_536
PATIENCE_S = 60.0
"""A guard against hanging, not a measure."""

_MASK = b"\0\0\0\0"


def text_frame(message: Any) -> bytes:
    """Return a client's frame; a mask of zeros changes nothing."""
    data = json.dumps(message).encode()
    assert len(data) < 126
    return struct.pack("!BB", 0x81, 0x80 | len(data)) + _MASK + data


class RawSocket:
    """One connection, after its handshake."""

    def __init__(self, connection: socket.socket, received: bytes) -> None:
        self.received = received
        self._socket = connection
        self._loop = asyncio.get_running_loop()

    async def send(self, data: bytes) -> None:
        await self._loop.sock_sendall(self._socket, data)

    async def read_until(self, part: bytes) -> None:
        """Read until `part` has come, and as little as possible after it."""
        async with asyncio.timeout(PATIENCE_S):
            while part not in self.received:
                data = await self._loop.sock_recv(self._socket, 1_024)
                assert data, self.received[-200:]
                self.received += data

    def hang_up(self) -> None:
        """Send nothing further: the other side is told the end."""
        self._socket.shutdown(socket.SHUT_WR)

    async def read(self, count: int) -> None:
        """Read some more bytes."""
        async with asyncio.timeout(PATIENCE_S):
            self.received += await self._loop.sock_recv(self._socket, count)

    async def read_to_the_end(self) -> bool:
        """Read all there is; False when the end was a reset."""
        async with asyncio.timeout(PATIENCE_S):
            try:
                while data := await self._loop.sock_recv(self._socket, 1 << 20):
                    self.received += data
            except ConnectionResetError:
                return False
        return True


@asynccontextmanager
async def raw_socket(url: str, *, legacy: bool = False) -> AsyncIterator[RawSocket]:
    """Connect, with a small receive buffer, so that it is soon full."""
    address = urlsplit(url)
    assert address.hostname is not None
    offered = "" if legacy else f"Sec-WebSocket-Protocol: {SUBPROTOCOL}\r\n"
    handshake = (
        f"GET {address.path} HTTP/1.1\r\nHost: {address.netloc}\r\n"
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        f"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n{offered}\r\n"
    )
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
        connection.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(connection, (address.hostname, address.port))
        raw = RawSocket(connection, b"")
        await raw.send(handshake.encode())
        await raw.read_until(b"\r\n\r\n")
        yield raw
