"""The present state of a topic, between the reply and the first update."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from packages.topicwire.tests.trading import (
    AAPL,
    AAPL_TOPIC,
    App,
    DrivenService,
    Trade,
    TradesRequest,
    trades,
    update,
)

from topicwire import DeclarationError, WsRouter, by_symbol
from topicwire.testing import connect


def snapshot(topic: str, seq: int, price: float) -> dict[str, Any]:
    message = update(topic, seq, price)
    message["payload"]["snapshot"] = True
    return message


class StatefulService(DrivenService):
    """Knows the price of each topic, and tells each change."""

    def __init__(self) -> None:
        super().__init__()
        self.prices: dict[str, float] = {}
        self.asked: list[str] = []
        self.on_asked: Callable[[str], None] = lambda _: None

    def change(self, topic: str, price: float) -> None:
        self.prices[topic] = price
        self.feeds[topic](Trade(price=price))

    def get_snapshot(self, topic: str) -> Trade | None:
        self.asked.append(topic)
        self.on_asked(topic)
        price = self.prices.get(topic)
        return None if price is None else Trade(price=price)


async def test_a_second_subscriber_sees_the_state_at_once() -> None:
    """pitfall 23: reply (seq N), snapshot (seq N), then N + 1."""
    service = StatefulService()
    app = App(trades(service))
    async with connect(app.asgi) as first, connect(app.asgi) as second:
        assert (await first.subscribe("trades", AAPL))["seq"] == 0
        for price in (1, 2):
            service.change(AAPL_TOPIC, price)
        assert await first.settle() == [update(AAPL_TOPIC, n, float(n)) for n in (1, 2)]
        reply = await second.subscribe("trades", AAPL)
        assert (reply["seq"], "recovered" in reply) == (2, False)
        service.change(AAPL_TOPIC, 3)
        assert await second.settle() == [snapshot(AAPL_TOPIC, 2, 2.0), update(AAPL_TOPIC, 3, 3.0)]
        assert await first.settle() == [update(AAPL_TOPIC, 3, 3.0)]
    assert app.adapter.metrics.snapshots_sent == 1


async def test_the_state_includes_what_came_during_the_start() -> None:
    service = StatefulService()
    service.first = Trade(price=1)
    service.prices[AAPL_TOPIC] = 1
    app = App(trades(service))
    async with connect(app.asgi) as client:
        assert (await client.subscribe("trades", AAPL))["seq"] == 1
        assert await client.settle() == [snapshot(AAPL_TOPIC, 1, 1.0)]


async def test_without_a_state_there_is_only_the_reply() -> None:
    service = StatefulService()
    service.first = Trade(price=1)
    app = App(trades(service))
    async with connect(app.asgi) as client:
        assert (await client.subscribe("trades", AAPL))["seq"] == 0
        assert await client.settle() == [update(AAPL_TOPIC, 1, 1.0)]


async def test_who_is_recovered_gets_no_snapshot_and_who_is_not_does() -> None:
    service = StatefulService()
    app = App(trades(service, linger_s=5))
    async with connect(app.asgi) as client:
        reply = await client.subscribe("trades", AAPL)
        seen = {"epoch": reply["epoch"], "seq": 0}
        service.change(AAPL_TOPIC, 1)
        await client.settle()
        await client.unsubscribe("trades", AAPL)
        service.change(AAPL_TOPIC, 2)
        assert (await client.subscribe("trades", AAPL, resume=seen))["recovered"] is True
        assert await client.settle() == [update(AAPL_TOPIC, n, float(n)) for n in (1, 2)]
        await client.unsubscribe("trades", AAPL)
        reply = await client.subscribe("trades", AAPL, resume={"epoch": "old", "seq": 0})
        assert (reply["recovered"], reply["seq"]) == (False, 2)
        assert await client.settle() == [snapshot(AAPL_TOPIC, 2, 2.0)]


@pytest.mark.parametrize("wrong", [OSError("disk at 10.1.2.3"), {"price": "x"}, 7])
async def test_a_state_that_cannot_be_had_fails_the_subscription(
    wrong: Any, caplog: pytest.LogCaptureFixture
) -> None:
    service = StatefulService()
    app = App(trades(service))

    def get_snapshot(topic: str) -> Any:
        del topic
        if isinstance(wrong, Exception):
            raise wrong
        return wrong

    service.get_snapshot = get_snapshot  # type: ignore[method-assign]  # before it is included
    app = App(trades(service))
    async with connect(app.asgi) as client:
        assert await client.subscribe("trades", AAPL) == {
            "status": "error",
            "message": "The topic could not be started",
            "topic": AAPL_TOPIC,
            "code": "producer_failed",
        }
        await app.idle()
        assert (service.count("create"), service.count("remove")) == (1, 1)
        assert (await client.unsubscribe("trades", AAPL))["code"] == "not_subscribed"
        assert app.adapter.metrics.subscriptions == 0
    assert caplog.text.count("get_snapshot failed") == 1
    assert app.adapter.metrics.snapshots_failed == 1


async def test_a_state_that_is_too_large_fails_the_subscription(
    caplog: pytest.LogCaptureFixture,
) -> None:
    service = StatefulService()
    service.prices[AAPL_TOPIC] = 1
    app = App(trades(service), max_update_bytes=5)
    async with connect(app.asgi) as client:
        assert (await client.subscribe("trades", AAPL))["code"] == "producer_failed"
    assert "at most 5 are allowed" in caplog.text


async def test_one_state_of_several_that_fails_leaves_none() -> None:
    service = StatefulService()

    def fail(topic: str) -> None:
        if "IBM" in topic:
            raise OSError

    service.on_asked = fail
    app = App(
        WsRouter[TradesRequest, Trade](
            route="multi", service=service, linger_s=0, topic_builder=by_symbol("symbols")
        )
    )
    async with connect(app.asgi) as client:
        reply = await client.subscribe("multi", {"symbols": ["AAPL", "IBM"]})
        assert (reply["code"], "IBM" in reply["topic"]) == ("producer_failed", True)
        await app.idle()
        assert (service.count("create"), service.count("remove")) == (2, 2)
        assert await client.settle() == []


async def test_a_state_read_while_reading_it_publishes_is_read_again() -> None:
    service = StatefulService()
    app = App(trades(service))

    def catch_up(topic: str) -> None:
        if len(service.asked) == 1:
            service.change(topic, 5)

    service.on_asked = catch_up
    async with connect(app.asgi) as client:
        assert (await client.subscribe("trades", AAPL))["seq"] == 1
        assert await client.settle() == [snapshot(AAPL_TOPIC, 1, 5.0)]


async def test_a_state_that_never_rests_fails_the_subscription(
    caplog: pytest.LogCaptureFixture,
) -> None:
    service = StatefulService()
    service.on_asked = lambda topic: service.change(topic, len(service.asked))
    app = App(trades(service))
    async with connect(app.asgi) as client:
        assert (await client.subscribe("trades", AAPL))["code"] == "producer_failed"
        assert await client.settle() == []
    assert "each time that it is called (3 times in a row)" in caplog.text


async def test_what_reading_another_topics_state_publishes_follows_the_snapshot() -> None:
    service = StatefulService()
    app = App(
        WsRouter[TradesRequest, Trade](
            route="multi", service=service, linger_s=0, topic_builder=by_symbol("symbols")
        )
    )

    def move_the_first(topic: str) -> None:
        service.prices.setdefault(service.asked[0], 1.0)
        if topic != service.asked[0]:
            for price in range(2, 2002):  # more than is held back for those who wait for a start
                service.change(service.asked[0], price)

    service.on_asked = move_the_first
    async with connect(app.asgi) as client:
        reply = await client.subscribe("multi", {"symbols": ["AAPL", "IBM"]})
        got = [one["payload"] for one in await client.settle()]
        assert reply["seq"] == got[0]["seq"] == 0
        assert got[0]["snapshot"] is True
        assert [one["seq"] for one in got[1:]] == list(range(1, 2001))


async def test_the_last_update_is_the_state_where_the_route_says_so() -> None:
    router = trades(snapshot="last")
    app = App(router)
    async with connect(app.asgi) as first, connect(app.asgi) as second:
        await first.subscribe("trades", AAPL)
        router.publish(AAPL_TOPIC, Trade(price=1))
        assert await first.settle() == [update(AAPL_TOPIC, 1, 1.0)]
        await second.subscribe("trades", AAPL)
        assert await second.settle() == [snapshot(AAPL_TOPIC, 1, 1.0)]
    await app.idle()
    router.publish(AAPL_TOPIC, Trade(price=2))
    async with connect(app.asgi) as third:
        await third.subscribe("trades", AAPL)
        assert await third.settle() == [snapshot(AAPL_TOPIC, 2, 2.0)]


async def test_a_last_update_that_was_missed_is_no_state() -> None:
    """Without a ring a topic is not followed while nobody holds it."""
    router = trades(snapshot="last", replay=None)
    app = App(router)
    async with connect(app.asgi) as client:
        await client.subscribe("trades", AAPL)
        router.publish(AAPL_TOPIC, Trade(price=1))
        await client.unsubscribe("trades", AAPL)
        await app.idle()
        router.publish(AAPL_TOPIC, Trade(price=2))
        await client.settle()
        assert (await client.subscribe("trades", AAPL))["seq"] == 2
        assert await client.settle() == []


async def test_snapshots_do_not_count_against_the_queue() -> None:
    service = StatefulService()
    service.prices[AAPL_TOPIC] = 1
    app = App(trades(service), max_queue_bytes=400)
    async with connect(app.asgi) as client:
        client.stall()
        await client.send({"type": "trades.subscribe", "payload": AAPL, "id": 1})
        client.resume()
        assert (await client.receive())["payload"]["status"] == "ok"
        assert await client.settle() == [snapshot(AAPL_TOPIC, 0, 1.0)]


class Slow(DrivenService):
    async def get_snapshot(self, topic: str) -> None:
        del topic


def test_declarations_that_cannot_hold_are_refused() -> None:
    with pytest.raises(
        DeclarationError, match=r"get_snapshot of Slow.* is a coroutine.*full_state"
    ):
        trades(Slow())
    with pytest.raises(DeclarationError, match="full_state of route 'trades' is str"):
        trades(full_state="yes")
    with pytest.raises(DeclarationError, match="has two snapshots"):
        trades(StatefulService(), snapshot="last")
    with pytest.raises(DeclarationError, match="snapshot of route 'trades' is 'first'"):
        trades(snapshot="first")
