"""Ours with many topics for each connection, and with quotes of which only the newest count.

Options: how many topics updates go to, one after another.
"""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Final

from bench.fanout.servers.by_uvicorn import run
from bench.fanout.servers.control import text
from bench.fanout.servers.ours import Everyone, One, Quote, authenticate, authorize
from pydantic import BaseModel
from starlette.applications import Starlette

from topicwire import FastWSAdapter, Settings, WsRouter, latest

CONFLATED_HZ: Final = 10.0


class Price(BaseModel):
    """A quote: a whole state. It bears no time, so the load generator does not count it."""

    symbol: str
    price: float
    text: str


many = WsRouter[One, Quote](route="many", authorize=authorize)
prices = WsRouter[Everyone, Price](
    route="prices", authorize=authorize, delivery=latest(max_rate_hz=CONFLATED_HZ)
)

adapter = FastWSAdapter(
    title="Bench",
    version="1",
    path="/ws",
    authenticate=authenticate,
    settings=Settings(max_commands_per_s=1e6, max_command_burst=1_000_000),
)
for router in (many, prices):
    adapter.include_router(router)
app = Starlette()
adapter.setup(app)

_topics = int(sys.argv[1]) if len(sys.argv) > 1 else 1
_published = 0


def publish(count: int, at: int) -> None:
    """Publish so many updates in this tick, each to the next topic."""
    global _published  # noqa: PLW0603 - which is next
    for _ in range(count):
        _published += 1
        topic = f'many:{{"n":{_published % _topics}}}'
        many.publish(topic, Quote(symbol="AAPL", at=at, text=text(at, _published)))


class Feed:
    """Publishes prices at a rate, and says what that has cost."""

    def __init__(self) -> None:
        self.seen: dict[str, float] = {}

    def begin(self, hz: str, seconds: str) -> bool:
        """Publish from now on, for so long."""
        self.seen = {}
        self._task = asyncio.get_running_loop().create_task(self._feed(float(hz), float(seconds)))
        return True

    def end(self) -> dict[str, float]:
        """Say what was seen; nothing while it lasts."""
        return self.seen

    async def _feed(self, hz: float, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        metrics = adapter.metrics.routes["prices"]
        sent, count = metrics.updates_sent, round(hz * seconds)
        began, used = loop.time(), time.thread_time_ns()
        for number in range(count):
            await asyncio.sleep(max(0.0, began + number / hz - loop.time()))
            prices.publish("prices:{}", Price(symbol="AAPL", price=number, text="x" * 120))
        await asyncio.sleep(2 / CONFLATED_HZ)  # the last always goes
        self.seen = {
            "published": count,
            "sent": metrics.updates_sent - sent,
            "cpu_ns": time.thread_time_ns() - used,
            "seconds": loop.time() - began,
        }


feed: Final = Feed()

if __name__ == "__main__":
    run(
        app,
        publish,
        {"feed": feed.begin, "fed": feed.end},
        ws="topicwire.asgi.uvicorn:WebSocketProtocol",
        http="topicwire.asgi.uvicorn_http:HttpProtocol",
    )
