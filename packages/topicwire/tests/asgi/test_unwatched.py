"""pitfall 13: an update that nobody watches costs next to nothing, and delays nobody."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Any, ClassVar

from packages.topicwire.tests.asgi.calls import calls_of
from packages.topicwire.tests.trading import AAPL, AAPL_TOPIC, IBM_TOPIC, App, TradeRequest
from pydantic import BaseModel, model_serializer

from topicwire import WsRouter
from topicwire.testing import connect

ALLOWED = {
    *("<lambda>", "setprofile"),  # the test's own
    *("publish", "_publish", "isinstance", "get", "get_ident", "isEnabledFor", "wants"),
}


class Tick(BaseModel):
    price: float

    encoded: ClassVar[int] = 0

    @model_serializer
    def encode(self) -> dict[str, Any]:
        Tick.encoded += 1
        return {"price": self.price}


def ticks(**options: Any) -> WsRouter[TradeRequest, Tick]:
    return WsRouter[TradeRequest, Tick](route="trades", linger_s=0, **options)


async def test_pitfall_13_what_nobody_watches_is_not_encoded() -> None:
    """pitfall 13"""
    router = ticks()
    app = App(router)
    async with connect(app.asgi) as client:
        await client.subscribe("trades", AAPL)
        before = Tick.encoded
        for _ in range(3):
            router.publish(IBM_TOPIC, Tick(price=0))
        assert Tick.encoded == before
        router.publish(AAPL_TOPIC, Tick(price=1))
        assert Tick.encoded == before + 1
        assert [one["payload"]["seq"] for one in await client.settle()] == [1]
    assert app.adapter.metrics.updates_unwatched == 3


async def test_pitfall_13_what_nobody_watches_leaves_nothing_to_do() -> None:
    """pitfall 13: no task, no timer, no numbering, nothing to be sent"""
    router = ticks()
    app = App(router)
    async with connect(app.asgi) as client:
        await client.subscribe("trades", AAPL)
        await client.settle()
        loop: Any = asyncio.get_running_loop()
        before = (asyncio.all_tasks(), len(loop._ready), len(loop._scheduled), app.clock.alarms)
        for number in range(100):
            router.publish(IBM_TOPIC + str(number), Tick(price=0))
        after = (asyncio.all_tasks(), len(loop._ready), len(loop._scheduled), app.clock.alarms)
        assert after == before
        assert len(app.hub.backplane) == 1
        assert len(app.hub._topics) == 1
        assert app.adapter.metrics.queue_bytes == (0, 0)


async def test_pitfall_13_what_nobody_watches_costs_the_same_whoever_is_there() -> None:
    """pitfall 13: a handful of calls, each of them known: none that waits or looks at others"""
    router = ticks()
    app = App(router)
    tick = Tick(price=0)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(connect(app.asgi))  # from now on there is a thread
        router.publish(IBM_TOPIC, tick)  # the logger remembers its level
        alone = calls_of(lambda: router.publish(IBM_TOPIC, tick))
        assert set(alone) <= ALLOWED
        assert len(alone) <= 12
        for _ in range(20):
            client = await stack.enter_async_context(connect(app.asgi))
            for number in range(10):
                await client.subscribe("trades", {"symbol": f"S{number}"})
        assert app.adapter.metrics.subscriptions == 200
        assert calls_of(lambda: router.publish(IBM_TOPIC, tick)) == alone
