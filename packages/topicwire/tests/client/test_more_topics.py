"""A request that has other topics after a reconnection than before, against the real hub."""

from __future__ import annotations

import asyncio

from packages.topicwire.tests.trading import App, Trade, TradeRequest

from topicwire import WsRouter
from topicwire.client import Backoff, Client, UpdateInfo
from topicwire.testing import InProcessConnector
from topicwire.testing.faults import FaultyApp


async def test_a_request_that_has_got_another_topic_goes_on() -> None:
    """What was missed of the topic that it had comes; the other one begins."""
    held = ["trades:one"]

    def topics_of(request: TradeRequest) -> list[str]:
        del request
        return [*held]

    router = WsRouter[TradeRequest, Trade](route="trades", topic_builder=topics_of)
    faulty = FaultyApp(App(router).asgi)
    seen: list[tuple[str, float]] = []
    heard = asyncio.Event()

    def hear(trade: Trade, info: UpdateInfo) -> None:
        seen.append((info.topic, trade.price))
        heard.set()

    connector = InProcessConnector(faulty)
    client = Client("ws://test", connector=connector, backoff=Backoff(base_s=0.0))
    async with client, asyncio.timeout(10):
        route = client.route("trades", TradeRequest, Trade)
        ended = asyncio.get_running_loop().create_future()
        await route.subscribe(TradeRequest(symbol="AAPL"), hear, on_error=ended.set_exception)
        held.append("trades:two")
        faulty.links[-1].cut()
        router.publish("trades:one", Trade(price=1))
        hearing = asyncio.ensure_future(heard.wait())
        await asyncio.wait([hearing, ended], return_when=asyncio.FIRST_COMPLETED)
        assert not ended.done()
        heard.clear()
        router.publish("trades:two", Trade(price=2))
        await heard.wait()
    assert seen == [("trades:one", 1), ("trades:two", 2)]
