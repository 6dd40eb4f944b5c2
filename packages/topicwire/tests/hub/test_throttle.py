"""`max_rate_hz`: the first update at once, then so many moments a second, and the last always."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from packages.topicwire.tests.hub.policies import Line, Lines, seen

from topicwire import WsRouteService, drop_oldest, latest, merge
from topicwire.testing import InProcessClient, connect
from topicwire.types import Position

HALF_S = 0.5


def joined(older: Line, newer: Line) -> Line:
    parts = [*(older.parts or [older.value]), *(newer.parts or [newer.value])]
    return Line(key=newer.key, value=newer.value, parts=parts)


async def after(lines: Lines, seconds: float, client: InProcessClient) -> list[str]:
    """Let time pass. Returns what the client sees then."""
    lines.app.clock.advance(seconds)
    return seen(await client.settle())


async def test_the_first_goes_at_once_and_the_last_when_it_is_due() -> None:
    lines = Lines(latest(max_rate_hz=2))
    async with connect(lines.app.asgi) as client:
        await client.subscribe("lines", {})
        lines.publish()
        assert seen(await client.settle()) == ["1"]
        for _ in range(3):
            lines.publish()
        assert await after(lines, HALF_S - 0.01, client) == []
        assert await after(lines, 0.01, client) == ["4"]
        assert await after(lines, HALF_S, client) == []  # none came: the next one goes at once
        lines.publish()
        assert seen(await client.settle()) == ["5"]
    assert (lines.metrics.updates_paced, lines.metrics.updates_sent) == (2, 3)


async def test_one_timer_serves_all_subscribers_and_none_is_left() -> None:
    lines = Lines(latest(max_rate_hz=2), replay=None)
    async with connect(lines.app.asgi) as one, connect(lines.app.asgi) as two:
        for client in (one, two):
            await client.subscribe("lines", {})
        for _ in range(3):
            lines.publish()
            await two.request("ping")
        (topic,) = lines.app.hub._topics.values()
        assert topic.conflater._throttle._timer is not None
        assert await after(lines, HALF_S, one) == ["1", "3"]
        assert seen(await two.settle()) == ["1", "3"]
        lines.publish()
        for client in (one, two):
            await client.unsubscribe("lines", {})
        assert topic.conflater._throttle._timer is None
    await lines.app.idle()


@pytest.mark.parametrize(
    ("delivery", "at_once", "then"),
    [
        (latest("key", max_rate_hz=2), ["1A"], [["4A", "5B"], [], []]),
        (drop_oldest(2, max_rate_hz=2), ["1A"], [["4A"], ["5B"], []]),
        (merge(joined, max_rate_hz=2), ["1A"], [["5B"], [], []]),
    ],
)
async def test_each_policy_holds_back_as_it_would_queue(
    delivery: Any, at_once: list[str], then: list[list[str]]
) -> None:
    lines = Lines(delivery)
    async with connect(lines.app.asgi) as client:
        await client.subscribe("lines", {})
        for key in "ABBAB":
            lines.publish(key)
        assert seen(await client.settle()) == at_once
        assert [await after(lines, HALF_S, client) for _ in then] == then


async def test_a_marked_update_does_not_wait_nor_what_came_before_it() -> None:
    lines = Lines(latest(lossless="closed", max_rate_hz=2))
    async with connect(lines.app.asgi) as client:
        await client.subscribe("lines", {})
        for closed in (False, False, False, True, False):
            lines.publish(closed=closed)
            await client.request("ping")
        assert seen(await client.settle()) == ["1", "3", "4"]
        assert await after(lines, HALF_S, client) == ["5"]


@pytest.mark.parametrize("policy", ["latest", "keyed", "drop", "merge"])
async def test_who_joins_between_is_sent_nothing_older_than_its_position(policy: str) -> None:
    deliveries: dict[str, Any] = {
        "latest": latest(max_rate_hz=2),
        "keyed": latest("key", max_rate_hz=2),
        "drop": drop_oldest(max_rate_hz=2),
        "merge": merge(joined, max_rate_hz=2),
    }
    lines = Lines(deliveries[policy])
    async with connect(lines.app.asgi) as first, connect(lines.app.asgi) as second:
        await first.subscribe("lines", {})
        for key in "ABA":
            lines.publish(key)
        reply = await second.subscribe("lines", {})
        assert reply["seq"] == 3
        assert await after(lines, 5 * HALF_S, second) == []
        lines.publish("A")
        assert seen(await second.settle()) == ["4A"]
        lines.publish("B")
        await first.settle()
        assert await after(lines, HALF_S, second) == ["5B"]


async def test_a_newcomers_merge_has_nothing_that_it_was_told_already() -> None:
    lines = Lines(merge(joined, max_rate_hz=2))
    async with connect(lines.app.asgi) as first, connect(lines.app.asgi) as second:
        await first.subscribe("lines", {})
        for _ in range(3):
            lines.publish()
        assert (await second.subscribe("lines", {}))["seq"] == 3
        for _ in range(2):
            lines.publish()
        lines.app.clock.advance(HALF_S)
        old, new = await first.settle(), await second.settle()
    assert old[-1]["payload"]["payload"]["parts"] == [2, 3, 4, 5]
    assert new[-1]["payload"]["payload"]["parts"] == [4, 5]
    assert seen(old[-1:]) == seen(new) == ["5"]


async def test_who_resumes_between_is_sent_what_is_held_back_once() -> None:
    lines = Lines(latest("key", max_rate_hz=2))
    async with connect(lines.app.asgi) as first:
        reply = await first.subscribe("lines", {})
        for key in "ABB":
            lines.publish(key)
        async with connect(lines.app.asgi) as second:
            resume = Position(reply["epoch"], 1)._asdict()
            assert (await second.subscribe("lines", {}, resume=resume))["recovered"] is True
            assert seen(await second.settle()) == ["3B"]
            lines.publish("A")
            assert await after(lines, HALF_S, second) == ["4A"]
        assert seen(await first.settle()) == ["1A", "3B", "4A"]


async def test_who_asks_again_is_told_no_number_that_it_has_not_been_sent() -> None:
    lines = Lines(latest(max_rate_hz=2))
    async with connect(lines.app.asgi) as client:
        await client.subscribe("lines", {})
        for _ in range(3):
            lines.publish()
            await client.request("ping")
        await client.send({"type": "lines.subscribe", "payload": {}})
        messages = await client.settle()
        assert seen(messages) == ["1", "3", "lines.subscribe.response"]
        assert messages[-1]["payload"]["seq"] == 3
        assert await after(lines, HALF_S, client) == []


async def test_too_much_is_not_held_back() -> None:
    lines = Lines(drop_oldest(1_000, max_rate_hz=2), max_queue_bytes=3_000)
    async with connect(lines.app.asgi) as client:
        await client.subscribe("lines", {})
        for _ in range(60):
            lines.publish()
            await client.request("ping")
        sent = len(await client.settle())
    assert 20 < sent < 60


async def test_what_a_merge_publishes_comes_after_it_when_it_is_due() -> None:
    lines: Lines

    def joined_aloud(older: Line, newer: Line) -> Line:
        if lines.published == 3:
            lines.publish("x" * 3_000)  # more than may be held back
        return joined(older, newer)

    lines = Lines(merge(joined_aloud, max_rate_hz=2), max_queue_bytes=2_000)
    async with connect(lines.app.asgi) as client:
        await client.subscribe("lines", {})
        for _ in range(3):
            lines.publish()
        await client.settle()
        lines.app.clock.advance(HALF_S)
        (merged,) = await client.settle()
        assert (merged["payload"]["seq"], merged["payload"]["payload"]["parts"]) == (4, [2, 3, 4])
        (topic,) = lines.app.hub._topics.values()
        assert topic.conflater._merged == {}  # nothing of what was sent is kept


async def test_a_merge_that_fails_when_it_is_due_is_logged_then(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(older: Line, newer: Line) -> Line:
        raise ValueError(older.value, newer.value)

    lines = Lines(merge(fail, max_rate_hz=2))
    async with connect(lines.app.asgi) as client:
        await client.subscribe("lines", {})
        for _ in range(3):
            lines.publish()
        lines.app.clock.advance(HALF_S)
        assert "cannot be merged" in caplog.text


class Restarted(WsRouteService):
    """Whose producers die when the test says so."""

    def __init__(self) -> None:
        self.feeds: list[Any] = []
        self.died: list[Any] = []

    def create_topic(self, topic: str, topic_update: Any) -> Any:
        del topic
        self.feeds.append(topic_update)
        self.died.append(asyncio.get_running_loop().create_future())
        return self.died[-1]


async def test_what_is_held_back_is_of_the_numbering_that_ends() -> None:
    """trap: an epoch change under live subscribers: nothing of the old one follows `reset`."""
    service = Restarted()
    lines = Lines(merge(joined, max_rate_hz=2), service=service)
    async with connect(lines.app.asgi) as client:
        first = await client.subscribe("lines", {})
        for value in (1, 2, 3):
            service.feeds[0](Line(value=value))
        service.died[0].set_result(None)
        messages = await client.settle()
        while len(service.feeds) < 2:
            lines.app.clock.advance(60)
            messages += await client.settle()
        service.feeds[1](Line(value=9))
        messages += await client.settle()
    kinds = seen(messages)
    reset = next(one for one in messages if one["type"] == "lines.reset")
    assert reset["payload"]["epoch"] != first["epoch"]
    assert kinds == ["1", "3", "lines.closed", "lines.reset", "1"]
    assert messages[1]["payload"]["payload"]["parts"] == [2, 3]


@pytest.mark.parametrize("who", ["the server", "the application"])
async def test_a_drain_sends_the_last_value(who: str) -> None:
    lines = Lines(latest(max_rate_hz=2))
    async with connect(lines.app.asgi) as client:
        await client.subscribe("lines", {})
        for _ in range(3):
            lines.publish()
            await client.request("ping")
        adapter, hub = lines.app.adapter, lines.app.hub
        begin = hub.begin_drain if who == "the server" else adapter.drain
        drained = asyncio.ensure_future(begin())
        messages = [await client.receive() for _ in range(3)]
        assert seen(messages) == ["1", "3", "closing"]
        assert (await client.wait_closed()).code == 1001
        await drained
    assert lines.metrics.updates_paced == 1
