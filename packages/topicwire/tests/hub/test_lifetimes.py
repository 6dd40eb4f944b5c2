"""A producer's end, whatever its service does: nothing is stuck, and nothing overlaps."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from packages.topicwire.tests.trading import (
    AAPL,
    AAPL_TOPIC,
    IBM,
    App,
    DrivenService,
    Trade,
    TradesRequest,
    trades,
)

from topicwire import WsRouter, WsRouteService
from topicwire.close_codes import SLOW_CONSUMER
from topicwire.hub.hub import CLOSE_PATIENCE
from topicwire.testing import connect
from topicwire.types import Position, TopicId

TIMEOUT_S = 10.0


class Foreign(BaseException):
    """As libraries derive theirs, to pass by `except Exception`."""


class Raising(DrivenService):
    error: BaseException | None = Foreign()

    async def create_topic(self, topic: str, topic_update: Callable[[Trade], None]) -> None:
        await super().create_topic(topic, topic_update)
        if self.error is not None and topic == AAPL_TOPIC:
            raise self.error

    async def remove_topic(self, topic: str) -> None:
        await super().remove_topic(topic)
        if self.error is not None:
            raise self.error


async def test_a_base_exception_of_a_service_is_a_failure_like_any_other() -> None:
    service = Raising()
    app = App(trades(service))
    async with connect(app.asgi) as client:
        for _ in range(2):
            assert (await client.subscribe("trades", AAPL))["code"] == "producer_failed"
            await app.idle()
        await client.subscribe("trades", IBM)
        await client.unsubscribe("trades", IBM)
        await app.idle()
        service.error = None
        assert (await client.subscribe("trades", AAPL))["status"] == "ok"
    await app.idle()
    assert app.adapter.metrics.producers == 0


async def test_a_backplane_that_fails_sticks_no_topic(caplog: pytest.LogCaptureFixture) -> None:
    service = DrivenService()
    app = App(trades(service))
    broken = OSError("the broker is down")
    opens, closes = app.hub.backplane.open, app.hub.backplane.close

    async def fail(topic: TopicId) -> Position:
        del topic
        raise broken

    app.hub.backplane.open = app.hub.backplane.close = fail
    async with connect(app.asgi) as client:
        assert (await client.subscribe("trades", AAPL))["code"] == "producer_failed"
        await app.idle()
        assert service.calls == []
        app.hub.backplane.open = opens
        assert (await client.subscribe("trades", AAPL))["status"] == "ok"
        await client.unsubscribe("trades", AAPL)
        await app.idle()
        app.hub.backplane.close = closes
        assert (await client.subscribe("trades", AAPL))["status"] == "ok"
    assert caplog.text.count("the backplane could not close the topic") == 2


async def test_closing_waits_for_a_stop_that_takes_its_time() -> None:
    service = DrivenService()
    service.stop_gate = asyncio.Event()
    app = App(trades(service), command_timeout_s=TIMEOUT_S)
    async with connect(app.asgi) as client:
        await client.subscribe("trades", AAPL)
        closing = asyncio.get_running_loop().create_task(app.adapter.close())
        await service.stopping.wait()
        app.clock.advance(TIMEOUT_S)
        await closing
    assert app.hub.topics == frozenset()
    assert app.adapter.metrics.producers == 0


class Deaf(WsRouteService):
    """Swallows the cancellation of a timeout, as a bare `except` in a driver does."""

    def __init__(self) -> None:
        self.stopping = asyncio.Event()
        self.cancelled = asyncio.Event()

    async def create_topic(self, topic: str, topic_update: Callable[[Any], None]) -> None:
        pass

    async def remove_topic(self, topic: str) -> None:
        del topic
        self.stopping.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled.set()
        await asyncio.Event().wait()


async def test_closing_cuts_off_what_does_not_end_and_leaves_nothing() -> None:
    service = Deaf()
    app = App(
        WsRouter[TradesRequest, Trade](route="trades", service=service, linger_s=0),
        command_timeout_s=TIMEOUT_S,
    )
    async with connect(app.asgi) as client:
        await client.subscribe("trades", {"symbols": []})
        closing = asyncio.get_running_loop().create_task(app.adapter.close())
        await service.stopping.wait()
        app.clock.advance(TIMEOUT_S)
        await service.cancelled.wait()
        app.clock.advance((CLOSE_PATIENCE - 1) * TIMEOUT_S)
        await closing
    assert app.hub.topics == frozenset()
    assert app.adapter.metrics.producers == 0
    assert len(app.hub._tasks) == 0


class Tasked(WsRouteService):
    """Feeds each topic by a task, and awaits its end itself where it is told to."""

    def __init__(self, *, awaits_it: bool = False) -> None:
        self.log: list[str] = []
        self.tasks: dict[str, asyncio.Task[None]] = {}
        self.awaits_it = awaits_it
        self.end = asyncio.Event()
        self.ending = asyncio.Event()
        self.error: Exception | None = None

    async def create_topic(
        self, topic: str, topic_update: Callable[[Any], None]
    ) -> asyncio.Task[None]:
        del topic_update
        self.log.append("create")
        self.tasks[topic] = asyncio.get_running_loop().create_task(self.feed())
        await asyncio.sleep(0)
        return self.tasks[topic]

    async def feed(self) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            self.ending.set()
            await self.end.wait()
            self.log.append("ended")
            if self.error is not None:
                raise self.error

    async def remove_topic(self, topic: str) -> None:
        self.log.append("remove")
        if self.awaits_it:
            self.end.set()
            self.tasks[topic].cancel()
            await asyncio.wait([self.tasks[topic]])


async def test_a_service_may_end_its_task_itself(caplog: pytest.LogCaptureFixture) -> None:
    app = App(trades(Tasked(awaits_it=True)))
    async with connect(app.asgi) as client:
        await client.subscribe("trades", AAPL)
        await client.unsubscribe("trades", AAPL)
        await app.idle()
    assert app.adapter.metrics.producers_ended == 0
    assert caplog.text == ""


async def test_the_next_start_waits_for_the_end_of_the_task(
    caplog: pytest.LogCaptureFixture,
) -> None:
    service = Tasked()
    service.error = OSError("clean-up failed")
    app = App(trades(service))
    async with connect(app.asgi) as client:
        await client.subscribe("trades", AAPL)
        await client.unsubscribe("trades", AAPL)
        await service.ending.wait()
        again = asyncio.get_running_loop().create_task(client.subscribe("trades", AAPL))
        await asyncio.sleep(0)
        assert service.log == ["create", "remove"]
        service.end.set()
        assert (await again)["status"] == "ok"
        assert service.log == ["create", "remove", "ended", "create"]
        assert "clean-up failed" in caplog.text
        service.error = None
    await app.idle()


async def test_a_task_that_never_ends_is_not_waited_for_ever(
    caplog: pytest.LogCaptureFixture,
) -> None:
    service = Tasked()
    app = App(trades(service), command_timeout_s=TIMEOUT_S)
    async with connect(app.asgi) as client:
        await client.subscribe("trades", AAPL)
        await client.unsubscribe("trades", AAPL)
        await service.ending.wait()
        app.clock.advance(TIMEOUT_S)
        await app.idle()
    assert "does not end, though it was cancelled" in caplog.text
    service.end.set()
    await asyncio.wait(service.tasks.values())


async def test_only_so_many_topics_linger() -> None:
    service = DrivenService()
    app = App(trades(service, linger_s=60.0), max_lingering_topics=3)
    async with connect(app.asgi) as client:
        for depth in range(50):
            request = {**AAPL, "depth": depth}
            await client.subscribe("trades", request)
            await client.unsubscribe("trades", request)
            await client.settle()
        assert app.adapter.metrics.producers == 3
        last = {**AAPL, "depth": 49}
        await client.subscribe("trades", last)
        assert service.count("create") == 50
        await client.subscribe("trades", IBM)
        await client.unsubscribe("trades", IBM)
        await client.settle()
        assert app.adapter.metrics.producers == 4
        await client.unsubscribe("trades", last)
        app.clock.advance(60)
        await app.idle()
    assert service.count("remove") == 51


class Snapshot(WsRouteService):
    """Sends so much before it has started."""

    def __init__(self, *sizes: int) -> None:
        self.sizes = sizes

    def create_topic(self, topic: str, topic_update: Callable[[Any], None]) -> None:
        del topic
        for size in self.sizes:
            topic_update("x" * size)


@pytest.mark.parametrize("sizes", [(60_000,), (70_000,), (30_000,) * 3, (1_000_000, 1_000_000)])
async def test_what_a_start_sends_is_delivered_however_large(sizes: tuple[int, ...]) -> None:
    router = WsRouter[TradesRequest, str](route="words", service=Snapshot(*sizes), linger_s=0)
    app = App(router)
    async with connect(app.asgi) as client:
        reply = await client.subscribe("words", {"symbols": []})
        received = [one["payload"] for one in await client.settle()]
        assert [(one["seq"], len(one["payload"])) for one in received] == list(
            enumerate(sizes, reply["seq"] + 1)
        )
        assert reply["seq"] == 0
        assert app.adapter.metrics.updates_sent == len(sizes)


async def test_a_start_that_sends_more_than_may_wait_is_too_much_for_the_client() -> None:
    router = WsRouter[TradesRequest, str](route="words", service=Snapshot(*[600] * 10), linger_s=0)
    app = App(router, max_queue_bytes=2_000)
    async with connect(app.asgi) as client:
        await client.send({"type": "words.subscribe", "payload": {"symbols": []}})
        assert (await client.wait_closed()).code == SLOW_CONSUMER
    assert app.adapter.metrics.slow_consumers == 1


async def test_an_update_as_large_as_the_bound_reaches_who_has_something_waiting() -> None:
    router = WsRouter[TradesRequest, str](route="words", linger_s=0)
    app = App(router, max_queue_bytes=2_000)
    async with connect(app.asgi) as client:
        topic = (await client.subscribe("words", {"symbols": []}))["topic"]
        router.publish(topic, "small")
        router.publish(topic, "x" * 5_000)
        sizes = [len(one["payload"]["payload"]) for one in await client.settle()]
        assert sizes == [5, 5_000]
