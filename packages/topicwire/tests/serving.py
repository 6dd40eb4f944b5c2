"""A real uvicorn on a port of its own, and an independent client."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from topicwire.asgi.uvicorn import WebSocketProtocol
from topicwire.wire.frames import SUBPROTOCOL

OURS = [Subprotocol(SUBPROTOCOL)]


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        self.listening.set()


@asynccontextmanager
async def serving(app: ASGIApp, *, port: int = 0, **options: Any) -> AsyncIterator[str]:
    """Serve `app` on the loopback interface. Gives the address of its WebSocket."""
    options = {"ws": WebSocketProtocol, **options}
    config = uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None, **options)
    server = _Server(config)
    # not `serve`, which takes over the signal handlers of the test run
    serve = asyncio.get_running_loop().create_task(server._serve())
    try:
        listening = asyncio.get_running_loop().create_task(server.listening.wait())
        await asyncio.wait({serve, listening}, return_when=asyncio.FIRST_COMPLETED)
        listening.cancel()
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"ws://127.0.0.1:{port}/api/v1/ws"
    finally:
        server.should_exit = True
        await serve


async def send(socket: ClientConnection, type_name: str, payload: Any = None) -> None:
    message = {"type": type_name} if payload is None else {"type": type_name, "payload": payload}
    await socket.send(json.dumps(message))


async def receive(socket: ClientConnection) -> dict[str, Any]:
    """Return the next message of a legacy connection: one message a frame."""
    message: dict[str, Any] = json.loads(await socket.recv())
    return message


async def ask(socket: ClientConnection, type_name: str, payload: Any = None) -> dict[str, Any]:
    """Send, and return the payload of what comes next."""
    await send(socket, type_name, payload)
    answer: dict[str, Any] = (await receive(socket)).get("payload", {})
    return answer


async def settled(socket: ClientConnection) -> list[dict[str, Any]]:
    """Return all that the server had sent up to now."""
    await send(socket, "ping")
    messages = []
    while (message := await receive(socket))["type"] != "pong":
        messages.append(message)
    return messages


async def read_to_the_end(socket: ClientConnection) -> tuple[list[dict[str, Any]], int | None]:
    """Return all that comes until the server closes, and its close code."""
    messages = []
    try:
        while True:
            messages.append(await receive(socket))
    except ConnectionClosed:
        return messages, socket.close_code
