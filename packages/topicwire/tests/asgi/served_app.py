"""An application that a server of any kind serves, in a process of its own: see `servers.py`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from packages.topicwire.tests.identity.tokens import Tokens
from pydantic import BaseModel
from starlette.applications import Starlette

from topicwire import FastWSAdapter, Settings, WsRouter, WsRouteService, lossless
from topicwire.wire.topics import topic_key

MAX_QUEUE_BYTES = 262_144
BLOCK = "." * 32_768
"""Of an update. What servers and the system take for a client that does not read is megabytes."""


class Wanted(BaseModel):
    name: str


class Value(BaseModel):
    number: int
    block: str = ""


class Publish(BaseModel):
    name: str
    numbers: list[int]
    large: bool = False


class Counts(BaseModel):
    connections: int
    subscriptions: int
    producers: int
    slow: int


class Feeds(WsRouteService):
    """Each topic's state is its latest number."""

    def __init__(self) -> None:
        self.feeds: dict[str, Callable[[Any], None]] = {}
        self.latest: dict[str, int] = {}

    def create_topic(self, topic: str, topic_update: Callable[[Any], None]) -> None:
        self.feeds[topic] = topic_update

    def remove_topic(self, topic: str) -> None:
        del self.feeds[topic]

    def get_snapshot(self, topic: str) -> Value | None:
        number = self.latest.get(topic)
        return None if number is None else Value(number=number)

    def publish(self, topic: str, value: Value) -> None:
        self.latest[topic] = value.number
        self.feeds[topic](value)


feeds = Feeds()
router = WsRouter[Wanted, Value](
    route="values",
    service=feeds,
    linger_s=0.0,
    delivery=lossless(max_queue_bytes=MAX_QUEUE_BYTES),
)
ws = FastWSAdapter(
    title="Served",
    version="1",
    authenticate=Tokens(),
    settings=Settings(max_queue_bytes=MAX_QUEUE_BYTES),
)


@router.send("publish")
def publish(payload: Publish) -> None:
    topic = topic_key("values", {"name": payload.name})
    for number in payload.numbers:
        feeds.publish(topic, Value(number=number, block=BLOCK if payload.large else ""))


@router.send("counts", reply="counts.response")
def counts() -> Counts:
    metrics = ws.metrics
    route = metrics.routes["values"]
    return Counts(
        connections=metrics.connections,
        subscriptions=route.subscriptions,
        producers=route.producers,
        slow=metrics.slow_consumers,
    )


_draining: set[asyncio.Task[None]] = set()


@router.send("drain")
async def drain() -> None:
    """Begin one: it waits for the end of every handler, this one included."""
    task = asyncio.create_task(ws.drain(reason="moving"))
    _draining.add(task)
    task.add_done_callback(_draining.discard)


ws.include_router(router)
app = Starlette()
ws.setup(app)
