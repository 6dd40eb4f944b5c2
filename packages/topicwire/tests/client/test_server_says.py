"""What a server says of itself and of who may be there: the client against the real uvicorn."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import pytest
from packages.topicwire.tests.client.test_websocket import (
    AAPL,
    TradingClient,
    came,
    nothing,
    port_of,
    until,
)
from packages.topicwire.tests.serving import serving
from packages.topicwire.tests.trading import AAPL_TOPIC, App, Trade, trades
from starlette.applications import Starlette

from topicwire import FastWSAdapter, WsRouterInterface, WsRouteService
from topicwire.client import Gap, RefusedError, ServerRefusesError, UpdateInfo
from topicwire.identity import Handshake
from topicwire.testing import ManualClock
from topicwire.types import Principal

DURATION_S = 60
BOB = "bob 1"


class Names:
    """An authenticator whose tokens are `name expiry`, and which can forget somebody."""

    def __init__(self) -> None:
        self.known = {"ann"}
        self.given = 0

    def token(self) -> str:
        self.given += 1
        return f"ann {time.time() + DURATION_S}"

    def authenticate(self, websocket: Handshake) -> Principal | None:
        return None if websocket.bearer is None else self.authenticate_token(websocket.bearer)

    def authenticate_token(self, token: str) -> Principal | None:
        name, _, expires_at = token.partition(" ")
        return Principal(name, float(expires_at)) if name in self.known else None


class Guarded:
    """An application that lets in whom `Names` knows."""

    def __init__(self, *routers: WsRouterInterface) -> None:
        self.names = Names()
        self.clock = ManualClock()
        self.adapter = FastWSAdapter(
            title="Trading", version="1", authenticate=self.names, clock=self.clock
        )
        for router in routers:
            self.adapter.include_router(router)
        self.asgi = Starlette()
        self.adapter.setup(self.asgi)


async def test_who_has_no_token_is_refused_and_does_not_ask_again() -> None:
    guarded = Guarded(trades())
    async with (
        serving(guarded.asgi) as url,
        TradingClient(url, token=BOB) as client,
    ):
        with pytest.raises(ServerRefusesError) as refused:
            await client.trades.subscribe(AAPL, nothing)
        assert refused.value.code == "unauthenticated"
        assert client.status == "closed"


async def test_a_token_that_expires_is_renewed_in_band_and_nothing_is_missed() -> None:
    router = trades()
    guarded = Guarded(router)
    statuses: list[str] = []
    async with (
        serving(guarded.asgi) as url,
        TradingClient(url, token=guarded.names.token) as client,
    ):
        client.on_status(statuses.append)
        stream = client.trades.stream(AAPL)
        await came(lambda: guarded.adapter.metrics.subscriptions)
        guarded.clock.advance(DURATION_S + 1)
        await came(lambda: guarded.names.given == 2)
        # answered in order: the renewal was taken when this is refused
        with pytest.raises(RefusedError):
            await client.trades.call("other", None, Trade)
        guarded.clock.advance(31)
        router.publish(AAPL_TOPIC, Trade(price=1))
        assert (await anext(stream)).price == 1
    assert statuses == ["open", "closed"]


async def test_a_token_that_expires_and_cannot_be_renewed_ends_the_client() -> None:
    guarded = Guarded(trades())
    async with serving(guarded.asgi) as url:
        errors: list[str] = []
        async with TradingClient(url, token=guarded.names.token()) as client:
            client.on_error(lambda error: errors.append(error.code))
            stream = client.trades.stream(AAPL)
            await came(lambda: guarded.adapter.metrics.subscriptions)
            guarded.clock.advance(DURATION_S + 1)
            await came(lambda: errors)
            guarded.clock.advance(31)
            with pytest.raises(ServerRefusesError, match="the token has expired"):
                await anext(stream)
        assert errors == ["token_expired"]


async def test_the_application_may_give_the_next_token() -> None:
    guarded = Guarded(trades())
    async with (
        serving(guarded.asgi) as url,
        TradingClient(url, token=guarded.names.token()) as client,
    ):
        await client.trades.subscribe(AAPL, nothing)
        await client.authenticate(guarded.names.token())
        with pytest.raises(RefusedError, match="auth: The token is not valid"):
            await client.authenticate(BOB)


class MortalService(WsRouteService):
    """Its producer runs until the test ends it."""

    def __init__(self) -> None:
        self.updates: list[Callable[[Trade], None]] = []
        self.ends: list[asyncio.Event] = []

    async def create_topic(
        self, topic: str, topic_update: Callable[[Trade], None]
    ) -> asyncio.Task[None]:
        del topic
        end = asyncio.Event()
        self.updates.append(topic_update)
        self.ends.append(end)

        async def produce() -> None:
            await end.wait()

        return asyncio.get_running_loop().create_task(produce())

    async def remove_topic(self, topic: str) -> None:
        del topic


async def test_a_topic_whose_producer_died_is_stale_until_it_runs_again() -> None:
    """pitfall 26"""
    service = MortalService()
    app = App(trades(service))
    told: list[object] = []

    def hear(trade: Trade, info: UpdateInfo) -> None:
        told.append((trade.price, info.seq))

    def gap(gap: Gap) -> None:
        told.append(gap.reason)

    def stale(_: str, is_stale: bool) -> None:  # noqa: FBT001 - as a callback is called
        told.append("stale" if is_stale else "fresh")

    async with serving(app.asgi) as url, TradingClient(url) as client:
        subscription = await client.trades.subscribe(AAPL, hear, on_gap=gap, on_stale=stale)
        service.updates[0](Trade(price=1))
        service.ends[0].set()
        await came(lambda: subscription.stale_topics == {AAPL_TOPIC})
        while len(service.updates) == 1:
            app.clock.advance(0.5)
            await asyncio.sleep(0)
        await came(lambda: not subscription.stale_topics)
        service.updates[1](Trade(price=2))
        await came(lambda: (2.0, 1) in told)
    assert told == [(1.0, 1), "stale", "producer_restarted", "fresh", (2.0, 1)]


async def test_a_server_that_drains_is_left_for_the_next_and_nothing_is_refused() -> None:
    first, second = trades(), trades()
    async with serving(App(first).asgi) as url:
        client = TradingClient(url)
        await client.__aenter__()
        stream = client.trades.stream(AAPL, on_gap=nothing)
        await until(client, "open")
    async with serving(App(second).asgi, port=port_of(url)):
        await until(client, "open")
        more = client.trades.stream(AAPL)
        taken = asyncio.ensure_future(anext(more))
        while not taken.done():
            second.publish(AAPL_TOPIC, Trade(price=7))
            await asyncio.sleep(0)
        assert (await taken).price == (await anext(stream)).price == 7
        await client.aclose()
