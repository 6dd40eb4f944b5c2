"""Who looks on disturbs nobody."""

from __future__ import annotations

import pytest
from packages.topicwire.tests.trading import AAPL, Trade, TradeRequest
from starlette.applications import Starlette

from topicwire import FastWSAdapter, WsRouter
from topicwire.testing import connect
from topicwire.types import Direction


async def test_an_observer_that_raises_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    seen: list[str] = []

    def observe(adapter: FastWSAdapter, direction: Direction, message: str) -> None:
        del adapter, direction
        seen.append(message)
        raise LookupError("of the observer")

    adapter = FastWSAdapter(title="Trading", version="1", observe=observe)
    adapter.include_router(WsRouter[TradeRequest, Trade](route="trades", linger_s=0))
    app = Starlette()
    adapter.setup(app)
    async with connect(app) as client:
        for _ in range(2):
            assert (await client.subscribe("trades", AAPL))["status"] == "ok"
    assert len(seen) == len(["hello", *["subscribe", "reply"] * 2])
    assert caplog.text.count("an observer of Trading failed") == 1
    assert "of the observer" in caplog.text
