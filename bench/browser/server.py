"""The server of the measurement: a page, and a flow of updates that begins and ends when told to.

`python -m bench.browser.server SCRIPT SENDER` says two ports in a line of JSON. Who connects to
`/ws` is served by the real hub; who connects to the port `prebuilt`, by a program that sends the
same bytes without one: where a page is measured, the server is to take little of the machine.
`GET /flow` begins a flow of either, `GET /stop` ends it and says what was published.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
import time
from pathlib import Path
from typing import Any, Final

import uvicorn
import uvloop
from bench.browser.sender import Sender
from pydantic import BaseModel
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.routing import Route

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


class Flow:
    """Publishes by the hub at a steady rate; behind it, as fast as it can until it is at it again.

    Attributes:
        published: of the flow that is on, or was last.
    """

    def __init__(self) -> None:
        self.published = 0
        self._is_on = False
        self._task: asyncio.Task[None] | None = None

    def begin(self, topics: range, per_tick: int, per_s: int) -> None:
        """Begin one."""
        self.published = 0
        self._is_on = True
        self._task = asyncio.create_task(self._run(topics, per_tick, per_s))

    async def end(self) -> None:
        """Publish nothing more."""
        self._is_on = False
        if self._task is not None:
            await self._task
        self._task = None

    async def _run(self, topics: range, per_tick: int, per_s: int) -> None:
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
                    hub.publish(topics[number % len(topics)], number)
                self.published += per_tick
                await hub.send()


hub = Hub()
flow = Flow()


async def begin(request: Request) -> Response:
    """Begin a flow: the hub's, or the program's."""
    given = request.query_params
    first, count, per_tick, per_s = (
        int(given[name]) for name in ("first", "topics", "per_tick", "per_s")
    )
    if given["sender"] == "hub":
        flow.begin(range(first, first + count), per_tick, per_s)
    else:
        await _sender().ask(f"begin {first} {count} {per_tick} {per_s}")
    return JSONResponse({})


async def stop(request: Request) -> Response:
    """End it."""
    if request.query_params["sender"] != "hub":
        return JSONResponse(await _sender().ask("stop"))
    await flow.end()
    return JSONResponse({"published": flow.published})


def _sender() -> Sender:
    sender = app.state.sender
    assert isinstance(sender, Sender)
    return sender


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
    ]
)
ws.setup(app)


async def serve() -> None:
    """Serve until stopped."""
    protocol: Any = "topicwire.asgi.uvicorn:WebSocketProtocol"
    config = uvicorn.Config(app, log_config=None, access_log=False, ws=protocol)
    listening = socket.create_server(("127.0.0.1", 0))
    sender = app.state.sender = await Sender.started(Path(sys.argv[2]))
    ready = {"port": listening.getsockname()[1], "prebuilt": sender.port}
    print(json.dumps(ready), flush=True)
    await uvicorn.Server(config).serve([listening])


if __name__ == "__main__":
    uvloop.run(serve())
