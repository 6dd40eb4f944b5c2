"""A new numbering at a rate, while the state is read and others receive the new updates already."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from packages.topicwire.tests.hub.test_later_snapshot import LaterService, later
from packages.topicwire.tests.hub.test_numbering_lost import TOPIC
from packages.topicwire.tests.trading import AAPL, AAPL_TOPIC, App, Trade

from topicwire import drop_oldest, latest
from topicwire.testing import InProcessClient, connect

PACED = [
    pytest.param(latest(max_rate_hz=1), id="latest"),
    pytest.param(drop_oldest(max_rate_hz=1), id="drop_oldest"),
]


async def numbers(client: InProcessClient) -> list[Any]:
    """The numbers of updates, and the names of what else has come."""
    return [
        one["payload"]["seq"]
        if one["type"] == "trades.update" and "snapshot" not in one["payload"]
        else one["type"].partition(".")[2]
        for one in await client.settle()
    ]


async def lose(app: App, service: LaterService) -> asyncio.Event:
    """Lose the numbering. Returns what lets the state be read that its subscribers wait for."""
    gate = service.gate = asyncio.Event()
    service.being_asked.clear()
    app.hub.backplane.lose(TOPIC)
    await service.being_asked.wait()
    service.gate = asyncio.Event()
    service.gate.set()  # whoever joins has it at once
    return gate


@pytest.mark.parametrize("asks_again", [True, False])
@pytest.mark.parametrize("delivery", PACED)
async def test_what_the_rate_holds_back_for_others_is_sent_once_and_after_the_reset(
    delivery: Any,
    asks_again: bool,  # noqa: FBT001 - by name
) -> None:
    service = LaterService()
    service.gate.set()
    service.price = 1
    app = App(later(service, delivery=delivery))
    async with connect(app.asgi) as suspended, connect(app.asgi) as joined:
        before = await suspended.subscribe("trades", AAPL)
        service.feeds[AAPL_TOPIC](Trade(price=1))
        app.clock.advance(1)
        await suspended.settle()
        state = await lose(app, service)
        await joined.subscribe("trades", AAPL)
        for price in range(2, 5):
            service.feeds[AAPL_TOPIC](Trade(price=price))
        if asks_again:
            again = await suspended.subscribe("trades", AAPL)
            assert (again["epoch"], again["seq"]) == (before["epoch"], 1)
        assert await numbers(suspended) == []
        state.set()
        found = await numbers(suspended)
        assert found[:2] == ["reset", "update"]
        service.feeds[AAPL_TOPIC](Trade(price=5))
        for _ in range(5):
            app.clock.advance(1)
            found += await numbers(suspended)
        assert found[2:] == sorted(set(found[2:]))
        assert found[-1] == 4
        assert await numbers(joined)
