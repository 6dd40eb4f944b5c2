"""An app that publishes by itself, and a client that comes and goes."""

from __future__ import annotations

from typing import Any

from packages.topicwire.tests.trading import (
    AAPL,
    AAPL_TOPIC,
    App,
    Trade,
    trades,
)

from topicwire.testing import connect


class Published(App):
    """An app whose updates come from `publish`: they go on when nobody is subscribed."""

    def __init__(self, **options: Any) -> None:
        router = trades(**options)
        super().__init__(router)
        self.publish = router.publish


def position(reply: dict[str, Any], seq: int | None = None) -> dict[str, Any]:
    return {"epoch": reply["epoch"], "seq": reply["seq"] if seq is None else seq}


async def first_visit(app: Published, seen: int = 0) -> dict[str, Any]:
    """Subscribe, see some updates, and hang up. Returns the position that was reached."""
    async with connect(app.asgi) as client:
        reply = await client.subscribe("trades", AAPL)
        for price in range(1, seen + 1):
            app.publish(AAPL_TOPIC, Trade(price=price))
        assert len(await client.settle()) == seen
    await app.idle()
    return position(reply, seen)


def app_with(**options: Any) -> Published:
    return Published(**options)
