"""How much a client that does not read swallows before anything waits in its outbox.

`python bench/swallowed.py` serves a route with uvicorn on the loopback interface, by its own
WebSocket implementation and by Topicwire's in turns. A bare socket with the system's default
buffers subscribes and never reads; updates are published, and let go, until they stay in the
outbox. What has left it by then no policy can bound, conflate or take back. Writes
`results/swallowed.json`. It counts bytes, so the machine's load does not matter.
"""

from __future__ import annotations

import asyncio
import json
import platform
import socket
import statistics
from importlib.metadata import version
from pathlib import Path
from typing import Final

import uvicorn
from pydantic import BaseModel
from starlette.applications import Starlette

from topicwire import FastWSAdapter, Settings, WsRouter
from topicwire.wire.frames import SUBPROTOCOL

RESULTS: Final = Path(__file__).parent / "results/swallowed.json"
IMPLEMENTATIONS: Final = ("websockets-sansio", "topicwire.asgi.uvicorn:WebSocketProtocol")
ROUNDS: Final = 5
TEXT_BYTES: Final = 128
"""With its envelope an update has about 200 bytes."""

AT_ONCE: Final = 20
TURNS: Final = 20
"""Of the event loop, after so many updates: the socket takes what it takes."""

HANDSHAKE: Final = (
    "GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
    f"Sec-WebSocket-Protocol: {SUBPROTOCOL}\r\n\r\n"
)
SUBSCRIBE: Final = b'{"type":"notes.subscribe","payload":{}}'


class Request(BaseModel):
    """Everyone asks for the same topic."""


class Note(BaseModel):
    """An update of a size."""

    text: str


async def swallowed(implementation: str) -> int:
    """The bytes that have left the outbox when the first ones stay in it."""
    router = WsRouter[Request, Note](route="notes")
    settings = Settings(max_queue_bytes=1 << 26)
    adapter = FastWSAdapter(title="Bench", version="1", path="/ws", settings=settings)
    adapter.include_router(router)
    app = Starlette()
    adapter.setup(app, drain_on_sigterm=False)
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, ws=implementation))
    serving = asyncio.create_task(server.serve([listening]))
    loop = asyncio.get_running_loop()
    metrics, note = adapter.metrics, Note(text="x" * TEXT_BYTES)
    with socket.socket() as stalled:
        stalled.setblocking(False)
        await loop.sock_connect(stalled, ("127.0.0.1", port))
        frame = bytes([0x81, 0x80 | len(SUBSCRIBE)]) + bytes(4) + SUBSCRIBE
        await loop.sock_sendall(stalled, HANDSHAKE.encode())
        await read_until(stalled, b"hello")
        await loop.sock_sendall(stalled, frame)
        await read_until(stalled, b"Subscribed")
        while not (waiting := metrics.queue_bytes.total):
            for _ in range(AT_ONCE):
                router.publish("notes:{}", note)
            for _ in range(TURNS):
                await asyncio.sleep(0)
        left = metrics.bytes_sent - waiting
    server.should_exit = True
    await serving
    return left


async def read_until(client: socket.socket, part: bytes) -> None:
    """Read until `part` has come."""
    received = b""
    while part not in received:
        received += await asyncio.get_running_loop().sock_recv(client, 1_024)


async def main() -> None:
    """Measure, print and record."""
    rounds: dict[str, list[int]] = {name: [] for name in IMPLEMENTATIONS}
    for _ in range(ROUNDS):
        for name, sizes in rounds.items():
            sizes.append(await swallowed(name))
    rows = {
        name: {
            "median_bytes": round(statistics.median(sizes)),
            "min": min(sizes),
            "max": max(sizes),
        }
        for name, sizes in rounds.items()
    }
    theirs, ours = (rows[name]["median_bytes"] for name in IMPLEMENTATIONS)
    for name, row in rows.items():
        print(f"{name:45} {row['median_bytes']:>10,} bytes  ({row['min']:,} to {row['max']:,})")
    record = {
        "what": "bytes of updates that leave the outbox of a client that does not read",
        "command": "python bench/swallowed.py",
        "rounds": ROUNDS,
        "bytes_an_update": TEXT_BYTES + 70,
        "python": platform.python_version(),
        "uvicorn": version("uvicorn"),
        "machine": f"{platform.system()} {platform.machine()}, loopback, default socket buffers",
        "ratio": round(theirs / ours, 1),
        "results": rows,
    }
    RESULTS.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(main())
