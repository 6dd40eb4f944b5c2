"""The writer of a connection: a client that is slow, stalled or gone, and whom it disturbs."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from packages.topicwire.tests.hub.sockets import Writes
from packages.topicwire.tests.trading import (
    AAPL,
    AAPL_TOPIC,
    App,
    DrivenService,
    Trade,
    trades,
    update,
)

from topicwire import WsRouter
from topicwire.close_codes import SLOW_CONSUMER
from topicwire.hub.writer import MAX_SENDS_IN_A_ROW
from topicwire.testing import connect
from topicwire.types import TopicId


async def test_a_client_that_takes_no_byte_is_given_up() -> None:
    service = DrivenService()
    app = App(trades(service), send_timeout_s=30)
    async with connect(app.asgi) as client:
        await client.subscribe("trades", AAPL)
        client.stall()
        service.feeds[AAPL_TOPIC](Trade(price=1))
        await asyncio.sleep(0)
        app.clock.advance(29.9)
        assert app.adapter.metrics.connections == 1
        app.clock.advance(0.1)
        await app.idle()
        assert app.adapter.metrics.connections == 0
        assert app.adapter.metrics.sends_timed_out == 1
        assert (await client.wait_closed()).code == 1006
    assert service.count("remove") == 1


async def test_a_client_that_reads_late_but_in_time_is_kept() -> None:
    service = DrivenService()
    app = App(trades(service), send_timeout_s=30)
    async with connect(app.asgi) as client:
        await client.subscribe("trades", AAPL)
        for seq in range(1, 4):
            client.stall()
            service.feeds[AAPL_TOPIC](Trade(price=seq))
            await asyncio.sleep(0)
            app.clock.advance(20)
            client.resume()
            assert await client.settle() == [update(AAPL_TOPIC, seq, float(seq))]
        app.clock.advance(100)
        assert await client.settle() == []


class PublishingHandler(logging.Handler):
    """Sends every record to the clients of a route, as a page of logs would."""

    def __init__(self, router: WsRouter[Any, Any]) -> None:
        super().__init__()
        self.router = router
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())
        self.router.publish(AAPL_TOPIC, {"price": -1})


@pytest.fixture
def publishing() -> Iterator[PublishingHandler]:
    handler = PublishingHandler(trades())
    logger = logging.getLogger("topicwire")
    logger.addHandler(handler)
    yield handler
    logger.removeHandler(handler)


async def test_a_warning_about_a_slow_client_may_be_published_itself(
    publishing: PublishingHandler,
) -> None:
    app = App(publishing.router, max_queue_bytes=1_000)
    async with connect(app.asgi) as slow, connect(app.asgi) as neighbour:
        await slow.subscribe("trades", AAPL)
        await neighbour.subscribe("trades", AAPL)
        slow.stall()
        seen = 0
        while not app.adapter.metrics.slow_consumers:
            publishing.router.publish(AAPL_TOPIC, Trade(price=1))
            seen += len(await neighbour.settle())
        assert [message.split("slow")[1][0] for message in publishing.messages] == [":"]
        rest = [*await neighbour.settle()]
        assert seen + len(rest) == app.hub.held(TopicId("trades", AAPL_TOPIC)).audience.seq
        slow.resume()
        assert (await slow.wait_closed()).code == SLOW_CONSUMER


async def test_it_is_published_after_the_update_in_whose_fan_out_it_was_noticed(
    publishing: PublishingHandler,
) -> None:
    app = App(publishing.router, max_queue_bytes=1_000)
    async with connect(app.asgi) as slow, connect(app.asgi) as neighbour:
        await slow.subscribe("trades", AAPL)
        await neighbour.subscribe("trades", AAPL)
        slow.stall()
        received = []
        while not publishing.messages:
            publishing.router.publish(AAPL_TOPIC, Trade(price=1))
            received += [one["payload"]["seq"] for one in await neighbour.settle()]
        received += [one["payload"]["seq"] for one in await neighbour.settle()]
        assert received == list(range(1, len(received) + 1))
        slow.resume()


async def test_a_debug_line_may_be_published_itself(
    publishing: PublishingHandler, caplog: pytest.LogCaptureFixture
) -> None:
    app = App(publishing.router)
    async with connect(app.asgi) as client:
        await client.subscribe("trades", AAPL)
        with caplog.at_level(logging.DEBUG, "topicwire"):
            publishing.router.publish(AAPL_TOPIC, Trade(price=1))
        assert publishing.messages == [f"publish: topic {AAPL_TOPIC}, subscribers 1"]
        assert await client.settle() == [
            update(AAPL_TOPIC, 1, -1.0),
            update(AAPL_TOPIC, 2, 1.0),
        ]


class Served:
    """One connection of a server that the test plays itself."""

    def __init__(self, app: App) -> None:
        self.to_app: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.from_app: asyncio.Queue[Any] = asyncio.Queue()
        self.to_app.put_nowait({"type": "websocket.connect"})
        self.task = asyncio.get_running_loop().create_task(
            app.adapter.endpoint(
                {"type": "websocket", "subprotocols": []}, self.to_app.get, self.from_app.put
            )
        )

    async def subscribe(self) -> None:
        text = json.dumps({"type": "trades.subscribe", "payload": AAPL})
        self.to_app.put_nowait({"type": "websocket.receive", "text": text})
        assert (await self.from_app.get())["type"] == "websocket.accept"
        assert "Subscribed" in (await self.from_app.get())["text"]


async def test_publishing_while_the_server_cancels_a_connection_reaches_its_neighbours() -> None:
    router = trades()
    app = App(router)
    served = Served(app)
    await served.subscribe()
    async with connect(app.asgi) as neighbour:
        await neighbour.subscribe("trades", AAPL)
        served.task.cancel()
        router.publish(AAPL_TOPIC, Trade(price=1))
        assert await neighbour.settle() == [update(AAPL_TOPIC, 1, 1.0)]
    await asyncio.wait([served.task])
    assert served.task.cancelled()


async def test_a_burst_to_a_legacy_client_lets_others_run(direct: Writes | None) -> None:
    router = trades()
    app = App(router)
    served = Served(app)
    await served.subscribe()
    for price in range(1_000):
        router.publish(AAPL_TOPIC, Trade(price=price))
    sizes = [served.from_app.qsize()]
    while sizes[-1] < 1_000:
        await asyncio.sleep(0)
        sizes.append(served.from_app.qsize())
    steps = [after - before for before, after in pairwise(sizes)]
    if direct is None:
        assert max(steps) == MAX_SENDS_IN_A_ROW
    else:
        assert direct.count == 2  # system calls, of 64 KiB at most: nobody is kept waiting
    served.to_app.put_nowait({"type": "websocket.disconnect", "code": 1000})
    await served.task
