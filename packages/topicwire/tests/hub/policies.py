"""A route of each policy, and what a client that is behind sees of it."""

from __future__ import annotations

import asyncio
from typing import Any

from packages.topicwire.tests.trading import App
from pydantic import BaseModel

from topicwire import WsRouter, lossless
from topicwire.testing import InProcessClient


class Wanted(BaseModel):
    book: str = "B"


class Line(BaseModel):
    """A change: of one price, or of several that were merged."""

    key: str = ""
    value: int = 0
    closed: bool = False
    parts: list[int] = []


TOPIC = 'lines:{"book":"B"}'
OTHER = 'lines:{"book":"C"}'


class Lines:
    """An app with one route, and short ways to use it."""

    def __init__(self, delivery: Any = None, *, router: Any = None, **options: Any) -> None:
        settings = {k: options.pop(k) for k in tuple(options) if k.startswith("max_")}
        options.setdefault("linger_s", 0.0)
        self.router = router or WsRouter[Wanted, Line](
            route="lines", delivery=delivery or lossless(), **options
        )
        self.app = App(self.router, **settings)
        self.published = 0

    def publish(self, key: str = "", *, topic: str = TOPIC, **fields: Any) -> int:
        """Publish a line with the next number as its value."""
        self.published += 1
        value = fields.pop("value", self.published)
        self.router.publish(topic, Line(key=key, value=value, **fields))
        return self.published

    @property
    def metrics(self) -> Any:
        return self.app.adapter.metrics


def seen(messages: list[dict[str, Any]]) -> list[str]:
    """Return updates as `5A`: their number and key; other messages by their type."""
    return [
        f"{one['payload']['seq']}{one['payload']['payload']['key']}"
        if one["type"] == "lines.update"
        else one["type"]
        for one in messages
    ]


async def fill_the_socket(lines: Lines, client: InProcessClient) -> None:
    """Stall `client` with one update on its way, so that what comes next waits."""
    client.stall()
    lines.publish("sent")
    for _ in range(8):  # the writer takes it in the next round of the loop
        await asyncio.sleep(0)
