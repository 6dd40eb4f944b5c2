"""Ours, with every guarantee on: numbers, ring, metrics, authentication and authorization."""

from __future__ import annotations

import asyncio
import cProfile
import gc
import sys
import time
from typing import Final

from bench.fanout.servers.by_uvicorn import run
from bench.fanout.servers.control import text
from pydantic import BaseModel
from starlette.applications import Starlette

from topicwire import FastWSAdapter, Principal, Rejected, WsRouter
from topicwire.hub import direct
from topicwire.hub.sending import write_each_in_python
from topicwire.identity import Handshake


class Everyone(BaseModel):
    """All ask for the same topic."""


class One(BaseModel):
    """Each asks for topics of its own."""

    n: int


class Quote(BaseModel):
    """An update."""

    symbol: str
    at: int
    text: str


def authenticate(handshake: Handshake) -> Principal:
    """Take the bearer token for the name: verifying a signature is not what is measured."""
    if not handshake.bearer:
        raise Rejected("say who you are")
    return Principal(handshake.bearer)


async def authorize(principal: Principal, _: BaseModel, topic: str) -> bool:
    """Let everybody in who has a name."""
    return bool(principal.subject and topic)


quotes = WsRouter[Everyone, Quote](route="quotes", authorize=authorize)
others = WsRouter[One, Quote](route="others", authorize=authorize)
silent = WsRouter[Everyone, Quote](route="silent", authorize=authorize, replay=None)

adapter = FastWSAdapter(
    title="Bench", version="1", path="/ws", authenticate=authenticate, metrics_path="/metrics"
)
for router in (quotes, others, silent):
    adapter.include_router(router)
app = Starlette()
adapter.setup(app)

_published = 0


def publish(count: int, at: int) -> None:
    """Publish so many updates in this tick."""
    global _published  # noqa: PLW0603 - the number that is expected, for the size of the text
    for _ in range(count):
        _published += 1
        quotes.publish("quotes:{}", Quote(symbol="AAPL", at=at, text=text(at, _published)))


def to_nobody(count: str) -> dict[str, float]:
    """Publish to a topic without subscribers, on a route without a ring; ns for each."""
    quote = Quote(symbol="AAPL", at=1, text="x" * 80)
    times = int(count)
    started = time.thread_time_ns()
    for _ in range(times):
        silent.publish("silent:{}", quote)
    return {"ns": (time.thread_time_ns() - started) / times}


class Probe:
    """Sees how long others wait for the event loop: it is due in every iteration.

    What it keeps is the longest time between two of its turns, by the clock, and by what the
    thread itself has used: a machine that others use, too, takes the thread off its core.
    """

    def __init__(self) -> None:
        self._is_on = False

    def begin(self) -> None:
        """Begin to look."""
        self._is_on = True
        self.longest_ns = self.longest_cpu_ns = 0
        self._last = time.perf_counter_ns(), time.thread_time_ns()
        asyncio.get_running_loop().call_soon(self._turn)

    def end(self) -> dict[str, int]:
        """Say what was seen."""
        self._is_on = False
        return {"longest_ns": self.longest_ns, "longest_cpu_ns": self.longest_cpu_ns}

    def _turn(self) -> None:
        now = time.perf_counter_ns(), time.thread_time_ns()
        self.longest_ns = max(self.longest_ns, now[0] - self._last[0])
        self.longest_cpu_ns = max(self.longest_cpu_ns, now[1] - self._last[1])
        self._last = now
        if self._is_on:
            asyncio.get_running_loop().call_soon(self._turn)


def freeze() -> int:
    """Take what is there now out of the collector's sight; return how much that is."""
    gc.collect()
    gc.freeze()
    return gc.get_freeze_count()


# by what the thread uses: others on the machine do not count
profiler: Final = cProfile.Profile(time.thread_time_ns, 1e-9)


def profile(what: str, file: str) -> str:
    """Begin to profile, or end, and write what was seen."""
    if what == "begin":
        profiler.enable()
    else:
        profiler.disable()
        profiler.dump_stats(file)
    return what


probe: Final = Probe()

if __name__ == "__main__":
    if "--python" in sys.argv[1:]:
        setattr(direct, "write_each", write_each_in_python)  # noqa: B010 - it is imported there
    run(
        app,
        publish,
        {
            "nobody": to_nobody,
            "begin": probe.begin,
            "end": probe.end,
            "freeze": freeze,
            "profile": profile,
        },
        ws="topicwire.asgi.uvicorn:WebSocketProtocol",
        http="topicwire.asgi.uvicorn_http:HttpProtocol",
    )
