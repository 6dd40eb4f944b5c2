"""The in-process client speaks to the real application."""

from __future__ import annotations

import pytest
from packages.topicwire.tests.trading import AAPL, AAPL_TOPIC, IBM, App, Trade, trades, update
from starlette.applications import Starlette

from topicwire.testing import ConnectionEnded, connect


async def test_an_answer_is_found_behind_updates_which_are_kept() -> None:
    router = trades()
    app = App(router)
    async with connect(app.asgi) as client:
        await client.subscribe("trades", AAPL)
        router.publish(AAPL_TOPIC, Trade(price=1))
        assert (await client.subscribe("trades", IBM))["status"] == "ok"
        router.publish(AAPL_TOPIC, Trade(price=2))
        assert await client.receive() == update(AAPL_TOPIC, 1, 1.0)
        assert await client.settle() == [update(AAPL_TOPIC, 2, 2.0)]


async def test_a_stalled_client_is_closed_and_reads_what_it_had() -> None:
    router = trades()
    app = App(router, max_queue_bytes=1_000)
    async with connect(app.asgi) as client:
        await client.subscribe("trades", AAPL)
        client.stall()
        for price in range(100):
            router.publish(AAPL_TOPIC, Trade(price=price))
        client.resume()
        ended = await client.wait_closed()
        assert (ended.code, ended.reason) == (4008, "slow consumer")
        with pytest.raises(ConnectionEnded, match="4008 slow consumer"):
            await client.receive()


async def test_a_refused_handshake_raises() -> None:
    with pytest.raises(ConnectionEnded):
        async with connect(Starlette()):
            pass


async def test_says_that_nothing_came() -> None:
    app = App(trades())
    async with connect(app.asgi) as client:
        client.timeout_s = 0
        with pytest.raises(TimeoutError):
            await client.receive()
