"""Faults between real sockets: a TCP proxy on the loopback interface. Knows bytes alone."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable
from functools import partial
from typing import Final, Self

from topicwire.hub.clock import Clock, LoopClock
from topicwire.testing.faults.directions import BytesDirection
from topicwire.testing.faults.line import Line

_PIECE_BYTES: Final = 65_536
MAX_DELAYED_BYTES: Final = 1_048_576
_RESET: Final = struct.pack("ii", 1, 0)


class ProxiedLink:
    """One TCP connection that a test disturbs.

    Attributes:
        to_server: what the client sends.
        to_client: what the server sends.
        is_over: it was cut, or both ends have ended it.
    """

    def __init__(self, clock: Clock, client: socket.socket, server: socket.socket) -> None:
        self.to_server = BytesDirection(Line(clock), self._cut)
        self.to_client = BytesDirection(Line(clock), self._cut)
        self.is_over = False
        self._client = client
        self._server = server
        self._with_reset = False
        self._end = asyncio.Event()

    def cut(self, *, reset: bool = False) -> None:
        """End the connection, both ways; what is under way is lost.

        Args:
            reset: with a TCP reset, as a machine that was switched off and on; otherwise with an
                orderly end of the stream, as a proxy that was stopped.
        """
        self._cut(reset)

    async def serve(self) -> None:
        """Carry bytes until the connection is over."""
        loop = asyncio.get_running_loop()
        ended = loop.create_task(self._ended())
        carried = loop.create_task(self._carry_both())
        try:
            await asyncio.wait((ended, carried), return_when=asyncio.FIRST_COMPLETED)
            if carried.done() and carried.exception() is not None:
                self._cut(True)  # one end was reset: so is the other
            self.is_over = True
            await _cancelled(ended, carried)
            if self._end.is_set() and not self._with_reset:
                await self._end_in_order()
        finally:
            await _cancelled(ended, carried)
            for one in (self._client, self._server):
                _close(one, reset=self._with_reset)

    def _cut(self, reset: bool) -> None:  # noqa: FBT001 - as `Cut` has it
        self._with_reset = reset
        self.is_over = True
        self._end.set()
        self.to_server.line.cut()
        self.to_client.line.cut()

    async def _ended(self) -> None:
        await self._end.wait()

    async def _carry_both(self) -> None:
        await asyncio.gather(
            self._carry(self._client, self.to_server, self._server),
            self._carry(self._server, self.to_client, self._client),
        )

    async def _carry(
        self, source: socket.socket, direction: BytesDirection, sink: socket.socket
    ) -> None:
        await asyncio.gather(self._read(source, direction), self._write(direction, sink))

    async def _read(self, source: socket.socket, direction: BytesDirection) -> None:
        loop = asyncio.get_running_loop()
        line = direction.line
        data = b"-"
        while data:
            data = await loop.sock_recv(source, _PIECE_BYTES)
            under_way = line.put(data, len(data), direction.delay_s)
            if direction.delay_s <= 0 or line.size > MAX_DELAYED_BYTES:
                await under_way.taken()

    async def _write(self, direction: BytesDirection, sink: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while data := await direction.line.get():
            passing = data[: direction.room(len(data))]
            await loop.sock_sendall(sink, passing)
            direction.passed(len(passing))
        if data is not None:
            sink.shutdown(socket.SHUT_WR)

    async def _end_in_order(self) -> None:
        # Closing a socket that has unread bytes would reset it, and the reset might overtake what
        # has passed: so say the end, and read until the other says it too.
        await asyncio.gather(*(_drain(one) for one in (self._client, self._server)))


async def _cancelled(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _closed(one: socket.socket, _: object) -> None:
    one.close()


def _close(one: socket.socket, *, reset: bool) -> None:
    if reset:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    one.close()


async def _drain(one: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    try:
        one.shutdown(socket.SHUT_WR)
        while await loop.sock_recv(one, _PIECE_BYTES):
            pass
    except OSError:
        pass  # it has ended by itself


class FaultProxy:
    """A TCP proxy in front of a server, whose connections go wrong as a test says.

        async with FaultProxy(port_of_the_server) as proxy:
            async with websockets.connect(f"ws://127.0.0.1:{proxy.port}/api/v1/ws") as socket:
                proxy.links[-1].to_client.cut_after_bytes(100)

    Guarantee: bytes pass unchanged and in order; a cut is exact to the byte. Leaving the block
    ends every connection.

    Args:
        port: of the server.
        host: of the server.
        clock: for delays; the event loop's own time when there is none.
        on_connect: called with each new link, before anything passes on it.
        buffer_bytes: of each socket in the kernel, so that a stall is noticed soon; None leaves
            them as the system has them, megabytes perhaps.

    Attributes:
        port: of the proxy, on 127.0.0.1.
        links: every connection so far, the latest last.
        is_down: new connections are reset at once, as if the server were being restarted.
    """

    def __init__(
        self,
        port: int,
        *,
        host: str = "127.0.0.1",
        clock: Clock | None = None,
        on_connect: Callable[[ProxiedLink], object] | None = None,
        buffer_bytes: int | None = None,
    ) -> None:
        self.port = 0
        self.links: list[ProxiedLink] = []
        self.is_down = False
        self._target = (host, port)
        self._clock = clock or LoopClock()
        self._on_connect = on_connect
        self._buffer_bytes = buffer_bytes
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        """Listen."""
        self._listener = self._socket()
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen()
        self.port = self._listener.getsockname()[1]
        self._keep(asyncio.get_running_loop().create_task(self._accept()))
        return self

    async def __aexit__(self, *_: object) -> None:
        """End every connection, and listen no longer."""
        await _cancelled(*self._tasks)
        self._listener.close()

    def _socket(self) -> socket.socket:
        one = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        one.setblocking(False)
        if self._buffer_bytes is not None:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self._buffer_bytes)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, self._buffer_bytes)
        return one

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            client, _ = await loop.sock_accept(self._listener)
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            task = loop.create_task(self._serve(client))
            # also when the proxy is left before the task has begun
            task.add_done_callback(partial(_closed, client))
            self._keep(task)

    async def _serve(self, client: socket.socket) -> None:
        with self._socket() as server:  # also when the proxy is left while it connects
            await self._carry(client, server)

    async def _carry(self, client: socket.socket, server: socket.socket) -> None:
        try:
            if self.is_down:
                raise ConnectionRefusedError
            server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await asyncio.get_running_loop().sock_connect(server, self._target)
        except OSError:
            _close(client, reset=True)
            return
        link = ProxiedLink(self._clock, client, server)
        self.links.append(link)
        if self._on_connect is not None:
            self._on_connect(link)
        await link.serve()
