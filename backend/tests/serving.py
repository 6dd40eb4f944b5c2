"""The real application behind the real server, on a port of its own."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import httpx
import uvicorn
from backend.tests.manual_clock import ManualClock
from fastapi import FastAPI
from websockets.asyncio.client import ClientConnection, connect

from topicwire import FastWSAdapter
from topicwire.testing.conformance import conforming

# Long enough for any machine: it only says that something will never come.
PATIENCE_S = 30


class Socket:
    """An independent client: JSON out, JSON in."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    async def send(self, kind: str, payload: object, **more: object) -> None:
        await self._connection.send(json.dumps({"type": kind, "payload": payload, **more}))

    async def receive(self) -> dict[str, Any]:
        async with asyncio.timeout(PATIENCE_S):
            message: dict[str, Any] = json.loads(await self._connection.recv())
        return message

    async def call(self, kind: str, payload: object) -> dict[str, Any]:
        """Send a command and return its reply's payload; nothing else may come first."""
        await self.send(kind, payload, id=kind)
        reply = await self.receive()
        assert (reply["type"], reply["id"]) == (f"{kind}.response", kind), reply
        payload_of_reply: dict[str, Any] = reply["payload"]
        return payload_of_reply

    async def update(self, route: str) -> dict[str, Any]:
        """The next message, which must be an update of the route: its data."""
        message = await self.receive()
        assert message["type"] == f"{route}.update", message
        data: dict[str, Any] = message["payload"]["payload"]
        return data

    async def updates(self, route: str, number: int) -> list[dict[str, Any]]:
        return [await self.update(route) for _ in range(number)]

    async def silence(self) -> None:
        """Nothing has been sent that was not received: the answer to a bad message comes next."""
        await self._connection.send("{}")
        message = await self.receive()
        assert message["type"] == "error", message


@dataclass
class Served:
    """An application as its clients see it."""

    api_app: FastAPI
    ws_app: FastWSAdapter
    clock: ManualClock
    port: int
    rest: httpx.AsyncClient

    @asynccontextmanager
    async def socket(self) -> AsyncIterator[Socket]:
        async with connect(f"ws://127.0.0.1:{self.port}/api/v1/ws") as connection:
            yield Socket(connection)


class QuietServer(uvicorn.Server):
    """uvicorn as it is, but for the signals, which stay the test runner's."""

    async def __aenter__(self) -> Self:
        self._started = asyncio.Event()
        self._serving = asyncio.create_task(self._serve())
        starting = asyncio.create_task(self._started.wait())
        await asyncio.wait({starting, self._serving}, return_when=asyncio.FIRST_COMPLETED)
        starting.cancel()
        if self._serving.done():
            self._serving.result()
        return self

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._started.set()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.should_exit = True
        await self._serving

    @property
    def port(self) -> int:
        port: int = self.servers[0].sockets[0].getsockname()[1]
        return port


@asynccontextmanager
async def serving(app: tuple[FastAPI, FastWSAdapter], clock: ManualClock) -> AsyncIterator[Served]:
    api_app, ws_app = app
    config = uvicorn.Config(api_app, host="127.0.0.1", port=0, log_config=None, lifespan="on")
    # Every message, sent or received, matches one message of the application's own document.
    with conforming():
        async with QuietServer(config) as server:
            url = f"http://127.0.0.1:{server.port}"
            async with httpx.AsyncClient(base_url=f"{url}/api/v1", timeout=PATIENCE_S) as rest:
                yield Served(api_app, ws_app, clock, server.port, rest)
