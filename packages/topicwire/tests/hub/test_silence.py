"""A topic that promised a rate and is silent: counted, logged once, and told by the reply."""

from __future__ import annotations

import asyncio

import pytest
from packages.topicwire.tests.hub.mortal import CLOSED, MortalService, restarts
from packages.topicwire.tests.hub.test_wildcards import ALL_SPORTS, news
from packages.topicwire.tests.trading import (
    AAPL,
    AAPL_TOPIC,
    IBM,
    IBM_TOPIC,
    App,
    DrivenService,
    Trade,
    trades,
)

from topicwire import DeclarationError
from topicwire.testing import connect


async def test_a_silent_topic_is_stale_though_its_socket_lives(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """pitfall 26"""
    service = DrivenService()
    app = App(trades(service, stale_after_s=5.0))
    metrics = app.adapter.metrics
    async with connect(app.asgi) as client:
        assert (await client.subscribe("trades", AAPL))["stale_after_s"] == 5.0
        await client.subscribe("trades", IBM)
        app.clock.advance(4)
        service.feeds[AAPL_TOPIC](Trade(price=1))
        app.clock.advance(4)
        assert metrics.topics_stale == 1
        assert f"{IBM_TOPIC} is stale" in caplog.text
        app.clock.advance(100)
        assert metrics.topics_stale == 2
        assert len(caplog.records) == 2
        await client.request("ping")
        service.feeds[IBM_TOPIC](Trade(price=1))
        assert metrics.topics_stale == 1
        app.clock.advance(4.9)
        assert metrics.topics_stale == 1
        app.clock.advance(0.2)
        assert metrics.topics_stale == 2
        assert len(caplog.records) == 3
    await app.idle()
    assert metrics.topics_stale == 0
    assert app.adapter.metrics.routes["trades"].topics_stale == 0


async def test_what_nobody_wants_is_not_watched() -> None:
    service = DrivenService()
    app = App(trades(service, stale_after_s=5.0, linger_s=60.0))
    metrics = app.adapter.metrics
    async with connect(app.asgi) as client:
        await client.subscribe("trades", AAPL)
        app.clock.advance(6)
        assert metrics.topics_stale == 1
        await client.unsubscribe("trades", AAPL)
        assert metrics.topics_stale == 0
        app.clock.advance(6)
        assert metrics.topics_stale == 0
        await client.subscribe("trades", AAPL)
        app.clock.advance(4)
        assert metrics.topics_stale == 0
        app.clock.advance(2)
        assert metrics.topics_stale == 1


@pytest.mark.parametrize("updates_from", ["producer", "application"])
async def test_a_restart_that_fails_when_all_have_left_is_not_watched(updates_from: str) -> None:
    service = MortalService()
    app = App(trades(service, stale_after_s=5.0, updates_from=updates_from, replay=None))
    metrics = app.adapter.metrics
    async with connect(app.asgi) as client, connect(app.asgi) as other:
        await client.subscribe("trades", AAPL)
        service.start_gate = asyncio.Event()
        service.die()
        assert await client.receive() == CLOSED
        await restarts(app, service, other, 2)
        await client.unsubscribe("trades", AAPL)
        service.start_error = OSError("the exchange is closed")
        service.start_gate.set()
        await app.idle()
        app.clock.advance(6)
        assert metrics.topics_stale == 0


async def test_no_promise_no_alarm() -> None:
    app = App(trades(DrivenService()))
    async with connect(app.asgi) as client:
        assert "stale_after_s" not in await client.subscribe("trades", AAPL)
        app.clock.advance(1_000)
        assert app.adapter.metrics.topics_stale == 0


async def test_a_pattern_promises_nothing() -> None:
    app = App(news(stale_after_s=5.0))
    async with connect(app.asgi) as client:
        assert "stale_after_s" not in await client.subscribe("news", ALL_SPORTS)
        literal = await client.subscribe("news", {"category": "sports", "symbol": "AAPL"})
        assert literal["stale_after_s"] == 5.0


@pytest.mark.parametrize("promised", [0, -1.0, float("inf"), float("nan")])
def test_a_promise_is_a_time(promised: float) -> None:
    with pytest.raises(DeclarationError, match="stale_after_s of route 'trades'"):
        trades(stale_after_s=promised)
