"""A producer that dies: its subscribers are told, and it is started again while anyone is there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from packages.topicwire.tests.trading import (
    AAPL,
    AAPL_TOPIC,
    App,
    Trade,
    TradesRequest,
    trades,
    update,
)

from topicwire import WsRouter, WsRouteService, by_symbol
from topicwire.testing import InProcessClient, connect

CLOSED = {
    "type": "trades.closed",
    "payload": {
        "topic": AAPL_TOPIC,
        "code": "producer_failed",
        "message": "The topic's producer has ended. It is being started again.",
        "retry": True,
    },
}


class MortalService(WsRouteService):
    """Gives a future for each start, which the test ends as it likes."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.lives: list[asyncio.Future[None]] = []
        self.feeds: list[Callable[[Any], None]] = []
        self.start_gate: asyncio.Event | None = None
        self.stop_gate: asyncio.Event | None = None
        self.start_error: Exception | None = None
        self.first: Trade | None = None
        self.state: Callable[[], Trade | None] = lambda: None

    async def create_topic(
        self, topic: str, topic_update: Callable[[Trade], None]
    ) -> asyncio.Future[None]:
        assert topic == AAPL_TOPIC
        self.calls.append("create")
        if self.first is not None:
            topic_update(self.first)
        if self.start_gate is not None:
            await self.start_gate.wait()
        if self.start_error is not None:
            raise self.start_error
        self.feeds.append(topic_update)
        self.lives.append(asyncio.get_running_loop().create_future())
        return self.lives[-1]

    async def remove_topic(self, topic: str) -> None:
        assert topic == AAPL_TOPIC
        self.calls.append("remove")
        if self.stop_gate is not None:
            await self.stop_gate.wait()

    def get_snapshot(self, topic: str) -> Trade | None:
        assert topic == AAPL_TOPIC
        return self.state()

    def die(self) -> None:
        self.lives[-1].set_exception(OSError("the exchange hung up"))

    def end(self) -> None:
        self.lives[-1].set_result(None)


def reset(seq: int, epoch: str, *, snapshot: bool = False) -> dict[str, Any]:
    payload: dict[str, Any] = {
        "topic": AAPL_TOPIC,
        "epoch": epoch,
        "seq": seq,
        "reason": "producer_restarted",
    }
    if snapshot:
        payload["snapshot"] = True
    return {"type": "trades.reset", "payload": payload}


async def restarts(app: App, service: MortalService, client: InProcessClient, starts: int) -> None:
    """Let time pass until the service has been started so often."""
    async with asyncio.timeout(10):
        while service.calls.count("create") < starts:
            app.clock.advance(1)
            await client.request("ping")


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


async def test_those_who_come_meanwhile_wait_for_the_restart() -> None:
    """pitfall 6"""
    service = MortalService()
    app = App(trades(service))
    async with connect(app.asgi) as one, connect(app.asgi) as two:
        await one.subscribe("trades", AAPL)
        service.die()
        await one.receive()
        await two.send({"type": "trades.subscribe", "id": 7, "payload": AAPL})
        assert await two.settle() == []
        await restarts(app, service, one, 2)
        reply = (await two.receive())["payload"]
        told = (await one.receive())["payload"]
        assert (reply["status"], reply["epoch"], reply["seq"]) == ("ok", told["epoch"], 0)
        service.feeds[-1](Trade(price=1))
        assert await one.settle() == await two.settle() == [update(AAPL_TOPIC, 1, 1.0)]
    await app.idle()
    assert service.calls == ["create", "remove"] * 2


async def test_those_who_wait_for_a_restart_that_fails_are_refused() -> None:
    """pitfall 5"""
    service = MortalService()
    app = App(trades(service))
    async with connect(app.asgi) as one, connect(app.asgi) as two:
        await one.subscribe("trades", AAPL)
        service.start_error = OSError("still down")
        service.die()
        await one.receive()
        await two.send({"type": "trades.subscribe", "id": 7, "payload": AAPL})
        assert await two.settle() == []
        await restarts(app, service, one, 2)
        assert (await two.receive())["payload"]["code"] == "producer_failed"
        service.start_error = None
        await restarts(app, service, one, 3)
        assert (await one.receive())["type"] == "trades.reset"
        assert app.adapter.metrics.subscriptions == 1


async def test_those_who_wait_too_long_for_a_restart_are_told() -> None:
    service = MortalService()
    app = App(trades(service), restart_backoff_s=30.0, command_timeout_s=10.0)
    async with connect(app.asgi) as one, connect(app.asgi) as two:
        await one.subscribe("trades", AAPL)
        service.die()
        await one.receive()
        await two.send({"type": "trades.subscribe", "id": 7, "payload": AAPL})
        assert await two.settle() == []
        app.clock.advance(10)
        assert (await two.receive())["payload"]["code"] == "timeout"
        await restarts(app, service, one, 2)
        assert (await one.receive())["type"] == "trades.reset"


async def test_asking_again_meanwhile_is_harmless() -> None:
    """A second listener of the same client asks while the topic is interrupted."""
    service = MortalService()
    app = App(trades(service))
    async with connect(app.asgi) as client:
        reply = await client.subscribe("trades", AAPL)
        service.feeds[0](Trade(price=1))
        service.die()
        assert [one["type"] for one in await client.settle()] == ["trades.update", "trades.closed"]
        again = await client.subscribe("trades", AAPL)
        assert (again["status"], again["message"]) == ("ok", "Already subscribed")
        assert (again["epoch"], again["seq"]) == (reply["epoch"], 1)
        # while it is being started: the place is still the one that the client was told
        service.first = Trade(price=2)
        service.start_gate = asyncio.Event()
        await restarts(app, service, client, 2)
        resume = {"epoch": reply["epoch"], "seq": 1}
        again = await client.subscribe("trades", AAPL, resume=resume)
        assert (again["epoch"], again["seq"], again["recovered"]) == (reply["epoch"], 1, True)
        service.start_gate.set()
        told = await client.receive()
        assert told == reset(0, told["payload"]["epoch"])
        assert await client.settle() == [update(AAPL_TOPIC, 1, 2.0)]
        assert app.adapter.metrics.subscriptions == 1


@pytest.mark.parametrize("during", ["removal", "pause", "restart"])
@pytest.mark.parametrize("leaves", ["unsubscribe", "disconnect"])
async def test_leaving_meanwhile_ends_it(during: str, leaves: str) -> None:
    """pitfalls 1, 6"""
    service = MortalService()
    app = App(trades(service))
    async with connect(app.asgi) as client, connect(app.asgi) as other:
        await client.subscribe("trades", AAPL)
        service.stop_gate = asyncio.Event()
        service.start_gate = asyncio.Event()
        service.die()
        await client.receive()
        if during != "removal":
            service.stop_gate.set()
            await client.settle()
        if during == "restart":
            await restarts(app, service, client, 2)
        if leaves == "unsubscribe":
            assert (await client.unsubscribe("trades", AAPL))["status"] == "ok"
        else:
            await client.close()
            await client.wait_closed()
        service.stop_gate.set()
        service.start_gate.set()
        await app.idle()
        assert await other.settle() == []
    app.clock.advance(100)
    assert service.calls in (["create", "remove"], ["create", "remove", "create", "remove"])
    assert (app.adapter.metrics.producers, app.clock.alarms) == (0, 0)


async def test_closing_the_app_meanwhile_ends_it() -> None:
    service = MortalService()
    app = App(trades(service))
    async with connect(app.asgi) as client:
        await client.subscribe("trades", AAPL)
        service.die()
        await client.receive()
        await client.settle()
        await app.adapter.close()
        assert (await client.wait_closed()).code == 1001
    assert not app.hub.topics
    assert service.calls == ["create", "remove"]


async def test_one_that_dies_while_it_lingers_is_stopped() -> None:
    service = MortalService()
    app = App(trades(service, linger_s=60.0))
    async with connect(app.asgi) as client:
        await client.subscribe("trades", AAPL)
        await client.unsubscribe("trades", AAPL)
        service.die()
        await app.idle()
        assert (await client.subscribe("trades", AAPL))["status"] == "ok"
        assert await client.settle() == []
    assert service.calls == ["create", "remove", "create"]
    assert app.adapter.metrics.producers_ended == 1


async def test_one_that_dies_at_once_is_waited_for() -> None:
    """Whoever subscribes is answered when it runs, however often it has to be started."""

    class Stillborn(MortalService):
        async def create_topic(
            self, topic: str, topic_update: Callable[[Trade], None]
        ) -> asyncio.Future[None]:
            life = await super().create_topic(topic, topic_update)
            if len(self.lives) == 1:
                self.end()
            return life

    service = Stillborn()
    app = App(trades(service))
    async with connect(app.asgi) as client, connect(app.asgi) as other:
        await client.send({"type": "trades.subscribe", "id": 1, "payload": AAPL})
        await restarts(app, service, other, 2)
        service.feeds[-1](Trade(price=1))
        seen = [await client.receive()]
        assert seen[0]["payload"]["status"] == "ok"
        seen += await client.settle()
        told = [one["payload"] for one in seen if one["type"] != "trades.closed"]
        assert told[-1] == update(AAPL_TOPIC, 1, 1.0)["payload"]
        assert told[-2]["epoch"]
        assert app.adapter.metrics.subscriptions == 1


async def test_a_start_that_is_too_much_for_one_closes_it_alone() -> None:
    service = MortalService()
    app = App(trades(service), max_queue_bytes=1_000)
    async with connect(app.asgi) as slow, connect(app.asgi) as other:
        await slow.subscribe("trades", AAPL)
        service.die()
        await slow.receive()
        slow.stall()
        service.start_gate = asyncio.Event()
        await restarts(app, service, other, 2)
        service.start_gate.set()
        while len(service.feeds) < 2:
            await other.settle()
        for price in range(50):
            service.feeds[-1](Trade(price=price))
        slow.resume()
        assert (await slow.wait_closed()).code == 4008
    await app.idle()


async def test_one_that_dies_while_another_is_started_is_waited_for() -> None:
    """pitfall 6: of several topics one runs, and dies before the reply that names them"""
    gate = asyncio.Event()
    lives: list[asyncio.Future[None]] = []

    class Pair(WsRouteService):
        async def create_topic(
            self, topic: str, topic_update: Callable[[Trade], None]
        ) -> asyncio.Future[None] | None:
            del topic_update
            if "IBM" in topic:
                await gate.wait()
                return None
            lives.append(asyncio.get_running_loop().create_future())
            return lives[-1]

    router = WsRouter[TradesRequest, Trade](
        route="trades", service=Pair(), topic_builder=by_symbol("symbols"), linger_s=0
    )
    app = App(router)
    async with connect(app.asgi) as client:
        request = {"symbols": ["AAPL", "IBM"]}
        await client.send({"type": "trades.subscribe", "id": 1, "payload": request})
        await client.settle()
        lives[0].set_exception(OSError("the exchange hung up"))
        await client.settle()
        gate.set()
        assert await client.settle() == []
        async with asyncio.timeout(10):
            while len(lives) < 2:
                app.clock.advance(1)
                await client.request("ping")
        assert (await client.receive())["payload"]["status"] == "ok"
        assert await client.settle() == []
    await app.idle()
