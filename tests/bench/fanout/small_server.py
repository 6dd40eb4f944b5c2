"""A server of which all is known: what it sends, in which pieces, and what it gets wrong."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeAlias

from websockets.utils import accept_key

Handler: TypeAlias = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def frame(payload: bytes, opcode: int = 1) -> bytes:
    """A server's whole frame."""
    size = len(payload)
    head = bytes([0x80 | opcode])
    if size < 126:
        return head + bytes([size]) + payload
    if size < 65_536:
        return head + bytes([126]) + size.to_bytes(2, "big") + payload
    return head + bytes([127]) + size.to_bytes(8, "big") + payload


@dataclass
class SmallServer:
    """Sends each update to everybody.

    Attributes:
        copies: of each update: 1 is right.
        is_joined: the updates of a tick are one frame, separated by newlines.
        piece: bytes that are written at a time; 0 for all.
        padding: bytes that an update has more.
        ping: sent among every tick's updates.
        ping_at: how many updates are before it.
        reply: to whoever subscribes.
        heard: what clients have said.
    """

    copies: int = 1
    is_joined: bool = False
    piece: int = 0
    padding: int = 0
    ping: bytes = b""
    ping_at: int = 0
    reply: bytes = b'{"status":"ok"}'
    port: int = 0
    control: int = 0
    heard: list[bytes] = field(default_factory=list)
    clients: list[asyncio.StreamWriter] = field(default_factory=list)
    _serving: set[asyncio.Task[None]] = field(default_factory=set)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[SmallServer]:
        servers = [
            await asyncio.start_server(self._begin(handler), "127.0.0.1", 0)
            for handler in (self._client, self._hand)
        ]
        self.port, self.control = (one.sockets[0].getsockname()[1] for one in servers)
        try:
            yield self
        finally:
            for one in servers:
                one.close()
            # whoever was connected has hung up: what serves them ends by itself
            await asyncio.gather(*self._serving)

    def _begin(
        self, handler: Handler
    ) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], None]:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                await handler(reader, writer)
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

        return lambda reader, writer: self._serving.add(asyncio.create_task(serve(reader, writer)))

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        key = next(line for line in request if line.startswith("Sec-WebSocket-Key:"))
        writer.write(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Accept: {accept_key(key.partition(':')[2].strip())}\r\n\r\n".encode()
        )
        writer.write(frame(b'{"type":"hello"}'))
        while head := await reader.read(2):
            size = head[1] & 0x7F
            mask = await reader.readexactly(4)
            said = await reader.readexactly(size)
            self.heard.append(bytes(one ^ mask[at % 4] for at, one in enumerate(said)))
            if b"subscribe" in self.heard[-1]:
                writer.write(frame(self.reply))
                self.clients.append(writer)

    async def _hand(self, reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            count, at = line.split()[1:]
            update = b'{"at":%b,"text":"%b"}' % (at, b"x" * self.padding)
            updates = [update] * int(count) * self.copies
            if self.ping:
                updates.insert(self.ping_at, self.ping)
            told = [b"\n".join(updates)] if self.is_joined else updates
            data = b"".join(map(frame, told))
            for client in self.clients:
                piece = self.piece or len(data)
                for start in range(0, len(data), piece):
                    client.write(data[start : start + piece])
                    await client.drain()
                    await asyncio.sleep(0)
