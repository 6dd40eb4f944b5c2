"""The TypeScript client against the real server, over real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from packages.topicwire.tests.serving import serving
from packages.topicwire.tests.trading import AAPL_TOPIC, App, Trade, trades

from tests.clients.typescript import bundle, typescript_client
from topicwire import Rejected, WsRouteService
from topicwire.testing.faults import FaultProxy
from topicwire.types import Principal


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bundle(tmp_path_factory.mktemp("driver"))


def updates(told: list[list[object]]) -> list[object]:
    return [one[2] for one in told if one[0] == "update"]


def port_of(url: str) -> int:
    port = urlsplit(url).port
    assert port is not None
    return port


async def test_every_update_comes_once_and_in_order_whatever_is_cut(driver: Path) -> None:
    router = trades()
    async with (
        serving(App(router).asgi) as url,
        FaultProxy(port_of(url)) as proxy,
        typescript_client(driver, f"ws://127.0.0.1:{proxy.port}/api/v1/ws") as client,
    ):
        await client.subscribe("tape", "AAPL")
        seen: list[object] = []
        for first in range(1, 41, 4):
            router.publish(AAPL_TOPIC, Trade(price=first))
            seen += updates(await client.until("update", "tape", first, False))
            router.publish(AAPL_TOPIC, Trade(price=first + 1))
            proxy.links[-1].cut(reset=first % 8 == 1)
            for price in (first + 2, first + 3):
                router.publish(AAPL_TOPIC, Trade(price=price))
            told = await client.until("update", "tape", first + 3, False)
            assert ["status", "reconnecting"] in told
            assert not [one for one in told if one[0] in {"gap", "error"}]
            seen += updates(told)
        assert seen == [*range(1, 41)]


class MortalService(WsRouteService):
    """Its producer runs until the test ends it."""

    def __init__(self) -> None:
        self.updates: list[Callable[[Trade], None]] = []
        self.ends: list[asyncio.Event] = []
        self.started = asyncio.Event()

    async def create_topic(
        self, topic: str, topic_update: Callable[[Trade], None]
    ) -> asyncio.Task[None]:
        assert topic == AAPL_TOPIC
        self.updates.append(topic_update)
        self.ends.append(asyncio.Event())
        self.started.set()
        return asyncio.create_task(self._produce(self.ends[-1]))

    async def _produce(self, end: asyncio.Event) -> None:
        await end.wait()

    async def remove_topic(self, topic: str) -> None:
        assert topic == AAPL_TOPIC


async def test_a_topic_whose_producer_died_is_stale_until_it_runs_again(driver: Path) -> None:
    """pitfall 26"""
    service = MortalService()
    app = App(trades(service, snapshot="last"))
    async with serving(app.asgi) as url, typescript_client(driver, url) as client:
        await client.subscribe("tape", "AAPL")
        service.updates[0](Trade(price=1))
        await client.until("update", "tape", 1, False)
        service.started.clear()
        service.ends[0].set()
        await client.until("stale", "tape", True)
        while not service.started.is_set():
            app.clock.advance(0.5)
            await asyncio.sleep(0)
        told = await client.until("stale", "tape", False)
        assert told[0] == ["gap", "tape", "producer_restarted"]
        service.updates[1](Trade(price=2))
        await client.until("update", "tape", 2, False)


async def test_a_server_that_drains_is_left_for_the_next(driver: Path) -> None:
    router = trades()
    app = App(router)
    async with serving(app.asgi) as url:
        pass
    async with typescript_client(driver, url) as client:
        async with serving(app.asgi, port=port_of(url)):
            await client.subscribe("tape", "AAPL")
        await client.until("status", "reconnecting")
        router = trades()
        async with serving(App(router).asgi, port=port_of(url)):
            await client.subscribe("more", "AAPL")
            router.publish(AAPL_TOPIC, Trade(price=7))
            told = await client.until("update", "more", 7, False)
            assert not [one for one in told if one[0] == "error"]


async def test_a_denied_subscription_says_why_and_is_not_asked_for_again(driver: Path) -> None:
    """pitfall 22"""
    asked: list[str] = []

    def nobody(principal: Principal, request: object, topic: str) -> None:
        del principal, request
        asked.append(topic)
        raise Rejected("Not for you")

    async with (
        serving(App(trades(authorize=nobody)).asgi) as url,
        FaultProxy(port_of(url)) as proxy,
        typescript_client(driver, f"ws://127.0.0.1:{proxy.port}/api/v1/ws") as client,
    ):
        client.do("subscribe", "tape", "AAPL")
        await client.until("refused", "subscribe", "forbidden")
        assert asked == [AAPL_TOPIC]
