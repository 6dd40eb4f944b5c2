"""The TypeScript client against the real server, over real sockets."""

from __future__ import annotations

import asyncio
from pathlib import Path
from unittest.mock import patch
from urllib.parse import urlsplit

import pytest
from packages.topicwire.tests.client.test_late_listener import Sums
from packages.topicwire.tests.client.test_server_says import (
    BOB,
    DURATION_S,
    Guarded,
    MortalService,
)
from packages.topicwire.tests.serving import serving
from packages.topicwire.tests.trading import AAPL_TOPIC, App, Trade, trades

from tests.clients.typescript import Driver, bundle, typescript_client
from topicwire import Rejected, latest
from topicwire.testing.faults import FaultProxy
from topicwire.types import Principal


@pytest.fixture(scope="module")
def bundled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bundle(tmp_path_factory.mktemp("driver"))


@pytest.fixture(params=["json", "msgpack"])
def driver(bundled: Path, request: pytest.FixtureRequest) -> Driver:
    return Driver(bundled, request.param)


def updates(told: list[list[object]]) -> list[object]:
    return [one[2] for one in told if one[0] == "update"]


def port_of(url: str) -> int:
    port = urlsplit(url).port
    assert port is not None
    return port


async def test_every_update_comes_once_and_in_order_whatever_is_cut(driver: Driver) -> None:
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


async def test_a_topic_whose_producer_died_is_stale_until_it_runs_again(driver: Driver) -> None:
    """pitfall 26"""
    service = MortalService()
    app = App(trades(service, snapshot="last"))
    async with serving(app.asgi) as url, typescript_client(driver, url) as client:
        await client.subscribe("tape", "AAPL")
        service.updates[0](Trade(price=1))
        await client.until("update", "tape", 1, False)
        service.ends[0].set()
        await client.until("stale", "tape", True)
        while len(service.updates) == 1:
            app.clock.advance(0.5)
            await asyncio.sleep(0)
        told = await client.until("stale", "tape", False)
        assert told[0] == ["gap", "tape", "producer_restarted"]
        service.updates[1](Trade(price=2))
        await client.until("update", "tape", 2, False)


async def test_a_server_that_drains_is_left_for_the_next(driver: Driver) -> None:
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


async def test_a_denied_subscription_says_why_and_is_not_asked_for_again(driver: Driver) -> None:
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


async def test_numbers_that_a_policy_leaves_out_are_no_gap(driver: Driver) -> None:
    router = trades(delivery=latest(max_rate_hz=1))
    app = App(router)
    async with serving(app.asgi) as url, typescript_client(driver, url) as client:
        await client.subscribe("quote", "AAPL")
        seen: list[object] = []
        for last in (10, 20, 30):
            for price in range(last - 9, last + 1):
                router.publish(AAPL_TOPIC, Trade(price=price))
            app.clock.advance(1)
            told = await client.until("update", "quote", last, False)
            assert {one[0] for one in told} == {"update"}
            seen += updates(told)
        assert len(seen) < 10


@pytest.mark.parametrize("is_cut", [False, True])
async def test_a_late_listener_has_the_state_and_every_change_of_it(
    driver: Driver,
    is_cut: bool,  # noqa: FBT001 - by name
) -> None:
    """pitfall 23"""
    service = Sums()
    async with (
        serving(App(trades(service, linger_s=5)).asgi) as url,
        FaultProxy(port_of(url)) as proxy,
        typescript_client(driver, f"ws://127.0.0.1:{proxy.port}/api/v1/ws") as client,
    ):
        await client.subscribe("first", "AAPL")
        told = []
        for number, late in enumerate("abc", 1):
            service.add(number)
            told += await client.until("update", "first", number, False)
            client.do("subscribe", late, "AAPL")
            service.add(10 * number)
            if is_cut:
                proxy.links[-1].cut()
            told += await client.until("done", "subscribe", late)
            service.add(100 * number)
            told += await client.until("update", late, 100 * number, False)
        heard = [one[2:] for one in told if one[:2] == ["update", "a"]]
        states = [is_state for _, is_state in heard]
        assert states == [True, *[False] * (len(states) - 1)]
        assert sum(price for price, _ in heard) == service.sum


@pytest.mark.parametrize(
    "driver", ["json", pytest.param("msgpack", marks=pytest.mark.long)], indirect=True
)
async def test_a_token_that_expires_is_renewed_in_band(driver: Driver) -> None:
    router = trades()
    guarded = Guarded(router)
    names = guarded.names
    tokens = names.token(), names.token()
    verified = asyncio.Queue[str]()
    verify = names.authenticate_token

    def note(token: str) -> Principal | None:
        verified.put_nowait(token)
        return verify(token)

    with patch.object(names, "authenticate_token", note):
        async with serving(guarded.asgi) as url, typescript_client(driver, url, *tokens) as client:
            await client.subscribe("tape", "AAPL")
            guarded.clock.advance(DURATION_S + 1)
            assert (await verified.get(), await verified.get()) == tokens
            # the new token counts when a command that came after it is answered
            await client.subscribe("more", "IBM")
            guarded.clock.advance(31)
            router.publish(AAPL_TOPIC, Trade(price=1))
            told = await client.until("update", "tape", 1, False)
            assert not [one for one in told if one[0] in {"status", "error"}]


async def test_a_token_that_nobody_knows_is_refused_once(driver: Driver) -> None:
    guarded = Guarded(trades())
    async with serving(guarded.asgi) as url, typescript_client(driver, url, BOB) as client:
        client.do("subscribe", "tape", "AAPL")
        told = await client.until("refused", "subscribe", "unauthenticated")
        # with a function that gives tokens, one more is tried
        statuses = [one[1] for one in told if one[0] == "status"]
        assert statuses == ["connecting", "open", "reconnecting", "open", "closed"]
