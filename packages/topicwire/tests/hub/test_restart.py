"""A producer that dies: its subscribers are told, and it is started again while anyone is there."""

from __future__ import annotations

import pytest
from packages.topicwire.tests.hub.mortal import CLOSED, MortalService, reset, restarts
from packages.topicwire.tests.trading import (
    AAPL,
    AAPL_TOPIC,
    App,
    Trade,
    trades,
    update,
)

from topicwire.close_codes import SLOW_CONSUMER
from topicwire.testing import connect


async def test_a_producer_that_dies_is_reported_and_started_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """pitfall 5: its subscribers are never left with nothing and no word"""
    service = MortalService()
    app = App(trades(service))
    async with connect(app.asgi) as one, connect(app.asgi) as two:
        before = await one.subscribe("trades", AAPL)
        await two.subscribe("trades", AAPL)
        service.feeds[0](Trade(price=1))
        assert await one.settle() == await two.settle() == [update(AAPL_TOPIC, 1, 1.0)]
        service.die()
        assert await one.receive() == CLOSED
        assert await two.receive() == CLOSED
        await restarts(app, service, one, 2)
        told = await one.receive()
        epoch = told["payload"]["epoch"]
        assert epoch != before["epoch"]
        assert told == await two.receive() == reset(0, epoch)
        service.feeds[1](Trade(price=2))
        assert await one.settle() == await two.settle() == [update(AAPL_TOPIC, 1, 2.0)]
    await app.idle()
    assert service.calls == ["create", "remove", "create", "remove"]
    assert "the exchange hung up" in caplog.text
    metrics = app.adapter.metrics
    assert (metrics.producers_ended, metrics.producers_restarted) == (1, 1)
    assert (metrics.producers, metrics.subscriptions, app.clock.alarms) == (0, 0, 0)


async def test_one_that_ends_without_a_word_is_dead_too(caplog: pytest.LogCaptureFixture) -> None:
    """trap: a producer that ends without a word"""
    service = MortalService()
    app = App(trades(service))
    async with connect(app.asgi) as client:
        await client.subscribe("trades", AAPL)
        service.end()
        assert await client.receive() == CLOSED
        await restarts(app, service, client, 2)
        service.lives[-1].cancel()
        assert (await client.receive())["type"] == "trades.reset"
        assert await client.receive() == CLOSED
        await restarts(app, service, client, 3)
        assert (await client.receive())["type"] == "trades.reset"
    assert f"the producer of {AAPL_TOPIC} ended" in caplog.text
    assert f"the producer of {AAPL_TOPIC} was cancelled" in caplog.text


async def test_what_the_dead_still_send_is_discarded_and_counted() -> None:
    service = MortalService()
    app = App(trades(service))
    async with connect(app.asgi) as client:
        await client.subscribe("trades", AAPL)
        service.die()
        await client.receive()
        service.feeds[0](Trade(price=1))
        await restarts(app, service, client, 2)
        service.feeds[0](Trade(price=2))
        assert [one["type"] for one in await client.settle()] == ["trades.reset"]
    assert app.adapter.metrics.updates_discarded == 2


async def test_the_pauses_grow_and_begin_anew_after_a_steady_run() -> None:
    service = MortalService()
    app = App(trades(service), restart_backoff_s=1.0, max_restart_backoff_s=8.0)
    async with connect(app.asgi) as client:
        await client.subscribe("trades", AAPL)
        service.start_error = OSError("still down")
        service.die()
        await client.receive()
        for start, shortest_s in ((2, 0.5), (3, 1.0), (4, 2.0), (5, 4.0), (6, 4.0)):
            await client.settle()
            app.clock.advance(shortest_s - 0.001)
            await client.settle()
            assert service.calls.count("create") == start - 1, start
            await restarts(app, service, client, start)
        service.start_error = None
        await restarts(app, service, client, 7)
        await client.receive()
        app.clock.advance(8)
        service.die()
        await client.receive()
        await client.settle()
        app.clock.advance(1)
        await client.settle()
        assert service.calls.count("create") == 8


async def test_a_restart_that_fails_tells_the_subscribers_nothing_new() -> None:
    service = MortalService()
    app = App(trades(service))
    async with connect(app.asgi) as client:
        await client.subscribe("trades", AAPL)
        service.first = Trade(price=9)
        service.start_error = OSError("still down")
        service.die()
        assert await client.receive() == CLOSED
        await restarts(app, service, client, 4)
        assert await client.settle() == []
        service.start_error = None
        await restarts(app, service, client, 5)
        told = await client.receive()
        assert told == reset(0, told["payload"]["epoch"])
        assert await client.settle() == [update(AAPL_TOPIC, 1, 9.0)]
    await app.idle()
    # one that refuses to start has nothing to remove
    assert service.calls == ["create", "remove", *["create"] * 4, "remove"]
    assert app.adapter.metrics.starts_failed == 3


async def test_the_state_of_the_restarted_follows_the_reset() -> None:
    service = MortalService()
    app = App(trades(service))
    async with connect(app.asgi) as client:
        await client.subscribe("trades", AAPL)
        service.die()
        await client.receive()
        service.first = Trade(price=4)
        service.state = lambda: Trade(price=5)
        await restarts(app, service, client, 2)
        told = await client.receive()
        assert told == reset(1, told["payload"]["epoch"], snapshot=True)
        state = update(AAPL_TOPIC, 1, 5.0)
        state["payload"]["snapshot"] = True
        assert await client.receive() == state
        service.feeds[-1](Trade(price=6))
        assert await client.settle() == [update(AAPL_TOPIC, 2, 6.0)]
        assert app.adapter.metrics.snapshots_sent == 1


async def test_states_of_one_restart_after_another_do_not_wait_for_ever() -> None:
    """For a client that reads too slowly, but reads: nothing else would ever bound them."""
    service = MortalService()
    service.state = lambda: Trade(price=1)
    app = App(trades(service), max_topics=2, max_update_bytes=200)
    metrics = app.adapter.metrics
    async with connect(app.asgi) as slow, connect(app.asgi) as other:
        for client in (slow, other):
            await client.subscribe("trades", AAPL)
        await slow.settle()
        slow.stall()
        starts = 1
        while not metrics.closes and starts < 12:
            starts += 1
            service.die()
            await other.settle()
            await restarts(app, service, other, starts)
            await other.settle()
        assert metrics.closes == {SLOW_CONSUMER: 1}
        assert starts > 4  # so many as one for each topic may wait
        slow.resume()
        assert (await slow.wait_closed()).code == SLOW_CONSUMER
        assert (await other.settle()) == []


async def test_one_whose_state_cannot_be_had_does_not_run_again() -> None:
    def fail() -> Trade:
        raise OSError("no state")

    service = MortalService()
    app = App(trades(service))
    async with connect(app.asgi) as client:
        await client.subscribe("trades", AAPL)
        service.die()
        await client.receive()
        service.state = fail
        await restarts(app, service, client, 3)
        assert await client.settle() == []
        service.state = lambda: None
        await restarts(app, service, client, 4)
        assert (await client.receive())["type"] == "trades.reset"
    await app.idle()
    assert service.calls == ["create", "remove"] * 4


async def test_where_the_application_publishes_nobody_loses_its_place() -> None:
    service = MortalService()
    router = trades(service, updates_from="application")
    app = App(router)
    async with connect(app.asgi) as client, connect(app.asgi) as late:
        reply = await client.subscribe("trades", AAPL)
        router.publish(AAPL_TOPIC, Trade(price=1))
        assert await client.settle() == [update(AAPL_TOPIC, 1, 1.0)]
        service.die()
        assert await client.receive() == CLOSED
        router.publish(AAPL_TOPIC, Trade(price=2))
        assert await client.settle() == [update(AAPL_TOPIC, 2, 2.0)]
        await restarts(app, service, client, 2)
        assert await client.receive() == reset(2, reply["epoch"])
        router.publish(AAPL_TOPIC, Trade(price=3))
        assert await client.settle() == [update(AAPL_TOPIC, 3, 3.0)]
        resume = {"epoch": reply["epoch"], "seq": 0}
        assert (await late.subscribe("trades", AAPL, resume=resume))["recovered"] is True
        assert len(await late.settle()) == 3


async def test_the_ring_goes_with_the_producer_that_filled_it() -> None:
    service = MortalService()
    app = App(trades(service))
    async with connect(app.asgi) as client, connect(app.asgi) as late:
        reply = await client.subscribe("trades", AAPL)
        service.feeds[0](Trade(price=1))
        service.die()
        await restarts(app, service, client, 2)
        resume = {"epoch": reply["epoch"], "seq": 0}
        answer = await late.subscribe("trades", AAPL, resume=resume)
        assert (answer["recovered"], answer["seq"]) == (False, 0)
        assert app.adapter.metrics.replay_bytes == 0
