"""The present state for who subscribes to what its connection receives already."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from packages.topicwire.tests.hub.mortal import CLOSED, MortalService, reset, restarts
from packages.topicwire.tests.hub.policies import TOPIC, Line, Lines, fill_the_socket, seen
from packages.topicwire.tests.hub.test_snapshot import StatefulService, snapshot
from packages.topicwire.tests.trading import (
    AAPL,
    AAPL_TOPIC,
    IBM_TOPIC,
    App,
    Trade,
    TradesRequest,
    trades,
    update,
)

from topicwire import WsRouter, WsRouteService, by_symbol, drop_oldest, latest, lossless, merge
from topicwire.testing import InProcessClient, connect
from topicwire.types import TopicId


class Book(WsRouteService):
    """Its state is as many changes as have been published."""

    def __init__(self) -> None:
        self.lines: Lines | None = None
        self.size = 0
        self.while_read: Callable[[], object] = lambda: None

    async def create_topic(self, topic: str, topic_update: Callable[[Line], None]) -> None:
        del topic, topic_update

    async def remove_topic(self, topic: str) -> None:
        del topic

    def get_snapshot(self, topic: str) -> Line:
        del topic
        self.while_read()
        assert self.lines is not None
        parts = list(range(self.size))
        return Line(key="*", value=self.lines.published, parts=parts)


def book(delivery: Any = None, **options: Any) -> Lines:
    service = options.setdefault("service", Book())
    lines = service.lines = Lines(delivery, updates_from="application", **options)
    return lines


def joined(older: Line, newer: Line) -> Line:
    parts = [*(older.parts or [older.value]), *(newer.parts or [newer.value])]
    return Line(key=newer.key, value=newer.value, parts=parts)


def parts(message: dict[str, Any]) -> list[int]:
    line = Line(**message["payload"]["payload"])
    return line.parts or [line.value]


async def ask_again(client: InProcessClient) -> None:
    """Subscribe again without waiting for the answer, of which nothing else tells."""
    await client.send({"type": "lines.subscribe", "payload": {}})
    for _ in range(8):
        await asyncio.sleep(0)


async def test_it_comes_with_the_reply_and_between_its_updates() -> None:
    """pitfall 23: reply (seq N), snapshot (seq N), then N + 1."""
    service = StatefulService()
    app = App(trades(service))
    async with connect(app.asgi) as client, connect(app.asgi) as other:
        for one in (client, other):
            await one.subscribe("trades", AAPL)
        service.change(AAPL_TOPIC, 1)
        assert await client.settle() == [update(AAPL_TOPIC, 1, 1.0)]
        reply = await client.subscribe("trades", AAPL)
        assert (reply["message"], reply["seq"]) == ("Already subscribed", 1)
        assert (reply["snapshot"], "recovered" in reply) == (True, False)
        service.change(AAPL_TOPIC, 2)
        assert await client.settle() == [snapshot(AAPL_TOPIC, 1, 1.0), update(AAPL_TOPIC, 2, 2.0)]
        assert await other.settle() == [update(AAPL_TOPIC, n, float(n)) for n in (1, 2)]
        assert app.adapter.metrics.snapshots_sent == 1
        assert app.adapter.metrics.subscriptions == 2


@pytest.mark.parametrize(
    ("delivery", "before", "after"),
    [
        (lossless(), ["1sent", "2A", "3B", "4A"], ["5A", "6B", "7A"]),
        (latest("key"), ["1sent", "3B", "4A"], ["6B", "7A"]),
        (latest("key", "closed"), ["1sent", "3B", "4A"], ["6B", "7A"]),
        (drop_oldest(2), ["1sent", "3B", "4A"], ["6B", "7A"]),
        (merge(joined), ["1sent", "4A"], ["7A"]),
    ],
)
async def test_nothing_after_it_is_one_with_what_waits_before_it(
    delivery: Any, before: list[str], after: list[str]
) -> None:
    lines = book(delivery)
    async with connect(lines.app.asgi) as client:
        await client.subscribe("lines", {})
        await client.settle()
        await fill_the_socket(lines, client)
        for key in "ABA":
            lines.publish(key)
        await ask_again(client)
        for key in "ABA":
            lines.publish(key)
        client.resume()
        messages = await client.settle()
        assert seen(messages) == [*before, "lines.subscribe.response", "4*", *after]
        reply, state = messages[len(before) : len(before) + 2]
        assert (reply["payload"]["seq"], reply["payload"]["snapshot"]) == (4, True)
        assert (state["payload"]["snapshot"], parts(state)) == (True, [4])
        if delivery == merge(joined):
            assert [parts(messages[1]), parts(messages[-1])] == [[2, 3, 4], [5, 6, 7]]


@pytest.mark.parametrize(
    ("delivery", "before", "after"),
    [
        (latest("key", max_rate_hz=2), ["1A", "2B", "3A"], ["5B"]),
        (drop_oldest(max_rate_hz=2), ["1A", "2B", "3A"], ["4B", "5B"]),
        (merge(joined, max_rate_hz=2), ["1A", "3A"], ["5B"]),
    ],
)
async def test_what_a_rate_holds_back_goes_before_it(
    delivery: Any, before: list[str], after: list[str]
) -> None:
    lines = book(delivery)
    async with connect(lines.app.asgi) as client, connect(lines.app.asgi) as other:
        for one in (client, other):
            await one.subscribe("lines", {})
            await one.settle()
        for key in "ABA":
            lines.publish(key)
        assert seen(await other.settle()) == ["1A"]
        await client.send({"type": "lines.subscribe", "payload": {}})
        assert seen(await client.settle()) == [*before, "lines.subscribe.response", "3*"]
        for key in "BB":
            lines.publish(key)
        seen_later = []
        for _ in range(4):
            lines.app.clock.advance(0.5)
            seen_later += seen(await client.settle())
        assert seen_later == after


async def test_marked_updates_keep_their_places_around_it() -> None:
    lines = book(latest("key", "closed"))
    async with connect(lines.app.asgi) as client:
        await client.subscribe("lines", {})
        await client.settle()
        await fill_the_socket(lines, client)
        for _ in range(2):
            lines.publish("A", closed=True)
            lines.publish("A")
            if lines.published == 3:
                await ask_again(client)
        client.resume()
        told = seen(await client.settle())
        assert told == ["1sent", "2A", "3A", "lines.subscribe.response", "3*", "4A", "5A"]


async def test_each_of_several_topics_has_its_own() -> None:
    service = StatefulService()
    app = App(
        WsRouter[TradesRequest, Trade](
            route="trades", service=service, topic_builder=by_symbol("symbols"), linger_s=0
        )
    )
    a, b, c = (f'trades:{{"symbol":"{name}"}}' for name in "ABC")
    async with connect(app.asgi) as client:
        await client.subscribe("trades", {"symbols": ["A", "B"]})
        service.change(b, 1)
        assert await client.settle() == [update(b, 1, 1.0)]
        service.prices[c] = 9
        # another request that shares a topic: it is not joined again, but its state is sent
        reply = await client.subscribe("trades", {"symbols": ["B", "C"]})
        places = [(one["topic"], one["seq"], one.get("snapshot")) for one in reply["topics"]]
        assert (reply["message"], places) == ("Subscribed", [(b, 1, True), (c, 0, True)])
        assert await client.settle() == [snapshot(b, 1, 1.0), snapshot(c, 0, 9.0)]
        reply = await client.subscribe("trades", {"symbols": ["A", "B"]})
        places = [(one["topic"], one["seq"], one.get("snapshot")) for one in reply["topics"]]
        assert places == [(a, 0, False), (b, 1, True)]
        assert await client.settle() == [snapshot(b, 1, 1.0)]


async def test_who_is_recovered_gets_none_and_who_is_not_does() -> None:
    service = StatefulService()
    app = App(trades(service))
    async with connect(app.asgi) as client:
        reply = await client.subscribe("trades", AAPL)
        service.change(AAPL_TOPIC, 1)
        await client.settle()
        seen_there = {"epoch": reply["epoch"], "seq": 0}
        again = await client.subscribe("trades", AAPL, resume=seen_there)
        assert (again["recovered"], again["snapshot"]) == (True, False)
        assert await client.settle() == []
        again = await client.subscribe("trades", AAPL, resume={"epoch": "old", "seq": 0})
        assert (again["recovered"], again["seq"], again["snapshot"]) == (False, 1, True)
        assert await client.settle() == [snapshot(AAPL_TOPIC, 1, 1.0)]


@pytest.mark.parametrize("options", [{"full_state": True}, {"delivery": latest()}])
async def test_where_each_update_is_the_whole_state_there_is_none(options: Any) -> None:
    service = StatefulService()
    app = App(trades(service, **options))
    async with connect(app.asgi) as client:
        await client.subscribe("trades", AAPL)
        service.change(AAPL_TOPIC, 1)
        await client.settle()
        reply = await client.subscribe("trades", AAPL)
        assert (reply["full_state"], "snapshot" in reply) == (True, False)
        assert await client.settle() == []


async def test_a_topic_that_is_interrupted_promises_none_and_its_reset_brings_it() -> None:
    service = MortalService()
    service.state = lambda: Trade(price=7)
    app = App(trades(service))
    async with connect(app.asgi) as client:
        await client.subscribe("trades", AAPL)
        service.feeds[-1](Trade(price=1))
        await client.settle()
        service.die()
        assert await client.settle() == [CLOSED]
        reply = await client.subscribe("trades", AAPL)
        assert (reply["seq"], reply["snapshot"]) == (1, False)
        await restarts(app, service, client, 2)
        told, state = await client.settle()
        assert told == reset(0, told["payload"]["epoch"], snapshot=True)
        assert state == snapshot(AAPL_TOPIC, 0, 7.0)


async def test_what_the_application_feeds_has_none_while_its_service_is_dead() -> None:
    """Its `reset` goes on with the numbering and brings no state, so it is to be asked again."""
    service = MortalService()
    service.state = lambda: Trade(price=7)
    router = trades(service, updates_from="application")
    app = App(router)
    async with connect(app.asgi) as client:
        epoch = (await client.subscribe("trades", AAPL))["epoch"]
        await client.settle()
        service.die()
        assert await client.settle() == [CLOSED]
        reply = await client.subscribe("trades", AAPL)
        assert (reply["status"], reply["code"]) == ("error", "producer_failed")
        router.publish(AAPL_TOPIC, Trade(price=1))
        await restarts(app, service, client, 2)
        assert await client.settle() == [update(AAPL_TOPIC, 1, 1.0), reset(1, epoch)]
        assert (await client.subscribe("trades", AAPL))["snapshot"] is True
        assert await client.settle() == [snapshot(AAPL_TOPIC, 1, 7.0)]


async def test_while_a_lost_numbering_is_not_told_yet_there_is_none() -> None:
    service = MortalService()
    service.state = lambda: Trade(price=7)
    app = App(trades(service))
    async with connect(app.asgi) as client:
        before = await client.subscribe("trades", AAPL)
        await client.settle()
        service.die()
        assert await client.settle() == [CLOSED]
        app.hub.backplane.lose(TopicId("trades", AAPL_TOPIC))
        reply = await client.subscribe("trades", AAPL)
        assert (reply["epoch"], reply["snapshot"]) == (before["epoch"], False)


async def test_its_bytes_do_not_count_and_the_next_command_waits_for_them() -> None:
    service = Book()
    lines = book(service=service, max_queue_bytes=1_000)
    async with connect(lines.app.asgi) as client:
        await client.subscribe("lines", {})
        await client.settle()
        service.size = 500
        client.stall()
        for _ in range(4):
            await ask_again(client)
        # the first, one that the socket has, and one that waits and is larger than what may
        assert lines.metrics.snapshots_sent == 3
        lines.publish()
        client.resume()
        reply = "lines.subscribe.response"
        expected = [reply, "0*", reply, "0*", "1", reply, "1*", reply, "1*"]
        assert seen([await client.receive() for _ in expected]) == expected


async def test_a_state_that_cannot_be_had_is_an_error_and_ends_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    service = StatefulService()
    app = App(trades(service))

    def fails(_: str) -> None:
        raise OSError("disk at 10.1.2.3")

    async with connect(app.asgi) as client:
        await client.subscribe("trades", AAPL)
        service.on_asked = fails
        reply = await client.subscribe("trades", AAPL)
        assert (reply["status"], reply["code"]) == ("error", "producer_failed")
        assert reply["topic"] == AAPL_TOPIC
        service.change(AAPL_TOPIC, 1)
        assert await client.settle() == [update(AAPL_TOPIC, 1, 1.0)]
        assert app.adapter.metrics.snapshots_failed == 1
    assert "get_snapshot failed" in caplog.text


@pytest.mark.parametrize("delivery", [lossless(), merge(joined, max_rate_hz=2)])
async def test_what_is_published_while_it_is_read_goes_before_it(delivery: Any) -> None:
    service = Book()
    lines = book(delivery, service=service)
    async with connect(lines.app.asgi) as client:
        await client.subscribe("lines", {})
        await client.settle()
        left = [1, 1]

        def once() -> None:
            if left:
                left.pop()
                lines.publish()

        service.while_read = once
        await client.send({"type": "lines.subscribe", "payload": {}})
        assert seen(await client.settle()) == ["1", "2", "lines.subscribe.response", "2*"]
        service.while_read = lines.publish
        reply = await client.subscribe("lines", {})
        assert (reply["code"], reply["topic"]) == ("producer_failed", TOPIC)


async def test_a_state_that_moves_another_topic_of_the_request_is_read_anew() -> None:
    service = StatefulService()
    app = App(
        WsRouter[TradesRequest, Trade](
            route="trades", service=service, topic_builder=by_symbol("symbols"), linger_s=0
        )
    )
    a, b = (f'trades:{{"symbol":"{name}"}}' for name in "AB")
    async with connect(app.asgi) as client:
        await client.subscribe("trades", {"symbols": ["A", "B"]})
        service.prices |= {a: 0, b: 0}

        def moves(topic: str) -> None:
            if topic == b and service.prices[a] == 0:
                service.change(a, 5)

        service.on_asked = moves
        request = {"type": "trades.subscribe", "payload": {"symbols": ["A", "B"]}}
        await client.send(request)
        first, reply, *states = await client.settle()
        assert first == update(a, 1, 5.0)
        assert [one["seq"] for one in reply["payload"]["topics"]] == [1, 0]
        assert states == [snapshot(a, 1, 5.0), snapshot(b, 0, 0.0)]


async def test_unsubscribing_sends_no_state() -> None:
    service = StatefulService()
    service.prices |= {AAPL_TOPIC: 1, IBM_TOPIC: 2}
    app = App(trades(service))
    async with connect(app.asgi) as client:
        await client.subscribe("trades", AAPL)
        assert await client.settle() == [snapshot(AAPL_TOPIC, 0, 1.0)]
        reply = await client.unsubscribe("trades", AAPL)
        assert "snapshot" not in reply
        assert await client.settle() == []
