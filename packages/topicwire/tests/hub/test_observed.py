"""Who looks on sees what is sent, in its order, and changes nothing of how it is sent."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from unittest.mock import patch

from packages.topicwire.tests.hub.sockets import Writes
from packages.topicwire.tests.trading import AAPL, AAPL_TOPIC, App, Trade, trades

from topicwire import FastWSAdapter
from topicwire.hub.direct import DirectSend
from topicwire.testing import InProcessClient, connect


def number(message: dict[str, Any]) -> Any:
    return message.get("payload", {}).get("seq", message["type"])


def to_client(adapter: FastWSAdapter) -> list[Any]:
    """Return a list of what is sent from now on."""
    seen: list[Any] = []

    def observe(_: FastWSAdapter, direction: str, message: str) -> None:
        if direction == "to_client":
            seen.append(number(json.loads(message)))

    adapter._observe = observe
    return seen


async def at_rest() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def all_of(client: InProcessClient, count: int) -> list[Any]:
    return [number(await client.receive()) for _ in range(count)]


async def test_a_client_is_sent_what_is_seen_in_that_order() -> None:
    router = trades()
    app = App(router)
    seen = to_client(app.adapter)
    async with connect(app.asgi) as client:
        await client.subscribe("trades", AAPL)
        await at_rest()
        for _ in range(2):
            router.publish(AAPL_TOPIC, Trade(price=1))
        await at_rest()
        await client.send({"type": "ping"})
        for _ in range(3):
            await asyncio.sleep(0)
            router.publish(AAPL_TOPIC, Trade(price=1))
        got = await all_of(client, 6)
        assert sorted(got, key=str) == [1, 2, 3, 4, 5, "pong"]
        assert seen == ["hello", 0, *got]  # 0: of the reply


async def test_a_client_that_is_behind_is_seen_to_be_sent_what_it_was_not_before() -> None:
    router = trades()
    app = App(router)
    seen = to_client(app.adapter)
    async with connect(app.asgi) as client:
        await client.subscribe("trades", AAPL)
        await at_rest()
        client.stall()
        for _ in range(3):
            router.publish(AAPL_TOPIC, Trade(price=1))
            await at_rest()
        assert seen[2:] == [1]  # it is on its way
        client.resume()
        assert await all_of(client, 3) == [1, 2, 3]
        assert seen[2:] == [1, 2, 3]


async def test_who_looks_on_changes_no_write(direct: Writes | None) -> None:
    counts = []
    for is_observed in (True, False):
        router = trades()
        app = App(router)
        observers = FastWSAdapter.observers if is_observed else []
        assert len(observers) == is_observed
        with patch.object(FastWSAdapter, "observers", observers):
            async with connect(app.asgi) as one, connect(app.asgi, legacy=True) as other:
                for client in (one, other):
                    await client.subscribe("trades", AAPL)
                await at_rest()
                before = direct.count if direct else 0
                for _ in range(2):
                    router.publish(AAPL_TOPIC, Trade(price=1))
                await at_rest()
                counts.append((direct.count if direct else 0) - before)
    assert counts == ([2, 2] if direct else [0, 0])


async def test_where_nobody_looks_on_nothing_is_noted() -> None:
    router = trades()
    app = App(router)
    with (
        patch.object(FastWSAdapter, "observers", []),
        patch.object(DirectSend, "_note", None),
    ):
        async with connect(app.asgi) as client:
            await client.subscribe("trades", AAPL)
            await at_rest()
            router.publish(AAPL_TOPIC, Trade(price=1))
            assert await all_of(client, 1) == [1]


async def test_who_looks_on_may_publish() -> None:
    """Even when as much has gathered as settles everybody: nothing is half done then."""
    router = trades()
    app = App(router, max_queue_bytes=2_000)
    again = [3]

    def observe(_: FastWSAdapter, direction: str, message: str) -> None:
        if direction == "to_client" and '"trades.update"' in message and again[0]:
            again[0] -= 1
            for price in range(3):
                router.publish(AAPL_TOPIC, Trade(price=price))

    app.adapter._observe = observe
    async with connect(app.asgi) as one, connect(app.asgi) as other:
        for client in (one, other):
            await client.subscribe("trades", AAPL)
        await at_rest()
        router.publish(AAPL_TOPIC, Trade(price=1))
        for client in (one, other):
            assert await all_of(client, 10) == list(range(1, 11))
