"""The server of the measurement: a page, and a flow of updates that begins and ends when told to.

`python -m bench.browser.server SCRIPT` says its port in a line of JSON. Who connects to `/ws` is
served by the real hub; who connects to `/prebuilt`, the same bytes without one: where a page is
measured, the server is to take little of the machine. `GET /flow` begins a flow, `GET /stop` ends
it and says what was published.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
import time
from typing import Any, Final

import uvicorn
import uvloop
from pydantic import BaseModel
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from topicwire import FastWSAdapter, Settings, WsRouter

MOST_TOPICS: Final = 1_000
PAGE: Final = (
    '<!doctype html><title>page</title><output></output><script type="module" src="/page.js">'
    "</script>"
)


class Symbol(BaseModel):
    """A topic of its own for each number."""

    n: int


class Quote(BaseModel):
    """An update, as long as one of a market: some 165 bytes with its envelope."""

    symbol: str
    bid: float
    ask: float
    size: int
    at: int


quotes = WsRouter[Symbol, Quote](route="quotes")
ws = FastWSAdapter(
    title="Browser",
    version="1",
    path="/ws",
    settings=Settings(max_topics=2 * MOST_TOPICS, max_command_burst=100_000),
)
ws.include_router(quotes)


class Prebuilt:
    """One client that is sent what a hub would send it: hello, replies, numbered updates."""

    def __init__(self) -> None:
        self._socket: WebSocket | None = None
        self._seqs: dict[str, int] = {}
        self._lines: list[bytes] = []

    async def serve(self, websocket: WebSocket) -> None:
        """Accept whatever it subscribes to."""
        await websocket.accept(subprotocol="topicwire.v1+json")
        await websocket.send_text('{"type":"hello","payload":{"heartbeat_s":25}}')
        self._socket = websocket
        self._seqs.clear()
        async for text in websocket.iter_text():
            command = json.loads(text)
            if command["type"] == "quotes.subscribe":
                topic = f'quotes:{{"n":{command["payload"]["n"]}}}'
                payload = {"status": "ok", "topic": topic, "epoch": "one", "seq": 0}
                reply = {"type": "quotes.subscribe.response", "payload": payload}
                known = {"id": command["id"]} if "id" in command else {}
                await websocket.send_text(json.dumps(reply | known, separators=(",", ":")))

    def publish(self, n: int, number: int) -> None:
        """Add an update to what goes out together."""
        topic = f'quotes:{{\\"n\\":{n}}}'
        seq = self._seqs[topic] = self._seqs.get(topic, 0) + 1
        self._lines.append(
            _UPDATE % (topic.encode(), seq, n, *_values(number), time.monotonic_ns())
        )

    async def send(self) -> None:
        """Send what was added, as one frame; wait while the socket takes no more."""
        text = b"\n".join(self._lines).decode()
        self._lines.clear()
        assert self._socket is not None
        await self._socket.send_text(text)


_UPDATE: Final = (
    b'{"type":"quotes.update","payload":{"topic":"%b","seq":%d,"payload":'
    b'{"symbol":"SYM%d","bid":%.2f,"ask":%.2f,"size":%d,"at":%d}}}'
)


def _values(number: int) -> tuple[float, float, int]:
    bid = round(100 + number % 997 / 100, 2)
    return bid, round(bid + 0.01, 2), number % 1_000


class Hub:
    """The real one."""

    def publish(self, n: int, number: int) -> None:
        """Publish an update."""
        bid, ask, size = _values(number)
        quote = Quote(symbol=f"SYM{n}", bid=bid, ask=ask, size=size, at=time.monotonic_ns())
        quotes.publish(f'quotes:{{"n":{n}}}', quote)

    async def send(self) -> None:
        """Let a turn of the loop end: then it goes out."""
        await asyncio.sleep(0)


prebuilt = Prebuilt()
SENDERS: Final[dict[str, Prebuilt | Hub]] = {"hub": Hub(), "prebuilt": prebuilt}


class Flow:
    """Publishes at a steady rate; behind it, as fast as it can until it is at it again.

    Attributes:
        published: of the flow that is on, or was last.
    """

    def __init__(self) -> None:
        self.published = 0
        self._is_on = False
        self._task: asyncio.Task[None] | None = None

    def begin(self, sender: Prebuilt | Hub, topics: range, per_tick: int, per_s: int) -> None:
        """Begin one."""
        self.published = 0
        self._is_on = True
        self._task = asyncio.create_task(self._run(sender, topics, per_tick, per_s))

    async def end(self) -> None:
        """Publish nothing more."""
        self._is_on = False
        if self._task is not None:
            await self._task
        self._task = None

    async def _run(self, sender: Prebuilt | Hub, topics: range, per_tick: int, per_s: int) -> None:
        begun_s = time.perf_counter()
        missed = 0
        while self._is_on:
            due = int((time.perf_counter() - begun_s) * per_s) - missed - self.published
            if due > per_s / 10:  # it does not keep up, and what it publishes says so
                missed += due
            elif due < per_tick:
                await asyncio.sleep(0.000_5)
            else:
                for number in range(self.published, self.published + per_tick):
                    sender.publish(topics[number % len(topics)], number)
                self.published += per_tick
                await sender.send()


flow = Flow()


async def begin(request: Request) -> Response:
    """Begin a flow."""
    given = request.query_params
    first, count = int(given["first"]), int(given["topics"])
    topics = range(first, first + count)
    flow.begin(SENDERS[given["sender"]], topics, int(given["per_tick"]), int(given["per_s"]))
    return JSONResponse({})


async def stop(_: Request) -> Response:
    """End it."""
    await flow.end()
    return JSONResponse({"published": flow.published})


async def page(_: Request) -> Response:
    """Give a page of this very origin."""
    return HTMLResponse(PAGE)


async def script(_: Request) -> Response:
    """Give what runs in it."""
    return FileResponse(sys.argv[1], media_type="text/javascript")


app = Starlette(
    routes=[
        Route("/", page),
        Route("/page.js", script),
        Route("/flow", begin),
        Route("/stop", stop),
        WebSocketRoute("/prebuilt", prebuilt.serve),
    ]
)
ws.setup(app)


async def serve() -> None:
    """Serve until stopped."""
    protocol: Any = "topicwire.asgi.uvicorn:WebSocketProtocol"
    config = uvicorn.Config(app, log_config=None, access_log=False, ws=protocol)
    listening = socket.create_server(("127.0.0.1", 0))
    print(json.dumps({"port": listening.getsockname()[1], "pid": os.getpid()}), flush=True)
    await uvicorn.Server(config).serve([listening])


if __name__ == "__main__":
    uvloop.run(serve())
