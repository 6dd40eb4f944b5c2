"""What may be the service of a route, and what it may return."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from packages.topicwire.tests.trading import (
    App,
    Trade,
    TradesRequest,
    update,
)

from topicwire import WsRouter, WsRouteService
from topicwire.testing import connect


class SyncService(WsRouteService):
    """Plain methods; create_topic returns the task that feeds the topic."""

    def __init__(self) -> None:
        self.tasks: dict[str, asyncio.Task[None]] = {}
        self.fail = asyncio.Event()

    def create_topic(
        self, topic: str, topic_update: Callable[[Any], None]
    ) -> asyncio.Task[None] | None:
        self.tasks[topic] = asyncio.get_running_loop().create_task(self.feed(topic_update))
        return self.tasks[topic]

    async def feed(self, topic_update: Callable[[Any], None]) -> None:
        topic_update({"price": 1})
        await self.fail.wait()
        raise RuntimeError("feed broke")


async def test_a_task_it_returns_is_cancelled_with_the_topic() -> None:
    service = SyncService()
    app = App(WsRouter[TradesRequest, Trade](route="trades", service=service, linger_s=0))
    async with connect(app.asgi) as client:
        reply = await client.subscribe("trades", {"symbols": []})
        assert await client.receive() == update(reply["topic"], 1, 1.0)
    await app.idle()
    with pytest.raises(asyncio.CancelledError):
        await service.tasks[reply["topic"]]


async def test_a_task_that_ends_by_itself_is_counted(caplog: pytest.LogCaptureFixture) -> None:
    service = SyncService()
    app = App(WsRouter[TradesRequest, Trade](route="trades", service=service, linger_s=0))
    async with connect(app.asgi) as client:
        reply = await client.subscribe("trades", {"symbols": []})
        service.fail.set()
        await asyncio.wait([service.tasks[reply["topic"]]])
        await client.settle()
    await app.idle()
    assert app.adapter.metrics.producers_ended == 1
    assert "feed broke" in caplog.text


class Duck:
    """A service by its methods alone."""

    def __init__(self) -> None:
        self.topics: set[str] = set()

    def create_topic(self, topic: str, topic_update: Callable[[Trade], None]) -> None:
        topic_update(Trade(price=1))
        self.topics.add(topic)

    def remove_topic(self, topic: str) -> None:
        self.topics.remove(topic)


async def test_a_service_need_not_inherit() -> None:
    service = Duck()
    app = App(WsRouter[TradesRequest, Trade](route="trades", service=service, linger_s=0))
    async with connect(app.asgi) as client:
        reply = await client.subscribe("trades", {"symbols": []})
        assert await client.settle() == [update(reply["topic"], 1, 1.0)]
        assert service.topics == {reply["topic"]}
    await app.idle()
    assert service.topics == set()


class CancelsItself(WsRouteService):
    async def create_topic(self, topic: str, topic_update: Callable[[Any], None]) -> None:
        del topic, topic_update
        inner = asyncio.get_running_loop().create_task(asyncio.Event().wait())
        inner.cancel()
        await inner


async def test_a_cancellation_inside_the_service_is_a_failed_start() -> None:
    app = App(WsRouter[TradesRequest, Trade](route="trades", service=CancelsItself()))
    async with connect(app.asgi) as client:
        assert (await client.subscribe("trades", {"symbols": []}))["code"] == "producer_failed"
