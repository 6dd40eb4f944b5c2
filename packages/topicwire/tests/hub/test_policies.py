"""What a client that is behind gets, by the policy of its route, and its neighbours everything."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
from packages.topicwire.tests.hub.policies import OTHER, TOPIC, Line, Lines, fill_the_socket, seen
from packages.topicwire.tests.hub.sockets import Writes
from pydantic import BaseModel

from topicwire import WsRouter, WsRouteService, drop_oldest, latest, lossless, merge
from topicwire.close_codes import SLOW_CONSUMER
from topicwire.testing import connect
from topicwire.types import Position


def added(older: Line, newer: Line) -> Line:
    """Both values, in order. It changes what it is given, as it should not."""
    older.parts = [*(older.parts or [older.value]), *(newer.parts or [newer.value])]
    older.value = newer.value
    return older


def fails(older: Line, newer: Line) -> Line:
    raise RuntimeError(f"cannot merge {older.value} and {newer.value}")


async def behind(lines: Lines, *updates: dict[str, Any]) -> tuple[list[Any], list[Any]]:
    """Return what a stalled client finds after the update on its way, and what another one saw."""
    async with connect(lines.app.asgi) as stalled, connect(lines.app.asgi) as other:
        for client in (stalled, other):
            await client.subscribe("lines", {})
        await fill_the_socket(lines, stalled)
        live = await other.settle()
        for one in updates:
            lines.publish(**one)
            live += await other.settle()
        stalled.resume()
        found = await stalled.settle()
    assert seen(found[:1]) == seen(live[:1]) == ["1sent"]
    return found[1:], live[1:]


async def test_by_default_a_client_that_is_behind_gets_every_update() -> None:
    found, live = await behind(Lines(), *[{}] * 5)
    assert found == live
    assert seen(live) == ["2", "3", "4", "5", "6"]


async def test_latest_is_the_newest_of_a_topic() -> None:
    lines = Lines(latest())
    found, live = await behind(lines, *[{}] * 5)
    assert (seen(found), seen(live)) == (["6"], ["2", "3", "4", "5", "6"])
    assert (lines.metrics.updates_sent, lines.metrics.updates_conflated) == (12, 4)


async def test_latest_of_each_key_is_in_ascending_order() -> None:
    """trap: pending A5, B6, then A7 under key conflation with a cut after A7."""
    lines = Lines(latest("key"))
    async with connect(lines.app.asgi) as client:
        reply = await client.subscribe("lines", {})
        assert reply["delivery"] == "latest"
        await fill_the_socket(lines, client)
        for key in "xyzABA":
            lines.publish(key)
        client.resume()
        found = await client.settle()
        assert seen(found) == ["1sent", "2x", "3y", "4z", "6B", "7A"]
    async with connect(lines.app.asgi) as again:  # cut after A7: nothing is missing
        resume = Position(reply["epoch"], 7)._asdict()
        assert (await again.subscribe("lines", {}, resume=resume))["recovered"] is True
        assert await again.settle() == []


async def test_a_marked_update_is_never_left_out() -> None:
    closed = {"key": "b", "closed": True}
    found, _ = await behind(Lines(latest(lossless="closed")), {}, closed, {}, closed, {}, {})
    assert seen(found) == ["3b", "5b", "7"]


async def test_key_and_mark_may_be_functions() -> None:
    delivery = latest(lambda line: line.value % 2, lambda line: line.value == 4)
    found, _ = await behind(Lines(delivery), *[{}] * 6)
    assert seen(found) == ["4", "6", "7"]


async def test_drop_oldest_keeps_the_newest_and_counts_the_others() -> None:
    lines = Lines(drop_oldest(max_queue=2))
    found, _ = await behind(lines, *[{}] * 5)
    assert seen(found) == ["5", "6"]
    assert lines.metrics.updates_dropped == 3


async def test_merge_loses_nothing() -> None:
    """A function that changes what it is given harms nobody: each has its own."""
    lines = Lines(merge(added))
    async with connect(lines.app.asgi) as one, connect(lines.app.asgi) as two:
        for client in (one, two):
            assert (await client.subscribe("lines", {}))["delivery"] == "merge"
        await fill_the_socket(lines, one)
        lines.publish()
        assert seen(await two.settle()) == ["1sent", "2"]
        await fill_the_socket(lines, two)
        lines.publish()
        lines.publish()
        for client in (one, two):
            client.resume()
        first, second = await one.settle(), await two.settle()
    assert [line["payload"]["payload"]["parts"] for line in first] == [[], [2, 3, 4, 5]]
    assert [line["payload"]["payload"]["parts"] for line in second] == [[], [4, 5]]
    assert seen(first[1:]) == seen(second[1:]) == ["5"]
    assert lines.metrics.updates_merged == 4


async def test_a_merge_that_fails_sends_both(caplog: pytest.LogCaptureFixture) -> None:
    lines = Lines(merge(fails))
    with caplog.at_level(logging.ERROR, "topicwire"):
        found, live = await behind(lines, *[{}] * 4)
    assert found == live
    assert lines.metrics.merges_failed == 3
    assert [record.message.split("; ")[1] for record in caplog.records] == [
        "this is not said again"
    ]


async def test_a_merge_that_fails_is_bounded_as_lossless_is() -> None:
    lines = Lines(merge(fails), max_queue_bytes=2_000)
    async with connect(lines.app.asgi) as stalled, connect(lines.app.asgi) as other:
        for client in (stalled, other):
            await client.subscribe("lines", {})
        await fill_the_socket(lines, stalled)
        for _ in range(50):
            lines.publish()
            await other.settle()
        stalled.resume()
        assert (await stalled.wait_closed()).code == SLOW_CONSUMER
    assert lines.metrics.slow_consumers == 1


@pytest.mark.parametrize("returned", [None, 7, Line(parts=[0] * 2_000)])
async def test_a_merge_must_return_what_may_be_sent(returned: object) -> None:
    lines = Lines(merge(lambda _, __: returned), max_update_bytes=1_000)
    found, live = await behind(lines, {}, {})
    assert found == live
    assert lines.metrics.merges_failed == 1


async def test_what_a_merge_function_publishes_comes_after_what_it_merges(
    direct: Writes | None,
) -> None:
    again = [True]

    def nosy(older: Line, newer: Line) -> Line:
        if again.pop() if again else False:
            lines.publish("mine")
        return added(older, newer)

    lines = Lines(merge(nosy))
    found, live = await behind(lines, {}, {})
    assert seen(found) == ["4"]
    if direct is None:
        assert seen(live) == ["2", "4"]
        assert live[1]["payload"]["payload"]["parts"] == [3, 4]
    else:  # who is not behind has been written to when the others' updates are merged
        assert seen(live) == ["2", "3", "4mine"]
    assert found[0]["payload"]["payload"]["parts"] == [2, 3, 4]


async def test_the_stalled_client_of_latest_is_never_too_slow() -> None:
    """trap: staleness of `latest` in bytes: what waits is one update of each key, however many."""
    lines = Lines(latest("key"), max_queue_bytes=2_000)
    async with connect(lines.app.asgi) as stalled:
        await stalled.subscribe("lines", {})
        await fill_the_socket(lines, stalled)
        (connection,) = lines.app.hub._connections
        frame = len(b'{"type":"lines.update","payload":{"topic":"","seq":,"payload":') + 150
        for _ in range(1_000):
            lines.publish("A")
            lines.publish("B")
            assert connection._outbox.size - connection._outbox._in_flight <= 2 * frame
        stalled.resume()
        assert seen(await stalled.settle()) == ["1sent", "2000A", "2001B"]
    assert lines.metrics.slow_consumers == 0


async def test_keys_without_end_are_too_slow() -> None:
    lines = Lines(latest("key"), max_queue_bytes=2_000)
    async with connect(lines.app.asgi) as stalled:
        await stalled.subscribe("lines", {})
        await fill_the_socket(lines, stalled)
        for n in range(50):
            lines.publish(f"k{n}")
        stalled.resume()
        assert (await stalled.wait_closed()).code == SLOW_CONSUMER


async def test_a_lossless_route_may_allow_less_than_the_app() -> None:
    lines = Lines(lossless(max_queue_bytes=500))
    async with connect(lines.app.asgi) as stalled:
        assert "delivery" not in await stalled.subscribe("lines", {})
        await fill_the_socket(lines, stalled)
        for _ in range(10):
            lines.publish()
        stalled.resume()
        assert (await stalled.wait_closed()).code == SLOW_CONSUMER


async def test_nothing_replaces_what_was_sent_before_an_unsubscribe_reply() -> None:
    lines = Lines(latest())
    async with connect(lines.app.asgi) as client, connect(lines.app.asgi) as other:
        for one in (client, other):
            await one.subscribe("lines", {})
        await fill_the_socket(lines, client)
        lines.publish("A")
        for what in ("unsubscribe", "subscribe"):
            await client.send({"type": f"lines.{what}", "payload": {}})
            await other.settle()
        lines.publish("B")
        client.resume()
        assert seen(await client.settle()) == [
            "1sent", "2A", "lines.unsubscribe.response", "lines.subscribe.response", "3B",
        ]  # fmt: skip


async def test_a_topic_does_not_replace_another() -> None:
    lines = Lines(latest())
    async with connect(lines.app.asgi) as client:
        for book in "BC":
            await client.subscribe("lines", {"book": book})
        await fill_the_socket(lines, client)
        for topic in (TOPIC, OTHER, TOPIC):
            lines.publish(topic=topic)
        client.resume()
        found = await client.settle()
    assert seen(found) == ["1sent", "1", "3"]
    assert [one["payload"]["topic"] for one in found[1:]] == [OTHER, TOPIC]


class Held(WsRouteService):
    """Publishes while it starts."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.sent = asyncio.Event()

    async def create_topic(self, topic: str, topic_update: Any) -> None:
        del topic
        for n in range(1, 101):
            topic_update(Line(key="AB"[n % 2], value=n, parts=[n]))
        self.sent.set()
        await self.gate.wait()


@pytest.mark.parametrize(
    ("delivery", "expected"),
    [
        (latest(), ["100A"]),
        (latest("key"), ["99B", "100A"]),
        (drop_oldest(3), ["98A", "99B", "100A"]),
        (merge(added), ["100B"]),
    ],
)
async def test_what_comes_before_the_reply_goes_through_the_policy(
    delivery: Any, expected: list[str]
) -> None:
    """More than the outbox holds has come when the topic has been started."""
    service = Held()
    lines = Lines(delivery, service=service, max_queue_bytes=2_000)
    async with connect(lines.app.asgi) as client:
        await client.send({"type": "lines.subscribe", "payload": {}})
        await service.sent.wait()
        service.gate.set()
        reply = await client.receive()
        assert (reply["type"], reply["payload"]["seq"]) == ("lines.subscribe.response", 0)
        found = await client.settle()
    assert seen(found) == expected
    if delivery.policy == "merge":
        assert found[0]["payload"]["payload"]["parts"] == list(range(1, 101))


@pytest.mark.parametrize(
    ("delivery", "expected"),
    [
        (latest(), ["6A"]),
        (latest("key"), ["5B", "6A"]),
        (latest(lossless="closed"), ["4A", "6A"]),
        (drop_oldest(2), ["5B", "6A"]),
        (merge(added), ["6A"]),
    ],
)
async def test_a_replay_goes_through_the_policy(delivery: Any, expected: list[str]) -> None:
    """Guarantee 5 on a route that is not lossless: `recovered`, and the newest of each key."""
    lines = Lines(delivery)
    async with connect(lines.app.asgi) as client:
        reply = await client.subscribe("lines", {})
        lines.publish("A")
        assert seen(await client.settle()) == ["1A"]
    await lines.app.idle()
    for n in range(2, 7):
        lines.publish("AB"[n % 2], closed=n == 4)
    async with connect(lines.app.asgi) as again:
        resume = Position(reply["epoch"], 1)._asdict()
        back = await again.subscribe("lines", {}, resume=resume)
        assert (back["recovered"], back["seq"]) == (True, 1)
        found = await again.settle()
        lines.publish("C")
        assert seen(await again.settle()) == ["7C"]
    assert seen(found) == expected
    if delivery.policy == "merge":
        assert found[0]["payload"]["payload"]["parts"] == [2, 3, 4, 5, 6]


class Wild(BaseModel):
    book: str


@pytest.mark.parametrize(
    ("delivery", "expected"),
    [
        (latest(), [("a:1", [3]), ("a:2", [4])]),
        (latest("key"), [("a:1", [3]), ("a:2", [4])]),
        (drop_oldest(1), [("a:2", [4])]),
        (merge(added), [("a:1", [1, 3]), ("a:2", [2, 4])]),
    ],
)
async def test_a_pattern_conflates_each_of_its_topics_by_itself(
    delivery: Any, expected: list[tuple[str, list[int]]]
) -> None:
    router = WsRouter[Wild, Line](
        route="lines",
        topic_builder=lambda wild: wild.book,
        delivery=delivery,
        wildcards=True,
        linger_s=0.0,
    )
    lines = Lines(router=router)
    async with connect(lines.app.asgi) as client:
        await client.subscribe("lines", {"book": "a:*"})
        client.stall()
        lines.publish("sent", topic="a:0", value=0)
        for _ in range(8):
            await asyncio.sleep(0)
        for value, topic in ((1, "a:1"), (2, "a:2"), (3, "a:1"), (4, "a:2")):
            lines.publish(topic=topic, value=value)
        client.resume()
        _, *found = [one["payload"] for one in await client.settle()]
    assert [one["topic"] for one in found] == ["a:*"] * len(found)
    told = [(one["source"], one["payload"]) for one in found]
    assert [(source, line["parts"] or [line["value"]]) for source, line in told] == expected
