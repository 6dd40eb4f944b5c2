"""The client's socket, by the `websockets` library (`pip install topicwire[client]`)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from topicwire.client.socket import LOST, Loss, SocketEvents

MAX_MESSAGE_BYTES: Final = 16_777_216
"""Of one message from the server. Its own limit is 1 MiB an update, unless it was raised."""

CLOSE_TIMEOUT_S: Final = 2.0
"""How long a server may take to answer a close frame, and then to end the connection."""


class _Attempt(connect):
    """Goes where it is redirected to, but to no other origin: the token would go with it."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        before = urlsplit(self.uri)
        address = super().process_redirect(exc)
        if not isinstance(address, str):
            return address
        after = urlsplit(address)
        return address if (after.scheme, after.netloc) == (before.scheme, before.netloc) else exc


class WebSocketConnector:
    """Makes sockets with `websockets.asyncio.client.connect`.

    A message larger than `max_size` ends the connection; it is an error of the client's, not a
    close code of the server's.

    Args:
        options: go to `connect` as they are: `ssl`, `proxy`, `additional_headers`, `max_size`, ...
    """

    def __init__(self, **options: Any) -> None:
        self._options = {
            "max_size": MAX_MESSAGE_BYTES,
            "close_timeout": CLOSE_TIMEOUT_S,
            "open_timeout": None,  # the client has its own
            **options,
        }

    def __call__(self, url: str, subprotocols: Sequence[str], events: SocketEvents) -> WebSocket:
        """Begin to connect."""
        offered = [Subprotocol(one) for one in subprotocols]
        return WebSocket(_Attempt(url, subprotocols=offered, **self._options), events)


class WebSocket:
    """One connection. Its reader and its writer are tasks of the running loop.

    Args:
        attempt: what connects.
        events: told what happens.
    """

    def __init__(self, attempt: connect, events: SocketEvents) -> None:
        self._attempt = attempt
        self._events = events
        self._outgoing: asyncio.Queue[str | bytes] = asyncio.Queue()
        self._connection: ClientConnection | None = None
        self._close_code = 1000
        self._is_closing = False
        loop = asyncio.get_running_loop()
        self._closing: asyncio.Task[None] | None = None
        self._running = loop.create_task(self._run())

    def send(self, message: str | bytes) -> None:
        """Send a text frame, or of bytes a binary one, when those before it are sent."""
        self._outgoing.put_nowait(message)

    def close(self, code: int = 1000) -> None:
        """End it: with a close frame where it is open, at once where it is not."""
        if self._is_closing:
            return
        self._is_closing = True
        if self._connection is None:
            self._running.cancel()
        else:
            loop = asyncio.get_running_loop()
            self._closing = loop.create_task(self._connection.close(code))

    async def wait_closed(self) -> None:
        """Wait until its tasks have ended."""
        tasks = [task for task in (self._running, self._closing) if task is not None]
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self) -> None:
        loss = Loss()
        try:
            loss = await self._connect_and_read()
        finally:
            # whatever happened: a client that is not told would wait for ever
            self._events.lost(loss)

    async def _connect_and_read(self) -> Loss:
        try:
            self._connection = await self._attempt
        except InvalidStatus as error:
            return Loss(LOST, str(error), http_status=error.response.status_code)
        except Exception as error:  # noqa: BLE001 - an option or an address may be wrong, too
            return Loss(LOST, f"{type(error).__name__}: {error}")
        writer = asyncio.get_running_loop().create_task(self._write(self._connection))
        try:
            self._events.opened(self._connection.subprotocol)
            return await self._read(self._connection)
        finally:
            writer.cancel()

    async def _read(self, connection: ClientConnection) -> Loss:
        try:
            while True:
                self._events.received(await connection.recv())
        except ConnectionClosed as closed:
            if closed.rcvd is not None:
                return Loss(closed.rcvd.code, closed.rcvd.reason)
            # what this side closed with is no word of the server's
            return Loss(LOST, "" if closed.sent is None else closed.sent.reason)

    async def _write(self, connection: ClientConnection) -> None:
        try:
            while True:
                await connection.send(await self._outgoing.get())
        except ConnectionClosed:
            pass  # the reader tells of it
