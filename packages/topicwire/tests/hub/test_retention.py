"""What is kept for those who come back: for how long, how much, and when it is given up."""

from __future__ import annotations

from packages.topicwire.tests.hub.published import app_with, first_visit, position
from packages.topicwire.tests.trading import (
    AAPL,
    AAPL_TOPIC,
    IBM,
    IBM_TOPIC,
    App,
    DrivenService,
    Trade,
    trades,
    update,
)

from topicwire import ReplayLimits
from topicwire.hub.metrics import Metrics
from topicwire.hub.retention import Retention
from topicwire.testing import connect
from topicwire.types import TopicId


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


async def test_last_values_of_topics_that_nobody_wants_are_bounded_too() -> None:
    """Where a ring is too small for an update its last value stays all the same."""
    router = trades(snapshot="last", replay=ReplayLimits(max_bytes=10))
    app = App(router, max_replay_bytes=50)
    async with connect(app.asgi) as client:
        for symbol in "ABCDEFGH":
            await client.subscribe("trades", {"symbol": symbol})
            router.publish(AAPL_TOPIC.replace("AAPL", symbol), Trade(price=1))
            await client.unsubscribe("trades", {"symbol": symbol})
        await app.idle()
        kept = [one._recent.last for one in app.hub._topics.values()]
        assert kept == [b'{"price":1.0}'] * 3
        back = await client.subscribe("trades", {"symbol": "H"})
        assert (back["seq"], back["snapshot"]) == (1, True)
        await client.settle()
        router.publish(AAPL_TOPIC.replace("AAPL", "H"), Trade(price=1.2345678901234567e-300))
        assert len(app.hub.retention) == 1
    await app.adapter.close()
    assert app.hub.retention.state_bytes == 0


def test_one_large_last_value_crowds_out_thousands_of_small_ones() -> None:
    """One after the other: not each from within the end of the one before."""

    class Left:
        def __init__(self, retention: Retention, number: int) -> None:
            self.id = TopicId("trades", str(number))
            self.retention = retention

        def evict(self) -> None:
            self.retention.weigh(-1)

    retention = Retention(max_topics=5_000, max_bytes=5_000, metrics=Metrics())
    for number in range(5_000):
        retention.weigh(1)
        retention.add(Left(retention, number))
    assert len(retention) == 5_000
    retention.weigh(5_000)
    assert (len(retention), retention.state_bytes) == (0, 5_000)


async def test_an_update_that_is_larger_than_the_ring_breaks_it_and_nothing_else() -> None:
    app = app_with(replay=ReplayLimits(max_bytes=10))
    async with connect(app.asgi) as client:
        seen = position(await client.subscribe("trades", AAPL))
        app.publish(AAPL_TOPIC, Trade(price=1))
        assert await client.settle() == [update(AAPL_TOPIC, 1, 1.0)]
        await client.unsubscribe("trades", AAPL)
        assert (await client.subscribe("trades", AAPL, resume=seen))["recovered"] is False


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


async def test_what_came_before_the_first_successful_start_is_not_kept() -> None:
    """The numbering goes on, so that such a position can be made up; nobody was ever told one."""
    service = DrivenService()
    service.first, service.start_error = Trade(price=1), OSError("down")
    app = App(trades(service, updates_from="application"))
    async with connect(app.asgi) as client:
        assert (await client.subscribe("trades", AAPL))["code"] == "producer_failed"
        await app.idle()
        service.first, service.start_error = None, None
        told = position(await client.subscribe("trades", AAPL))
        assert told["seq"] == 1
        service.feeds[AAPL_TOPIC](Trade(price=2))
        await client.settle()
        async with connect(app.asgi) as other:
            made_up = await other.subscribe("trades", AAPL, resume=told | {"seq": 0})
            assert (made_up["recovered"], made_up["seq"]) == (False, 2)
        async with connect(app.asgi) as other:
            assert (await other.subscribe("trades", AAPL, resume=told))["recovered"] is True
            assert await other.settle() == [update(AAPL_TOPIC, 2, 2.0)]


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
