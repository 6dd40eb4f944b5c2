"""Coming back: every update that was missed, once and in order, or none of them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from packages.topicwire.tests.trading import (
    AAPL,
    AAPL_TOPIC,
    IBM,
    IBM_TOPIC,
    App,
    DrivenService,
    Trade,
    TradeRequest,
    TradesRequest,
    trades,
    update,
)

from topicwire import Client, Rejected, ReplayLimits, WsRouter, by_symbol
from topicwire.close_codes import SLOW_CONSUMER
from topicwire.testing import InProcessClient, connect

BOTH = {"symbols": ["AAPL", "IBM"]}


class Published(App):
    """An app whose updates come from `publish`: they go on when nobody is subscribed."""

    def __init__(self, **options: Any) -> None:
        router = trades(**options)
        super().__init__(router)
        self.publish = router.publish


def position(reply: dict[str, Any], seq: int | None = None) -> dict[str, Any]:
    return {"epoch": reply["epoch"], "seq": reply["seq"] if seq is None else seq}


async def first_visit(app: Published, seen: int = 0) -> dict[str, Any]:
    """Subscribe, see some updates, and hang up. Returns the position that was reached."""
    async with connect(app.asgi) as client:
        reply = await client.subscribe("trades", AAPL)
        for price in range(1, seen + 1):
            app.publish(AAPL_TOPIC, Trade(price=price))
        assert len(await client.settle()) == seen
    await app.idle()
    return position(reply, seen)


def app_with(**options: Any) -> Published:
    return Published(**options)


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


async def test_what_is_kept_outlives_the_last_subscriber_for_its_time() -> None:
    """Guarantee 7: after that the numbering is another, and nothing takes room."""
    app = app_with(replay=ReplayLimits(max_age_s=300))
    seen = await first_visit(app)
    app.clock.advance(200)
    app.publish(AAPL_TOPIC, Trade(price=1))
    app.clock.advance(99)
    async with connect(app.asgi) as client:
        assert (await client.subscribe("trades", AAPL, resume=seen))["recovered"] is True
    await app.idle()
    app.clock.advance(299)
    assert len(app.hub.retention) == 1
    app.clock.advance(1)
    assert len(app.hub.retention) == app.adapter.metrics.replay_bytes == 0
    async with connect(app.asgi) as client:
        reply = await client.subscribe("trades", AAPL, resume=seen | {"seq": 1})
        assert (reply["recovered"], reply["seq"]) == (False, 0)
        assert reply["epoch"] != seen["epoch"]


async def test_a_linger_is_a_part_of_that_time() -> None:
    service = DrivenService()
    app = App(trades(service, linger_s=300, replay=ReplayLimits(max_age_s=300)))
    async with connect(app.asgi) as client:
        seen = position(await client.subscribe("trades", AAPL))
    app.clock.advance(299)
    service.feeds[AAPL_TOPIC](Trade(price=1))
    async with connect(app.asgi) as client:
        assert (await client.subscribe("trades", AAPL, resume=seen))["recovered"] is True
        assert await client.settle() == [update(AAPL_TOPIC, 1, 1.0)]
    app.clock.advance(300)
    await app.idle()
    assert app.adapter.metrics.replay_bytes == len(app.hub.retention) == 0
    assert service.count("remove") == 1


async def test_a_topic_that_nobody_ever_wanted_keeps_nothing() -> None:
    app = app_with()
    app.publish(AAPL_TOPIC, Trade(price=1))
    metrics = app.adapter.metrics
    assert (metrics.updates_unwatched, metrics.replay_bytes, len(app.hub.backplane)) == (1, 0, 0)


async def test_the_longest_left_is_given_up_first_when_there_are_too_many() -> None:
    app = App(trades(), max_retained_topics=1)
    async with connect(app.asgi) as client:
        old = position(await client.subscribe("trades", AAPL))
        new = position(await client.subscribe("trades", IBM))
        await client.unsubscribe("trades", AAPL)
        await client.unsubscribe("trades", IBM)
        await app.idle()
        assert (await client.subscribe("trades", AAPL, resume=old))["recovered"] is False
        assert (await client.subscribe("trades", IBM, resume=new))["recovered"] is True
        assert app.adapter.metrics.replays_evicted == 1


async def test_all_that_is_kept_is_bounded_in_bytes() -> None:
    router = trades()
    app = App(router, max_replay_bytes=250)
    async with connect(app.asgi) as client:
        left = position(await client.subscribe("trades", AAPL))
        router.publish(AAPL_TOPIC, Trade(price=1))
        await client.unsubscribe("trades", AAPL)
        await app.idle()
        held = position(await client.subscribe("trades", IBM))
        metrics = app.adapter.metrics
        for price in range(1, 6):
            router.publish(IBM_TOPIC, Trade(price=price))
            assert 0 < metrics.replay_bytes <= 250
        assert metrics.replays_evicted == 1
        assert (await client.subscribe("trades", AAPL, resume=left))["recovered"] is False
        await client.unsubscribe("trades", IBM)
        again = await client.subscribe("trades", IBM, resume=held)
        assert again["recovered"] is False


async def test_an_update_that_is_larger_than_the_ring_breaks_it_and_nothing_else() -> None:
    app = app_with(replay=ReplayLimits(max_bytes=10))
    async with connect(app.asgi) as client:
        seen = position(await client.subscribe("trades", AAPL))
        app.publish(AAPL_TOPIC, Trade(price=1))
        assert await client.settle() == [update(AAPL_TOPIC, 1, 1.0)]
        await client.unsubscribe("trades", AAPL)
        assert (await client.subscribe("trades", AAPL, resume=seen))["recovered"] is False


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


async def test_a_failed_start_loses_nothing_that_was_kept() -> None:
    service = DrivenService()
    app = App(trades(service, updates_from="application"))
    async with connect(app.asgi) as client:
        seen = position(await client.subscribe("trades", AAPL))
        service.feeds[AAPL_TOPIC](Trade(price=1))
        await client.settle()
        await client.unsubscribe("trades", AAPL)
        await app.idle()
        service.start_error = OSError("down")
        failed = await client.subscribe("trades", AAPL, resume=seen)
        assert (failed["code"], "recovered" in failed) == ("producer_failed", False)
        await app.idle()
        service.start_error = None
        assert (await client.subscribe("trades", AAPL, resume=seen))["recovered"] is True
        assert await client.settle() == [update(AAPL_TOPIC, 1, 1.0)]


async def test_a_start_that_fails_at_first_leaves_nothing_behind() -> None:
    service = DrivenService()
    service.start_error = OSError("down")
    service.first = Trade(price=1)
    app = App(trades(service))
    async with connect(app.asgi) as client:
        await client.subscribe("trades", AAPL)
        await app.idle()
        assert (app.adapter.metrics.replay_bytes, len(app.hub.retention)) == (0, 0)


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


def many() -> WsRouter[TradesRequest, Trade]:
    return WsRouter[TradesRequest, Trade](
        route="multi", linger_s=0, topic_builder=by_symbol("symbols")
    )


async def subscribed_to_both(client: InProcessClient) -> tuple[list[str], dict[str, Any]]:
    reply = await client.subscribe("multi", BOTH)
    places = {one["topic"]: position(one) for one in reply["topics"]}
    return list(places), places


async def test_several_topics_are_resumed_each_from_its_own_position() -> None:
    router = many()
    app = App(router)
    async with connect(app.asgi) as client:
        (a, b), seen = await subscribed_to_both(client)
        await client.unsubscribe("multi", BOTH)
        router.publish(a, Trade(price=1))
        router.publish([a, b], Trade(price=2))
        reply = await client.subscribe("multi", BOTH, resume=seen)
        assert reply["recovered"] is True
        assert [(one["seq"], one["recovered"]) for one in reply["topics"]] == [(0, True)] * 2
        got = [(one["payload"]["topic"], one["payload"]["seq"]) for one in await client.settle()]
        assert got == [(a, 1), (a, 2), (b, 1)]


async def test_one_topic_of_several_may_not_be_recovered() -> None:
    router = many()
    app = App(router)
    async with connect(app.asgi) as client:
        (a, b), seen = await subscribed_to_both(client)
        await client.unsubscribe("multi", BOTH)
        router.publish([a, b], Trade(price=1))
        seen[b]["epoch"] = "another"
        reply = await client.subscribe("multi", BOTH, resume=seen)
        assert reply["recovered"] is False
        assert [(one["seq"], one["recovered"]) for one in reply["topics"]] == [
            (0, True),
            (1, False),
        ]
        assert [one["payload"]["topic"] for one in await client.settle()] == [a]
        await client.unsubscribe("multi", BOTH)
        part = await client.subscribe("multi", BOTH, resume={a: seen[a]})
        assert part["recovered"] is True
        assert "recovered" not in part["topics"][1]


async def test_one_position_for_several_topics_subscribes_nothing() -> None:
    app = App(many())
    async with connect(app.asgi) as client:
        reply = await client.subscribe("multi", BOTH, resume={"epoch": "e", "seq": 0})
        assert (reply["code"], reply["details"][0]["path"]) == ("validation_error", "resume")
        assert app.hub.topics == frozenset()
        await client.subscribe("multi", BOTH)
        again = await client.subscribe("multi", BOTH, resume={"epoch": "e", "seq": 0})
        assert again["code"] == "validation_error"
        assert app.adapter.metrics.subscriptions == 2


async def test_a_topic_that_the_connection_has_already_is_not_replayed() -> None:
    """It receives it once: recovered says whether what came since covers the position."""
    router = many()
    app = App(router)
    async with connect(app.asgi) as other, connect(app.asgi) as client:
        a = (await other.subscribe("multi", {"symbols": ["AAPL"]}))["topic"]
        router.publish(a, Trade(price=1))
        start = await client.subscribe("multi", {"symbols": ["AAPL"]})
        router.publish(a, Trade(price=2))
        seqs = [one["payload"]["seq"] for one in await client.settle()]
        assert (start["seq"], seqs) == (1, [2])
        for seq, recovered in ((0, False), (1, True), (2, True), (3, False)):
            resume = {a: position(start, seq)}
            reply = await client.subscribe("multi", BOTH, resume=resume)
            assert (reply["topics"][0]["seq"], reply["topics"][0]["recovered"]) == (2, recovered)
            assert await client.settle() == []
            await client.unsubscribe("multi", BOTH)
        again = await client.subscribe("multi", {"symbols": ["AAPL"]}, resume=position(start))
        assert (again["message"], again["recovered"]) == ("Already subscribed", True)


async def test_stopping_the_app_gives_up_what_is_kept() -> None:
    app = app_with()
    await first_visit(app, 3)
    assert app.adapter.metrics.replay_bytes > 0
    await app.adapter.close()
    assert (app.adapter.metrics.replay_bytes, len(app.hub.backplane)) == (0, 0)
    assert app.clock.alarms == 0


async def test_numbering_and_ring_end_with_the_producer_that_makes_the_updates() -> None:
    """trap: the only subscriber away for longer than the linger and shorter than the replay"""
    service = DrivenService()
    app = App(trades(service, linger_s=5))
    async with connect(app.asgi) as client:
        seen = position(await client.subscribe("trades", AAPL))
        service.feeds[AAPL_TOPIC](Trade(price=1))
        await client.settle()
        await client.unsubscribe("trades", AAPL)
        app.clock.advance(4)
        back = await client.subscribe("trades", AAPL, resume=seen)
        assert back["recovered"] is True
        assert await client.settle() == [update(AAPL_TOPIC, 1, 1)]
        await client.unsubscribe("trades", AAPL)
        app.clock.advance(6)
        await app.idle()
        late = await client.subscribe("trades", AAPL, resume=seen)
        assert late["recovered"] is False
        assert late["epoch"] != seen["epoch"]
        assert await client.settle() == []


async def test_the_ring_of_what_the_application_publishes_outlives_the_linger() -> None:
    """trap: the only subscriber away for longer than the linger and shorter than the replay"""
    service = DrivenService()
    router = trades(service, linger_s=5, updates_from="application")
    app = App(router)
    async with connect(app.asgi) as client:
        seen = position(await client.subscribe("trades", AAPL))
        await client.unsubscribe("trades", AAPL)
        app.clock.advance(100)
        await app.idle()
        assert service.count("remove") == 1
        router.publish(AAPL_TOPIC, Trade(price=1))
        app.clock.advance(100)
        back = await client.subscribe("trades", AAPL, resume=seen)
        assert back["recovered"] is True
        assert await client.settle() == [update(AAPL_TOPIC, 1, 1)]
