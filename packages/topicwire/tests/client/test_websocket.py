"""The client against the real uvicorn, over real sockets."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import pytest
from packages.topicwire.tests.serving import serving
from packages.topicwire.tests.trading import (
    AAPL_TOPIC,
    App,
    Trade,
    TradeRequest,
    TradesRequest,
    trades,
)
from pydantic import BaseModel
from starlette.applications import Starlette
from typing_extensions import Unpack

from topicwire import Rejected, WsRouter, by_symbol
from topicwire.client import (
    Backoff,
    Client,
    ClientClosedError,
    ClientOptions,
    Gap,
    NoSocketError,
    OfflineError,
    RefusedError,
    Route,
    ServerRefusesError,
    TooSlowError,
    UpdateInfo,
)
from topicwire.client.websocket import WebSocketConnector
from topicwire.testing.faults import FaultProxy
from topicwire.types import Principal

QUICKLY = Backoff(base_s=0.01, max_s=0.05)
AAPL = TradeRequest(symbol="AAPL")


class TradingClient(Client):
    """As a generated one is: the routes are attributes."""

    def __init__(self, url: str, **options: Unpack[ClientOptions]) -> None:
        options.setdefault("backoff", QUICKLY)
        super().__init__(url, **options)
        self.trades: Route[TradeRequest, Trade] = self.route("trades", TradeRequest, Trade)


def port_of(url: str) -> int:
    port = urlsplit(url).port
    assert port is not None
    return port


@asynccontextmanager
async def proxied(url: str) -> AsyncIterator[tuple[FaultProxy, str]]:
    async with FaultProxy(port_of(url)) as proxy:
        yield proxy, f"ws://127.0.0.1:{proxy.port}/api/v1/ws"


async def came(condition: Callable[[], object]) -> None:
    """Wait for what the server has no event of."""
    async with asyncio.timeout(10):
        is_so = condition()
        while not is_so:
            await asyncio.sleep(0)
            is_so = condition()


def nothing(*_: object) -> None:
    """Listen, and do nothing."""


def until(client: Client, status: str) -> asyncio.Future[None]:
    """Return what is done when the client comes to this status."""
    reached: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def look(now: str) -> None:
        if now == status and not reached.done():
            reached.set_result(None)

    client.on_status(look)
    return reached


async def test_a_subscription_gets_its_updates_and_leaves_nothing_behind() -> None:
    router = trades()
    app = App(router)
    before = asyncio.all_tasks()
    async with serving(app.asgi) as url:
        serving_tasks = asyncio.all_tasks()
        async with TradingClient(url) as client:
            taken: asyncio.Queue[tuple[float, int]] = asyncio.Queue()
            subscription = await client.trades.subscribe(
                AAPL, lambda trade, info: taken.put_nowait((trade.price, info.seq))
            )
            assert subscription.topics == (AAPL_TOPIC,)
            router.publish(AAPL_TOPIC, Trade(price=1))
            router.publish(AAPL_TOPIC, Trade(price=2))
            assert [await taken.get(), await taken.get()] == [(1.0, 1), (2.0, 2)]
            await subscription.unsubscribe()
            assert app.adapter.metrics.subscriptions == 0
        await came(lambda: not app.adapter.metrics.connections)
        assert asyncio.all_tasks() <= serving_tasks
    assert asyncio.all_tasks() == before


async def test_a_subscription_resumes_where_the_connection_was_cut() -> None:
    router = trades()
    app = App(router)
    async with (
        serving(app.asgi) as url,
        proxied(url) as (proxy, through),
        TradingClient(through) as client,
    ):
        stream = client.trades.stream(AAPL)
        await until(client, "open")
        await came(lambda: app.adapter.metrics.subscriptions)
        for round_ in range(5):
            first = 4 * round_ + 1
            router.publish(AAPL_TOPIC, Trade(price=first))
            assert (await anext(stream)).price == first
            lost = until(client, "reconnecting")
            proxy.links[-1].cut(reset=round_ % 2 == 0)
            router.publish(AAPL_TOPIC, Trade(price=first + 1))
            await lost
            for price in (first + 2, first + 3):
                router.publish(AAPL_TOPIC, Trade(price=price))
            seen = [(await anext(stream)).price for _ in range(3)]
            assert seen == [first + 1, first + 2, first + 3]


async def test_a_server_that_is_restarted_numbers_anew_and_the_client_is_told() -> None:
    gaps: list[Gap] = []
    router = trades()
    async with serving(App(router).asgi) as url:
        client = TradingClient(url)
        await client.__aenter__()
        stream = client.trades.stream(AAPL, on_gap=gaps.append)
        taken = asyncio.ensure_future(anext(stream))
        await until(client, "open")
        while not taken.done():
            router.publish(AAPL_TOPIC, Trade(price=1))
            await asyncio.sleep(0)
        while (await anext(stream)).price != 2:
            router.publish(AAPL_TOPIC, Trade(price=2))
        lost = until(client, "reconnecting")
    await lost
    router = trades()
    app = App(router)
    async with serving(app.asgi, port=port_of(url)):
        await until(client, "open")
        await came(lambda: app.adapter.metrics.subscriptions)
        router.publish(AAPL_TOPIC, Trade(price=3))
        while (await anext(stream)).price != 3:
            assert gaps == [], "what was published before it was lost is read before the gap"
        assert [gap.reason for gap in gaps] == ["not_recovered"]
        await client.aclose()


async def test_a_denied_subscription_says_why() -> None:
    """checklist 25"""

    def nobody(principal: Principal, request: TradeRequest, topic: str) -> None:
        del principal, topic
        raise Rejected(f"{request.symbol} is not for you")

    async with (
        serving(App(trades(authorize=nobody)).asgi) as url,
        TradingClient(url) as client,
    ):
        with pytest.raises(RefusedError, match="AAPL is not for you") as refused:
            await client.trades.subscribe(AAPL, nothing)
        assert refused.value.code == "forbidden"
        with pytest.raises(RefusedError):
            await anext(client.trades.stream(AAPL))


async def test_a_reader_that_is_too_slow_is_told() -> None:
    router = trades()
    app = App(router)
    async with serving(app.asgi) as url, TradingClient(url) as client:
        stream = client.trades.stream(AAPL, max_buffered=10)
        await came(lambda: app.adapter.metrics.subscriptions)
        for price in range(20):
            router.publish(AAPL_TOPIC, Trade(price=price))
        await came(lambda: not app.adapter.metrics.subscriptions)
        assert [(await anext(stream)).price for _ in range(10)] == [*range(10)]
        with pytest.raises(TooSlowError):
            await anext(stream)


class Order(BaseModel):
    symbol: str
    note: str = ""


class Preview(BaseModel):
    cost: float


async def test_an_operation_is_called_with_models() -> None:
    orders = WsRouter[Order, Order](route="orders")

    @orders.send("preview", reply="preview.response")
    async def preview(payload: Order) -> Preview:
        if payload.symbol == "?":
            raise Rejected("No such symbol", code="unknown_symbol")
        return Preview(cost=len(payload.symbol))

    async with serving(App(orders).asgi) as url, Client(url, backoff=QUICKLY) as client:
        route = client.route("orders", Order, Order)
        assert await route.call("preview", Order(symbol="AAPL"), Preview) == Preview(cost=4)
        with pytest.raises(RefusedError, match="No such symbol") as refused:
            await route.call("preview", Order(symbol="?"), Preview)
        assert refused.value.code == "unknown_symbol"
        with pytest.raises(RefusedError, match="Invalid payload: symbol") as invalid:
            await route.call("preview", {"note": "x"}, Preview)
        assert invalid.value.details[0]["path"] == "symbol"
        with pytest.raises(RefusedError, match="Did you mean"):
            await route.call("previews", None, Preview)


async def test_a_message_that_is_too_large_ends_itself_alone() -> None:
    router = trades()
    async with serving(App(router).asgi) as url, TradingClient(url) as client:
        stream = client.trades.stream(AAPL)
        with pytest.raises(RefusedError, match="closed the connection over a message") as refused:
            await client.trades.call("order", "x" * 70_000, Preview)
        assert refused.value.code == "too_large"
        await until(client, "open")
        taken = asyncio.ensure_future(anext(stream))
        while not taken.done():
            router.publish(AAPL_TOPIC, Trade(price=1))
            await asyncio.sleep(0)
        assert (await taken).price == 1


async def test_an_update_that_is_larger_than_the_client_allows_ends_the_connection_alone() -> None:
    router = trades(replay=None)
    app = App(router)
    gaps: list[Gap] = []
    connector = WebSocketConnector(max_size=1_000)
    async with serving(app.asgi) as url, TradingClient(url, connector=connector) as client:
        subscribing = asyncio.ensure_future(
            client.trades.subscribe(AAPL, nothing, on_gap=gaps.append)
        )
        orders = client.trades.call("order", "x" * 100, Preview)
        with pytest.raises(RefusedError, match="No matching type"):
            await orders
        await subscribing
        lost = until(client, "reconnecting")
        for _ in range(1_000):
            router.publish(AAPL_TOPIC, Trade(price=1))
        await lost
        await came(lambda: gaps)
        assert (gaps[0].reason, gaps[0].seq) == ("not_recovered", 1_000)


async def test_where_nobody_serves_it_is_offline() -> None:
    async with serving(App(trades()).asgi) as url:
        pass
    async with TradingClient(url, timeout_s=0.2) as client:
        with pytest.raises(OfflineError, match="no connection to ws://127"):
            await client.trades.subscribe(AAPL, nothing)
        assert client.status == "reconnecting"


async def test_where_something_else_is_served_it_is_refused() -> None:
    async with serving(Starlette()) as url, TradingClient(url) as client:
        with pytest.raises(ServerRefusesError, match=r"HTTP 403 \(perhaps no WebSocket is served"):
            await client.trades.subscribe(AAPL, nothing)
        assert client.status == "closed"


async def test_a_client_that_is_left_while_it_connects_leaves_nothing() -> None:
    async with serving(App(trades()).asgi) as url:
        before = asyncio.all_tasks()
        async with TradingClient(url) as client:
            asking = asyncio.ensure_future(client.trades.subscribe(AAPL, nothing))
            await asyncio.sleep(0)
        with pytest.raises(ClientClosedError):
            await asking
        assert asyncio.all_tasks() == before


async def test_a_client_that_reads_nothing_is_closed_by_the_server_and_comes_back() -> None:
    router = trades()
    app = App(router, max_queue_bytes=10_000)
    errors: list[str] = []
    async with serving(app.asgi) as url, TradingClient(url) as client:
        client.on_error(lambda error: errors.append(error.code))
        stream = client.trades.stream(AAPL, max_buffered=100_000, on_gap=nothing)
        for _ in range(3):
            await came(lambda: app.adapter.metrics.subscriptions)
            slow = app.adapter.metrics.slow_consumers
            lost = until(client, "reconnecting")
            while app.adapter.metrics.slow_consumers == slow:
                # without a pause, so that nobody can read meanwhile
                router.publish(AAPL_TOPIC, Trade(price=1))
            await lost
        assert errors == ["slow_consumer"]
        await stream.aclose()


async def test_several_topics_and_a_present_state() -> None:
    router = WsRouter[TradesRequest, Trade](
        route="tape", topic_builder=by_symbol("symbols"), snapshot="last"
    )
    ibm, aapl = (f'tape:{{"symbol":"{symbol}"}}' for symbol in ("IBM", "AAPL"))
    async with (
        serving(App(router).asgi) as url,
        Client(url) as earlier,
        Client(url, backoff=QUICKLY) as client,
    ):
        tape = earlier.route("tape", TradesRequest, Trade)
        await tape.subscribe(TradesRequest(symbols=["IBM"]), nothing)
        tape = client.route("tape", TradesRequest, Trade)
        seen: list[tuple[str, int, bool]] = []

        def note(_: Trade, info: UpdateInfo) -> None:
            seen.append((info.topic, info.seq, info.snapshot))

        router.publish(ibm, Trade(price=1))
        both = await tape.subscribe(TradesRequest(symbols=["IBM", "AAPL"]), note)
        assert both.topics == (ibm, aapl)
        router.publish(aapl, Trade(price=2))
        await came(lambda: len(seen) == 2)
        assert seen == [(ibm, 1, True), (aapl, 1, False)]
        # the server has sent this topic already: what it will not repeat, the client has
        async with tape.stream(TradesRequest(symbols=["IBM"])) as late:
            assert (await anext(late)).price == 1
            assert late.info == UpdateInfo(ibm, 1, snapshot=True)
            router.publish(ibm, Trade(price=3))
            assert (await anext(late)).price == 3


async def test_an_option_that_is_wrong_is_told_to_who_asks() -> None:
    connector = WebSocketConnector(ssl=ssl.create_default_context())
    async with TradingClient("ws://127.0.0.1:1", connector=connector) as client:
        with pytest.raises(NoSocketError, match="ValueError: ssl"):
            await client.trades.call("echo", None, Trade)


async def test_an_address_that_is_no_name_is_told_to_who_asks() -> None:
    async with TradingClient("ws://a..b:1", timeout_s=0.05) as client:
        with pytest.raises(OfflineError, match=r"The last attempt: Unicode"):
            await client.trades.call("echo", None, Trade)
