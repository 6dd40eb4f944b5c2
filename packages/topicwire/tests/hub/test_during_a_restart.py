"""Who comes, asks, leaves and waits while a dead producer is started again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from packages.topicwire.tests.hub.mortal import MortalService, reset, restarts
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
from topicwire.testing import connect


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


class ReadLater(WsRouteService):
    """Its state takes time to read, and its producer dies meanwhile."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []
        self.lives: list[asyncio.Future[None]] = []
        self.gate = asyncio.Event()
        self.reading = asyncio.Event()

    def create_topic(
        self, topic: str, topic_update: Callable[[Trade], None]
    ) -> asyncio.Future[None]:
        self.calls.append(("create", topic))
        self.feed = topic_update
        self.lives.append(asyncio.get_running_loop().create_future())
        return self.lives[-1]

    def remove_topic(self, topic: str) -> None:
        self.calls.append(("remove", topic))

    async def get_snapshot(self, topic: str) -> None:
        self.calls.append(("read", topic))
        self.reading.set()
        await self.gate.wait()


async def test_one_that_dies_before_it_is_used_has_not_run_for_long() -> None:
    """Or it is started again and again after the first pause, as one that had recovered."""
    service = ReadLater()
    app = App(trades(service, full_state=True), restart_backoff_s=1.0, max_restart_backoff_s=4.0)
    async with connect(app.asgi) as client:
        service.gate.set()
        await client.subscribe("trades", AAPL)
        service.lives[-1].set_result(None)
        await client.settle()
        for starts in range(2, 7):  # by then the pauses are from 2 to 4 s
            service.gate.clear()
            service.reading.clear()
            while len(service.lives) < starts:
                app.clock.advance(1)
                await client.settle()
            await service.reading.wait()
            app.clock.advance(3)
            service.lives[-1].set_result(None)
            await client.settle()
            service.gate.set()
            await client.settle()
        app.clock.advance(1.5)
        await client.settle()
        assert len(service.lives) == 6
