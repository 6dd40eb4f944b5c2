"""python-socketio: `emit` to a room, over WebSockets alone."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from bench.fanout.servers.by_uvicorn import run
from bench.fanout.servers.control import data

# Imported by name: where this is type-checked it is not installed.
socketio: Any = import_module("socketio")
server = socketio.AsyncServer(async_mode="asgi", transports=["websocket"])
_published = 0


async def subscribe(sid: str) -> None:
    """Enter the room."""
    await server.enter_room(sid, "quotes")
    await server.emit("subscribed", to=sid)


async def publish(count: int, at: int) -> None:
    """Emit each update to the room."""
    global _published  # noqa: PLW0603 - for the size of the text
    for _ in range(count):
        _published += 1
        await server.emit("quotes.update", data(at, _published), room="quotes")


server.on("subscribe", subscribe)

if __name__ == "__main__":
    run(socketio.ASGIApp(server), publish)
