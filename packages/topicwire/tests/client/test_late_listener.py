"""A listener that joins a subscription where updates are changes, against the real uvicorn."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from packages.topicwire.tests.serving import serving
from packages.topicwire.tests.trading import (
    AAPL_TOPIC,
    App,
    DrivenService,
    Trade,
    TradeRequest,
    trades,
)

from topicwire import lossless, merge
from topicwire.client import Backoff, Client, UpdateInfo
from topicwire.testing.faults import FaultProxy


class Sums(DrivenService):
    """Its updates are to be added up, and its state is their sum."""

    def __init__(self) -> None:
        super().__init__()
        self.sum = 0.0

    def add(self, price: float) -> None:
        self.sum += price
        self.feeds[AAPL_TOPIC](Trade(price=price))

    def get_snapshot(self, topic: str) -> Trade:
        del topic
        return Trade(price=self.sum)


def added(older: Trade, newer: Trade) -> Trade:
    return Trade(price=older.price + newer.price)


class Adder:
    """A listener that knows the sum when it is given the state first, and every change after it."""

    def __init__(self) -> None:
        self.sum: float | None = None
        self.states = 0
        self._heard = asyncio.Event()

    def hear(self, trade: Trade, info: UpdateInfo) -> None:
        if info.snapshot:
            self.states += 1
            self.sum = trade.price
        else:
            assert self.sum is not None, "the state comes first"
            self.sum += trade.price
        self._heard.set()

    async def reaches(self, total: float) -> None:
        async with asyncio.timeout(10):
            while self.sum != total:
                self._heard.clear()
                await self._heard.wait()


@pytest.mark.parametrize("delivery", [lossless(), merge(added), merge(added, max_rate_hz=1)])
async def test_it_has_the_state_and_every_change_of_it(delivery: Any) -> None:
    """pitfall 23"""
    await play(delivery, lambda _: None)


async def test_it_has_them_though_the_connection_is_cut_meanwhile() -> None:
    await play(lossless(), lambda proxy: proxy.links[-1].cut())


async def play(delivery: Any, disturb: Callable[[FaultProxy], object]) -> None:
    service = Sums()
    app = App(trades(service, delivery=delivery, linger_s=5))
    request = TradeRequest(symbol="AAPL")
    async with (
        serving(app.asgi) as url,
        FaultProxy(urlsplit(url).port or 0) as proxy,
        Client(f"ws://127.0.0.1:{proxy.port}/api/v1/ws", backoff=Backoff(base_s=0.0)) as client,
    ):
        route = client.route("trades", TradeRequest, Trade)
        adders = [Adder()]
        await route.subscribe(request, adders[0].hear)
        for number in range(1, 6):
            service.add(number)
            app.clock.advance(1)
            await adders[0].reaches(service.sum)
            adders.append(Adder())
            subscribing = asyncio.ensure_future(route.subscribe(request, adders[-1].hear))
            await asyncio.sleep(0)
            service.add(10 * number)
            disturb(proxy)
            service.add(100 * number)
            await subscribing
            for _ in range(3):
                app.clock.advance(1)
                await asyncio.sleep(0)
            for adder in adders:
                await adder.reaches(service.sum)
        assert [adder.states for adder in adders] == [1] * 6
