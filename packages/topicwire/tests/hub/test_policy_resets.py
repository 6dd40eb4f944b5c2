"""A new numbering under subscribers that are behind, on routes that do not send every update."""

from __future__ import annotations

from typing import Any

import pytest
from packages.topicwire.tests.hub.mortal import MortalService, restarts
from packages.topicwire.tests.hub.test_numbering_lost import TOPIC
from packages.topicwire.tests.trading import AAPL, App, Trade, trades

from topicwire import drop_oldest, latest, merge
from topicwire.testing import InProcessClient, connect


def newer(older: Trade, update: Trade) -> Trade:
    del older
    return update


POLICIES = [
    pytest.param(latest(), id="latest"),
    pytest.param(latest(max_rate_hz=1), id="latest at a rate"),
    pytest.param(drop_oldest(max_queue=3), id="drop_oldest"),
    pytest.param(merge(newer), id="merge"),
    pytest.param(merge(newer, max_rate_hz=1), id="merge at a rate"),
]


async def seen(client: InProcessClient) -> list[Any]:
    """The prices of updates, and the names of what else has come."""
    messages = await client.settle()
    return [
        one["payload"]["payload"]["price"]
        if one["type"] == "trades.update"
        else one["type"].partition(".")[2]
        for one in messages
    ]


def in_order(found: list[Any], told: list[str]) -> None:
    """Nothing of the old numbering (below 100) follows its reset, nor the new one comes before."""
    assert [one for one in found if isinstance(one, str)] == told
    place = found.index("reset")
    old = [one for one in found[:place] if not isinstance(one, str)]
    new = [one for one in found[place:] if not isinstance(one, str)]
    assert old == sorted(old)
    assert new == sorted(new)
    assert all(one < 100 for one in old)
    assert old[-1] == 9, "the newest of the old ones is sent"
    assert all(one >= 100 for one in new)
    assert new[-1] == 109, "the newest of the new ones is sent"


@pytest.mark.parametrize("delivery", POLICIES)
async def test_a_lost_numbering_parts_old_updates_from_new_ones(delivery: Any) -> None:
    """trap: an epoch change under live subscribers"""
    service = MortalService()
    app = App(trades(service, delivery=delivery))
    async with connect(app.asgi) as client:
        await client.subscribe("trades", AAPL)
        client.stall()
        for price in range(10):
            service.feeds[0](Trade(price=price))
        app.hub.backplane.lose(TOPIC)
        for price in range(100, 110):
            service.feeds[0](Trade(price=price))
        client.resume()
        found = await seen(client)
        app.clock.advance(1)
        in_order(found + await seen(client), ["reset"])


@pytest.mark.parametrize("delivery", POLICIES)
async def test_a_restart_parts_old_updates_from_new_ones(delivery: Any) -> None:
    service = MortalService()
    app = App(trades(service, delivery=delivery))
    async with connect(app.asgi) as client, connect(app.asgi) as other:
        await client.subscribe("trades", AAPL)
        client.stall()
        for price in range(10):
            service.feeds[0](Trade(price=price))
        service.die()
        await other.settle()
        service.first = Trade(price=100)
        await restarts(app, service, other, 2)
        while len(service.feeds) < 2:
            await other.settle()
        for price in range(101, 110):
            service.feeds[1](Trade(price=price))
        client.resume()
        found = await seen(client)
        app.clock.advance(1)
        in_order(found + await seen(client), ["closed", "reset"])
