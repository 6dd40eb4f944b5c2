"""Who subscribes while an update is being carried gets it once, or its position is after it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from packages.topicwire.tests.trading import (
    AAPL,
    AAPL_TOPIC,
    App,
    DrivenService,
    Trade,
    trades,
    update,
)

from topicwire.testing import InProcessClient, connect


async def subscribed(client: InProcessClient) -> int:
    """Return the position that the reply names."""
    seq: int = (await client.subscribe("trades", AAPL))["seq"]
    return seq


@pytest.mark.parametrize("rests", range(12))
async def test_a_subscriber_that_joins_in_the_middle_of_a_fan_out(rests: int) -> None:
    """trap: a subscriber that joins in the middle of a fan-out slice, at each of its steps"""
    router = trades()
    app = App(router)
    async with (
        connect(app.asgi) as early,
        connect(app.asgi) as late,
        connect(app.asgi) as last,
    ):
        await early.subscribe("trades", AAPL)
        await last.subscribe("trades", AAPL)
        joining = asyncio.get_running_loop().create_task(subscribed(late))
        for _ in range(rests):
            await asyncio.sleep(0)
        for price in range(1, 4):
            router.publish(AAPL_TOPIC, Trade(price=price))
            await asyncio.sleep(0)
        seq = await joining
        expected = [update(AAPL_TOPIC, price, float(price)) for price in range(seq + 1, 4)]
        assert await late.settle() == expected
        for one in (early, last):
            assert len(await one.settle()) == 3


async def test_one_that_subscribes_as_soon_as_another_gets_an_update() -> None:
    """trap: a subscriber that joins in the middle of a fan-out slice: as a reaction to it"""
    router = trades()
    app = App(router)
    joining: list[asyncio.Task[int]] = []

    async with connect(app.asgi) as late:

        def react(_adapter: Any, direction: str, message: str) -> None:
            if direction == "to_client" and '"trades.update"' in message and not joining:
                joining.append(asyncio.get_running_loop().create_task(subscribed(late)))

        app.adapter._observe = react
        async with connect(app.asgi) as early, connect(app.asgi) as watched:
            for one in (early, watched):
                await one.subscribe("trades", AAPL)
            for price in (1, 2):
                router.publish(AAPL_TOPIC, Trade(price=price))
            for one in (early, watched):
                assert [got["payload"]["seq"] for got in await one.settle()] == [1, 2]
            seq = await joining[0]
            router.publish(AAPL_TOPIC, Trade(price=3))
            assert [one["payload"]["seq"] for one in await late.settle()] == list(range(seq + 1, 4))


async def test_one_that_joins_while_its_own_start_publishes() -> None:
    """trap: a subscriber that joins in the middle of a fan-out: during the producer's first one"""
    service = DrivenService()
    service.start_gate = asyncio.Event()
    service.first = Trade(price=1)
    app = App(trades(service))
    async with connect(app.asgi) as first, connect(app.asgi) as second:
        tasks = [asyncio.ensure_future(subscribed(first))]
        await service.started.wait()
        tasks.append(asyncio.ensure_future(subscribed(second)))
        for _ in range(5):
            await asyncio.sleep(0)
        service.start_gate.set()
        for client, seq in zip((first, second), await asyncio.gather(*tasks), strict=True):
            service_updates = [update(AAPL_TOPIC, 1, 1.0)] if seq == 0 else []
            assert await client.settle() == service_updates
