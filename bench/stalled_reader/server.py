"""The server of the measurement: prints its port, and publishes until it is stopped."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import uvicorn
from pydantic import BaseModel
from starlette.applications import Starlette

from topicwire import FastWSAdapter, Settings, WsRouter, latest

TAPE: Final = "tape"
HEAVY: Final = "heavy"
LATEST: Final = "latest"
TAPE_HZ: Final = 10
HEAVY_AT_ONCE: Final = 10
"""Updates of the heavy topics, with each of the tape."""

HEAVY_BYTES: Final = 5_000


class Request(BaseModel):
    """Everyone asks for the same topic."""


class Tick(BaseModel):
    """An update that knows when it was published, in nanoseconds of the system's clock."""

    at: int
    text: str


tape = WsRouter[Request, Tick](route=TAPE)
heavy = WsRouter[Request, Tick](route=HEAVY)
newest = WsRouter[Request, Tick](route=LATEST, delivery=latest(), snapshot="last")
ws = FastWSAdapter(
    title="Bench",
    version="1",
    path="/ws",
    settings=Settings(max_connections_per_address=10_000),
)
for router in (tape, heavy, newest):
    ws.include_router(router)


async def publish() -> None:
    """Publish at a steady rate, for as long as the server runs."""
    text, long_text = "x" * 100, "x" * HEAVY_BYTES
    due_s = time.monotonic()
    while True:
        due_s += 1 / TAPE_HZ
        await asyncio.sleep(max(0.0, due_s - time.monotonic()))
        for _ in range(HEAVY_AT_ONCE):
            heavy.publish("heavy:{}", Tick(at=0, text=long_text))
            newest.publish("latest:{}", Tick(at=0, text=long_text))
        tape.publish("tape:{}", Tick(at=time.monotonic_ns(), text=text))


@asynccontextmanager
async def lifespan(_: Starlette) -> AsyncIterator[None]:
    """Publish meanwhile."""
    publishing = asyncio.create_task(publish())
    yield
    publishing.cancel()


app = Starlette(lifespan=lifespan)
ws.setup(app)


def main() -> None:
    """Serve until stopped."""
    listening = socket.create_server(("127.0.0.1", 0), backlog=2_048)
    print(listening.getsockname()[1], flush=True)
    config = uvicorn.Config(
        app,
        log_config=None,
        ws="topicwire.asgi.uvicorn:WebSocketProtocol",
        ws_per_message_deflate=False,
    )
    uvicorn.Server(config).run([listening])


if __name__ == "__main__":
    main()
