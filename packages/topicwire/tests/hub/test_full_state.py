"""What the reply says of a route's updates: whole states, or perhaps changes."""

from __future__ import annotations

from typing import Any

import pytest
from packages.topicwire.tests.hub.test_wildcards import ALL_SPORTS, news
from packages.topicwire.tests.trading import App, trades

from topicwire import WsRouter, drop_oldest, latest, lossless
from topicwire.testing import connect


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, None),
        ({"delivery": lossless()}, None),
        ({"delivery": drop_oldest()}, None),
        ({"delivery": latest(key="price")}, None),
        ({"delivery": latest()}, True),
        ({"snapshot": "last"}, True),
        ({"full_state": True}, True),
        ({"full_state": True, "delivery": drop_oldest()}, True),
    ],
)
async def test_the_reply_says_whether_each_update_is_a_whole_state(
    options: dict[str, Any], expected: object
) -> None:
    """pitfall 23"""
    router: WsRouter[Any, Any] = trades(**options)
    app = App(router)
    async with connect(app.asgi) as client:
        for message in ("Subscribed", "Already subscribed"):
            reply = await client.subscribe("trades", {"symbol": "AAPL"})
            assert (reply["message"], reply.get("full_state")) == (message, expected)


async def test_a_pattern_has_no_state() -> None:
    app = App(news(full_state=True))
    async with connect(app.asgi) as client:
        assert "full_state" not in await client.subscribe("news", ALL_SPORTS)
        literal = await client.subscribe("news", {"category": "sports", "symbol": "AAPL"})
        assert literal["full_state"] is True
