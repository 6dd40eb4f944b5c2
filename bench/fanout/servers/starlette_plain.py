"""Plain uvicorn and Starlette, which accepts and answers one message: for connects alone."""

from __future__ import annotations

from bench.fanout.servers.by_uvicorn import run
from bench.fanout.servers.control import SUBSCRIBED
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect


async def endpoint(websocket: WebSocket) -> None:
    """Answer."""
    await websocket.accept()
    try:
        while True:
            await websocket.receive_text()
            await websocket.send_text(SUBSCRIBED)
    except WebSocketDisconnect:
        return


def publish(count: int, at: int) -> None:
    """Nobody subscribes here."""
    raise RuntimeError(f"asked to publish {count} updates at {at}")


if __name__ == "__main__":
    run(Starlette(routes=[WebSocketRoute("/ws", endpoint)]), publish)
