"""Coming back: every update that was missed, once and in order, or none of them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from packages.topicwire.tests.hub.published import app_with, first_visit, position
from packages.topicwire.tests.trading import (
    AAPL,
    AAPL_TOPIC,
    App,
    DrivenService,
    Trade,
    TradeRequest,
    trades,
    update,
)

from topicwire import Client, Rejected, ReplayLimits
from topicwire.close_codes import SLOW_CONSUMER
from topicwire.testing import connect


async def test_what_was_missed_follows_the_reply_and_then_the_live() -> None:
    app = app_with()
    seen = await first_visit(app, 2)
    for price in (3, 4, 5):
        app.publish(AAPL_TOPIC, Trade(price=price))
    async with connect(app.asgi) as client:
        reply = await client.subscribe("trades", AAPL, resume=seen)
        assert reply == {
            "status": "ok",
            "message": "Subscribed",
            "topic": AAPL_TOPIC,
            **seen,
            "recovered": True,
        }
        app.publish(AAPL_TOPIC, Trade(price=6))
        assert await client.settle() == [update(AAPL_TOPIC, n, float(n)) for n in (3, 4, 5, 6)]
    metrics = app.adapter.metrics
    assert (metrics.recovered, metrics.not_recovered, metrics.updates_replayed) == (1, 0, 3)


async def test_a_quiet_start_can_be_resumed() -> None:
    """pitfall 24: seq 0, before the first update, with and without updates since."""
    app = app_with()
    seen = await first_visit(app)
    assert seen["seq"] == 0
    async with connect(app.asgi) as client:
        reply = await client.subscribe("trades", AAPL, resume=seen)
        assert (reply["recovered"], reply["seq"]) == (True, 0)
        assert await client.settle() == []
    await app.idle()
    app.publish(AAPL_TOPIC, Trade(price=1))
    async with connect(app.asgi) as client:
        reply = await client.subscribe("trades", AAPL, resume=seen)
        assert (reply["recovered"], reply["seq"]) == (True, 0)
        assert await client.settle() == [update(AAPL_TOPIC, 1, 1.0)]


async def test_a_stall_between_two_readers_changes_nothing_for_the_other() -> None:
    app = app_with()
    seen = await first_visit(app)
    app.publish(AAPL_TOPIC, Trade(price=1))
    async with connect(app.asgi) as stalled, connect(app.asgi) as reader:
        await reader.subscribe("trades", AAPL)
        stalled.stall()
        await stalled.send({"type": "trades.subscribe", "payload": AAPL, "resume": seen, "id": 1})
        await reader.settle()
        for price in (2, 3):
            app.publish(AAPL_TOPIC, Trade(price=price))
        assert await reader.settle() == [update(AAPL_TOPIC, n, float(n)) for n in (2, 3)]
        stalled.resume()
        assert (await stalled.receive())["payload"]["recovered"] is True
        assert await stalled.settle() == [update(AAPL_TOPIC, n, float(n)) for n in (1, 2, 3)]


@pytest.mark.parametrize("change", [{"seq": 3}, {"seq": 2**53 - 1}, {"epoch": "another"}])
async def test_a_position_that_never_was_is_not_recovered(change: dict[str, Any]) -> None:
    app = app_with()
    seen = await first_visit(app, 2)
    async with connect(app.asgi) as client:
        reply = await client.subscribe("trades", AAPL, resume=seen | change)
        assert (reply["status"], reply["recovered"]) == ("ok", False)
        assert position(reply) == seen
        app.publish(AAPL_TOPIC, Trade(price=3))
        assert await client.settle() == [update(AAPL_TOPIC, 3, 3.0)]
    assert app.adapter.metrics.not_recovered == 1


@pytest.mark.parametrize(
    ("limits", "wait_s"),
    [
        (ReplayLimits(max_updates=2), 0),
        (ReplayLimits(max_bytes=250), 0),
        (ReplayLimits(max_age_s=10), 10.5),
    ],
)
async def test_a_part_of_what_was_missed_is_never_sent(limits: ReplayLimits, wait_s: float) -> None:
    app = app_with(replay=limits)
    async with connect(app.asgi) as stays, connect(app.asgi) as leaves:
        await stays.subscribe("trades", AAPL)
        seen = position(await leaves.subscribe("trades", AAPL))
        await leaves.unsubscribe("trades", AAPL)
        app.publish(AAPL_TOPIC, Trade(price=1))
        app.clock.advance(wait_s)
        for price in (2, 3):
            app.publish(AAPL_TOPIC, Trade(price=price))
        reply = await leaves.subscribe("trades", AAPL, resume=seen)
        assert (reply["recovered"], reply["seq"]) == (False, 3)
        assert await leaves.settle() == []
        await leaves.unsubscribe("trades", AAPL)
        again = await leaves.subscribe("trades", AAPL, resume=seen | {"seq": 1})
        assert (again["recovered"], again["seq"]) == (True, 1)
        assert [one["payload"]["seq"] for one in await leaves.settle()] == [2, 3]


@pytest.mark.parametrize("replay", [None, ReplayLimits(max_updates=0)])
async def test_a_route_that_keeps_nothing_recovers_only_who_missed_nothing(replay: Any) -> None:
    app = app_with(replay=replay)
    seen = await first_visit(app, 1)
    async with connect(app.asgi) as client:
        assert (await client.subscribe("trades", AAPL, resume=seen))["recovered"] is True
        await client.unsubscribe("trades", AAPL)
        app.publish(AAPL_TOPIC, Trade(price=2))
        reply = await client.subscribe("trades", AAPL, resume=seen)
        assert (reply["recovered"], reply["seq"]) == (False, 2)
        assert await client.settle() == []
    assert app.adapter.metrics.replay_bytes == 0


async def test_a_replay_larger_than_the_queue_is_no_slow_consumer() -> None:
    """trap: a replay larger than the queue bound: the missed do not count, the live do."""
    router = trades()
    app = App(router, max_queue_bytes=1_000)
    async with connect(app.asgi) as client:
        seen = position(await client.subscribe("trades", AAPL))
        await client.unsubscribe("trades", AAPL)
        for price in range(1, 201):
            router.publish(AAPL_TOPIC, Trade(price=price))
        assert app.adapter.metrics.replay_bytes > 10_000
        client.stall()
        await client.send({"type": "trades.subscribe", "payload": AAPL, "resume": seen, "id": "r"})
        await asyncio.sleep(0)
        while app.adapter.metrics.updates_replayed < 200:  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0)
        router.publish(AAPL_TOPIC, Trade(price=201))
        client.resume()
        assert (await client.receive())["payload"]["recovered"] is True
        seqs = [one["payload"]["seq"] for one in await client.settle()]
        assert seqs == list(range(1, 202))
        client.stall()
        for price in range(202, 260):
            router.publish(AAPL_TOPIC, Trade(price=price))
        client.resume()
        assert (await client.wait_closed()).code == SLOW_CONSUMER


async def test_what_the_ring_lets_go_is_sent_all_the_same_once_it_was_promised() -> None:
    app = app_with(replay=ReplayLimits(max_updates=3))
    async with connect(app.asgi) as client:
        seen = position(await client.subscribe("trades", AAPL))
        await client.unsubscribe("trades", AAPL)
        for price in (1, 2, 3):
            app.publish(AAPL_TOPIC, Trade(price=price))
        client.stall()
        await client.send({"type": "trades.subscribe", "payload": AAPL, "resume": seen})
        while not app.adapter.metrics.updates_replayed:  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0)
        for price in range(4, 9):
            app.publish(AAPL_TOPIC, Trade(price=price))
        client.resume()
        assert (await client.receive())["payload"]["recovered"] is True
        assert [one["payload"]["seq"] for one in await client.settle()] == list(range(1, 9))


async def test_commands_wait_while_much_of_a_replay_does() -> None:
    """So the backlog of a client that does not read is bounded by one command's."""
    router = trades()
    app = App(router, max_queue_bytes=2_000)
    handled = app.adapter.metrics
    async with connect(app.asgi) as client, connect(app.asgi) as other:
        seen = position(await client.subscribe("trades", AAPL))
        for price in range(1, 101):
            router.publish(AAPL_TOPIC, Trade(price=price))
            await client.settle()
        client.stall()
        before = handled.commands
        for _ in range(5):
            await client.send({"type": "trades.unsubscribe", "payload": AAPL})
            await client.send({"type": "trades.subscribe", "payload": AAPL, "resume": seen})
        for _ in range(20):
            await other.settle()
        # one frame is under way and left the backlog; a second replay waits
        assert handled.commands - before <= 4
        client.resume()
        answers = 0
        while answers < 10:
            answers += (await client.receive())["type"] != "trades.update"
        assert handled.commands - before == 10


async def test_what_comes_while_a_start_is_waited_for_is_in_the_replay_once() -> None:
    service = DrivenService()
    app = App(trades(service, updates_from="application"))
    async with connect(app.asgi) as client:
        seen = position(await client.subscribe("trades", AAPL))
        service.feeds[AAPL_TOPIC](Trade(price=1))
        await client.settle()
        await client.unsubscribe("trades", AAPL)
        await app.idle()
        service.start_gate = asyncio.Event()
        service.first = Trade(price=2)
        service.started.clear()
        await client.send({"type": "trades.subscribe", "payload": AAPL, "resume": seen, "id": 9})
        await service.started.wait()
        service.start_gate.set()
        assert (await client.receive())["payload"]["recovered"] is True
        assert await client.settle() == [update(AAPL_TOPIC, n, float(n)) for n in (1, 2)]


async def test_hooks_are_asked_again() -> None:
    """pitfall 18: what may not be subscribed to may not be resumed."""
    banned: list[str] = []

    def allowed(request: TradeRequest, client: Client) -> None:
        del client
        if request.symbol in banned:
            raise Rejected("Not yours any longer")

    app = app_with(subscribe_request_handler=allowed)
    seen = await first_visit(app, 1)
    app.publish(AAPL_TOPIC, Trade(price=2))
    banned.append("AAPL")
    async with connect(app.asgi) as client:
        reply = await client.subscribe("trades", AAPL, resume=seen)
        assert (reply["status"], reply["code"]) == ("error", "forbidden")
        assert "recovered" not in reply
        assert await client.settle() == []


@pytest.mark.parametrize("resume", [{}, [], "e", {"epoch": "e"}, {"epoch": "e", "seq": -1}])
async def test_a_malformed_resume_subscribes_nothing(resume: Any) -> None:
    service = DrivenService()
    app = App(trades(service))
    async with connect(app.asgi) as client:
        reply = await client.subscribe("trades", AAPL, resume=resume)
        assert (reply["status"], reply["code"]) == ("error", "validation_error")
        assert reply["details"][0]["path"].startswith("resume")
        assert (await client.unsubscribe("trades", AAPL))["code"] == "not_subscribed"
    assert service.calls == []


async def test_null_is_no_resume_and_other_commands_have_none() -> None:
    app = App(trades())
    async with connect(app.asgi) as client:
        await client.send({"type": "trades.subscribe", "payload": AAPL, "resume": None})
        reply = (await client.receive())["payload"]
        assert (reply["status"], "recovered" in reply) == ("ok", False)
        left = await client.request("trades.unsubscribe", AAPL, resume="ignored")
        assert left["payload"]["status"] == "ok"
