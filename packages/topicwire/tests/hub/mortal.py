"""A producer that a test lets die, and what subscribers hear of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from packages.topicwire.tests.trading import (
    AAPL_TOPIC,
    App,
    Trade,
)

from topicwire import WsRouteService
from topicwire.testing import InProcessClient

CLOSED = {
    "type": "trades.closed",
    "payload": {
        "topic": AAPL_TOPIC,
        "code": "producer_failed",
        "message": "The topic's producer has ended. It is being started again.",
        "retry": True,
    },
}


class MortalService(WsRouteService):
    """Gives a future for each start, which the test ends as it likes."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.lives: list[asyncio.Future[None]] = []
        self.feeds: list[Callable[[Any], None]] = []
        self.start_gate: asyncio.Event | None = None
        self.stop_gate: asyncio.Event | None = None
        self.start_error: Exception | None = None
        self.first: Trade | None = None
        self.state: Callable[[], Trade | None] = lambda: None

    async def create_topic(
        self, topic: str, topic_update: Callable[[Trade], None]
    ) -> asyncio.Future[None]:
        assert topic == AAPL_TOPIC
        self.calls.append("create")
        if self.first is not None:
            topic_update(self.first)
        if self.start_gate is not None:
            await self.start_gate.wait()
        if self.start_error is not None:
            raise self.start_error
        self.feeds.append(topic_update)
        self.lives.append(asyncio.get_running_loop().create_future())
        return self.lives[-1]

    async def remove_topic(self, topic: str) -> None:
        assert topic == AAPL_TOPIC
        self.calls.append("remove")
        if self.stop_gate is not None:
            await self.stop_gate.wait()

    def get_snapshot(self, topic: str) -> Trade | None:
        assert topic == AAPL_TOPIC
        return self.state()

    def die(self) -> None:
        self.lives[-1].set_exception(OSError("the exchange hung up"))

    def end(self) -> None:
        self.lives[-1].set_result(None)


def reset(seq: int, epoch: str, *, snapshot: bool = False) -> dict[str, Any]:
    payload: dict[str, Any] = {
        "topic": AAPL_TOPIC,
        "epoch": epoch,
        "seq": seq,
        "reason": "producer_restarted",
    }
    if snapshot:
        payload["snapshot"] = True
    return {"type": "trades.reset", "payload": payload}


async def restarts(app: App, service: MortalService, client: InProcessClient, starts: int) -> None:
    """Let time pass until the service has been started so often."""
    async with asyncio.timeout(10):
        while service.calls.count("create") < starts:
            app.clock.advance(1)
            await client.request("ping")
