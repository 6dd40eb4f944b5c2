"""FastAPI, as its documentation broadcasts: `await send_text` to one after another."""

from __future__ import annotations

from bench.fanout.servers.by_uvicorn import run
from bench.fanout.servers.control import SUBSCRIBED, Messages
from fastapi import FastAPI, WebSocket, WebSocketDisconnect

app = FastAPI()
active: list[WebSocket] = []
messages = Messages()


@app.websocket("/ws")
async def endpoint(websocket: WebSocket) -> None:
    """Keep whoever says a word among the active ones."""
    await websocket.accept()
    await websocket.receive_text()
    await websocket.send_text(SUBSCRIBED)
    active.append(websocket)
    try:
        while True:
            await websocket.receive_text()
    except WebSocketDisconnect:
        active.remove(websocket)


async def publish(count: int, at: int) -> None:
    """Send each update to all."""
    for _ in range(count):
        message = messages.next(at)
        for websocket in active:
            await websocket.send_text(message)


if __name__ == "__main__":
    run(app, publish)
