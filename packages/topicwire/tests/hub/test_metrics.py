"""What is counted, by route and in all."""

from __future__ import annotations

import json
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packages.topicwire.tests.trading import (
    AAPL,
    AAPL_TOPIC,
    IBM,
    IBM_TOPIC,
    App,
    Trade,
    TradeRequest,
    trades,
)

from topicwire import OperationRouter, Rejected, WsRouter
from topicwire.hub.metrics import APPLICATION_CODE, LAG_BOUNDS_S, Histogram, Metrics, RouteMetrics
from topicwire.testing import connect
from topicwire.types import ErrorCode


@given(st.lists(st.floats(0, 100)))
def test_a_histogram_counts_what_a_list_would(values: list[float]) -> None:
    histogram = Histogram()
    for value in values:
        histogram.observe(value)
    assert histogram.count == len(values)
    assert histogram.total_s == pytest.approx(sum(values))
    for number, bound in enumerate(LAG_BOUNDS_S):
        assert sum(histogram.counts[: number + 1]) == sum(value <= bound for value in values)


def test_a_total_is_the_sum_over_the_routes() -> None:
    metrics = Metrics()
    metrics.include("trades", RouteMetrics(updates_sent=2, recovered=1))
    metrics.include("quotes", RouteMetrics(updates_sent=3))
    assert (metrics.updates_sent, metrics.recovered, metrics.updates_dropped) == (5, 1, 0)
    numbers = metrics.as_dict()
    assert numbers["updates_sent"] == 5
    assert numbers["routes"]["quotes"]["updates_sent"] == 3


def test_codes_of_an_application_are_one() -> None:
    metrics = RouteMetrics()
    for code in ("forbidden", "market_closed", "no_such_book"):
        metrics.refuse(code)
    assert metrics.refusals == {"forbidden": 1, APPLICATION_CODE: 2}


@pytest.mark.anyio
async def test_each_route_counts_its_own() -> None:
    router, other = trades(), WsRouter[TradeRequest, Trade](route="quotes")
    app = App(router)
    app.adapter.include_router(other)
    async with connect(app.asgi) as client:
        await client.subscribe("trades", AAPL)
        router.publish(AAPL_TOPIC, Trade(price=1))
        router.publish(AAPL_TOPIC, Trade(price=2))
        other.publish("quotes:nobody", Trade(price=3))
        frames = await client.settle()
        own, others = (app.adapter.metrics.routes[name] for name in ("trades", "quotes"))
        assert (own.updates_published, own.updates_sent, own.subscriptions) == (2, 2, 1)
        assert (own.topics, own.commands, len(frames)) == (1, 1, 2)
        assert (others.updates_published, others.updates_unwatched, others.updates_sent) == (
            1,
            1,
            0,
        )
        assert app.adapter.metrics.updates_published == 3
        assert own.bytes_sent > 2 * len(AAPL_TOPIC)
    assert (own.subscriptions, app.adapter.metrics.connections) == (0, 0)
    assert app.adapter.metrics.connections_accepted == 1


@pytest.mark.anyio
async def test_refusals_are_counted_by_route_and_code() -> None:
    router = trades()
    operations = OperationRouter(prefix="orders.")

    @operations.send("place", reply="place.response")
    async def place() -> int:
        raise Rejected("closed", code="market_closed")

    app = App(router)
    app.adapter.include_router(operations)
    async with connect(app.asgi) as client:
        await client.unsubscribe("trades", AAPL)
        await client.request("trades.subscribe", {"symbol": 1})
        await client.request("orders.place", {})
        await client.request("orders.cancel", {})
        await client.send("{")
        await client.receive()
    metrics = app.adapter.metrics
    assert metrics.routes["trades"].refusals == {"not_subscribed": 1, "validation_error": 1}
    assert metrics.routes["orders"].refusals == {APPLICATION_CODE: 1}
    assert metrics.refusals == {"no_matching_type": 1, "invalid_json": 1}


def test_every_code_of_the_protocol_is_counted_as_itself() -> None:
    metrics = Metrics()
    for code in get_args(ErrorCode):
        metrics.refuse(code)
    assert set(metrics.refusals) == set(get_args(ErrorCode))


@pytest.mark.anyio
async def test_what_waits_is_read_when_it_is_asked_for() -> None:
    router = trades()
    app = App(router)
    async with connect(app.asgi) as slow, connect(app.asgi) as other:
        await slow.subscribe("trades", AAPL)
        await other.subscribe("trades", AAPL)
        slow.stall()
        for price in range(3):
            router.publish(AAPL_TOPIC, Trade(price=price))
            await other.settle()
        waiting = app.adapter.metrics.queue_bytes
        assert waiting.total == waiting.largest > 0
        slow.resume()
        await slow.settle()
    assert app.adapter.metrics.queue_bytes == (0, 0)


@pytest.mark.anyio
async def test_what_a_client_missed_waits_too() -> None:
    router = trades()
    app = App(router)
    metrics = app.adapter.metrics
    async with connect(app.asgi) as slow, connect(app.asgi) as other:
        await slow.subscribe("trades", IBM)
        reply = await slow.subscribe("trades", AAPL)
        for price in range(100):
            router.publish(AAPL_TOPIC, Trade(price=price))
            await slow.settle()
        await slow.unsubscribe("trades", AAPL)
        slow.stall()
        router.publish(IBM_TOPIC, Trade(price=0))  # under way: what follows waits
        await other.settle()
        resume = {"epoch": reply["epoch"], "seq": 0}
        await slow.send({"type": "trades.subscribe", "payload": AAPL, "resume": resume})
        while not metrics.updates_replayed:
            await other.settle()
        waiting = metrics.queue_bytes
        slow.resume()
        missed = [one for one in await slow.settle() if one["payload"].get("seq", 0) > 0][-100:]
        assert [one["payload"]["seq"] for one in missed] == [*range(1, 101)]
        size = sum(len(json.dumps(one, separators=(",", ":"))) for one in missed)
        assert waiting.total == waiting.largest > size
    assert metrics.queue_bytes == (0, 0)


@pytest.mark.anyio
async def test_the_lag_is_that_of_the_oldest_message_of_a_flush() -> None:
    router = trades()
    app = App(router)
    async with connect(app.asgi) as slow, connect(app.asgi) as other:
        await slow.subscribe("trades", AAPL)
        await slow.settle()
        before = app.adapter.metrics.send_lag.total_s
        slow.stall()
        router.publish(AAPL_TOPIC, Trade(price=1))
        await other.settle()
        app.clock.advance(1)
        router.publish(AAPL_TOPIC, Trade(price=2))
        router.publish(AAPL_TOPIC, Trade(price=3))
        app.clock.advance(2)
        slow.resume()
        await slow.settle()
        lag = app.adapter.metrics.send_lag.total_s - before
    assert lag == pytest.approx(3 + 2)


@pytest.mark.anyio
async def test_what_waits_when_a_connection_ends_is_abandoned() -> None:
    router = trades()
    app = App(router)
    async with connect(app.asgi) as slow, connect(app.asgi) as other:
        await slow.subscribe("trades", AAPL)
        slow.stall()
        for price in range(3):
            router.publish(AAPL_TOPIC, Trade(price=price))
            await other.settle()
        await slow._to_app.put({"type": "websocket.disconnect", "code": 1006})
        while app.adapter.metrics.connections > 1:
            await other.settle()
    # the first was with the server, which never said that it was sent
    assert app.adapter.metrics.updates_sent == 3
    assert app.adapter.metrics.updates_abandoned == 2


@pytest.mark.anyio
async def test_what_is_replayed_behind_a_reply_that_does_not_fit_is_abandoned() -> None:
    router = trades()
    app = App(router, max_queue_bytes=300)
    metrics = app.adapter.metrics
    async with connect(app.asgi) as slow, connect(app.asgi) as other:
        await slow.subscribe("trades", AAPL)
        start = await other.subscribe("trades", IBM)
        for price in range(3):
            router.publish(IBM_TOPIC, Trade(price=price))
            await other.settle()
        slow.stall()
        published = 0
        while metrics.queue_bytes.largest < 300:
            router.publish(AAPL_TOPIC, Trade(price=1))
            published += 1
            await other.settle()
        resume = {"epoch": start["epoch"], "seq": 0}
        await slow.send({"type": "trades.subscribe", "payload": IBM, "resume": resume})
        while not metrics.slow_consumers:
            await other.settle()
        slow.resume()
        await slow.wait_closed()
    assert (metrics.recovered, metrics.updates_replayed) == (1, 3)
    assert metrics.updates_abandoned == published - 1 + 3  # one was with the server


@pytest.mark.anyio
async def test_a_slow_client_is_counted_where_it_was_too_slow() -> None:
    router = trades()
    app = App(router, max_queue_bytes=300)
    async with connect(app.asgi) as slow, connect(app.asgi) as other:
        await slow.subscribe("trades", AAPL)
        slow.stall()
        while not app.adapter.metrics.slow_consumers:
            router.publish(AAPL_TOPIC, Trade(price=1))
            await other.settle()
        assert app.adapter.metrics.routes["trades"].slow_consumers == 1
        assert app.adapter.metrics.closes == {4008: 1}
        slow.resume()
        await slow.wait_closed()
    metrics = app.adapter.metrics
    assert metrics.updates_published == metrics.updates_sent
    assert metrics.updates_abandoned > 0


@pytest.mark.anyio
async def test_a_flush_that_begins_with_a_reply_counts_its_update_s_lag_for_the_route() -> None:
    router, orders = trades(), WsRouter[TradeRequest, Trade](route="orders")
    app = App(router, orders)
    async with connect(app.asgi) as slow, connect(app.asgi) as other:
        await slow.subscribe("trades", AAPL)
        await slow.settle()
        slow.stall()
        router.publish(AAPL_TOPIC, Trade(price=1))
        await other.settle()
        await slow.send({"type": "trades.unsubscribe", "payload": {"symbol": "IBM"}})
        while not app.adapter.metrics.routes["trades"].refusals:
            await other.settle()
        router.publish(AAPL_TOPIC, Trade(price=2))
        app.clock.advance(2)
        slow.resume()
        await slow.settle()
        routes = app.adapter.metrics.routes
    assert routes["trades"].send_lag.total_s == pytest.approx(2 + 2)
    assert (routes["orders"].send_lag.count, app.adapter.metrics.send_lag.count) == (0, 2)
