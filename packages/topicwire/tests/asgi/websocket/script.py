"""An application that does what a test says, and its ASGI messages."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from packages.topicwire.tests.serving import serving
from starlette.types import Receive, Scope, Send

ACCEPT = {"type": "websocket.accept"}


async def until(is_so: Callable[[], bool]) -> None:
    """Let others run until something is so."""
    turn = asyncio.sleep
    while not is_so():
        await turn(0)


class Script:
    """An application that does what the test says, with what it was given."""

    def __init__(self, play: Callable[[Script], Awaitable[Any]]) -> None:
        self._play = play
        self.scope: Any = None
        self.receive: Any = None
        self.send: Any = None
        self.ended = asyncio.Event()
        self.seen: list[Any] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> Any:
        self.scope, self.receive, self.send = scope, receive, send
        self.seen.append((await receive())["type"])
        try:
            return await self._play(self)
        finally:
            self.ended.set()

    async def answer(self, handshake: str) -> str:
        """Return all that is sent to a client that says this, and no more, until its end."""
        async with serving(self, lifespan="off") as url:
            address = urlsplit(url)
            reader, writer = await asyncio.open_connection(address.hostname, address.port)
            writer.write(handshake.replace("\n", "\r\n").encode())
            received = (await reader.read()).decode()
            writer.close()
            await writer.wait_closed()
            return received


async def echo(app: Script) -> None:
    """Send back what comes."""
    await app.send(ACCEPT)
    while (event := await app.receive())["type"] == "websocket.receive":
        await app.send({**event, "type": "websocket.send"})
