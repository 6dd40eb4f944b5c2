"""A topic's producer: started once, stopped once, whatever happens meanwhile."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

import pytest
from packages.topicwire.tests.trading import (
    AAPL,
    AAPL_TOPIC,
    IBM,
    IBM_TOPIC,
    App,
    DrivenService,
    Trade,
    TradesRequest,
    trades,
    update,
)

from topicwire import WsRouter, by_symbol
from topicwire.errors import InvalidUpdateError, UpdateTooLargeError
from topicwire.testing import connect


async def test_first_subscriber_starts_and_last_stops() -> None:
    """checklist 11"""
    service = DrivenService()
    app = App(trades(service))
    async with connect(app.asgi) as one, connect(app.asgi) as two:
        assert (await one.subscribe("trades", AAPL))["status"] == "ok"
        assert (await two.subscribe("trades", AAPL))["status"] == "ok"
        service.feeds[AAPL_TOPIC](Trade(price=1))
        assert await one.receive() == await two.receive() == update(AAPL_TOPIC, 1, 1.0)
        await one.unsubscribe("trades", AAPL)
        assert service.calls == [("create", AAPL_TOPIC)]
        await two.unsubscribe("trades", AAPL)
        await app.idle()
    assert service.calls == [("create", AAPL_TOPIC), ("remove", AAPL_TOPIC)]


async def test_two_first_subscribers_at_once_start_it_once() -> None:
    """pitfall 2, pitfall 9"""
    service = DrivenService()
    service.start_gate = asyncio.Event()
    app = App(trades(service))
    async with connect(app.asgi) as one, connect(app.asgi) as two, connect(app.asgi) as three:
        for client in (one, two, three):
            await client.send({"type": "trades.subscribe", "payload": AAPL})
            assert await client.settle() == []
        service.start_gate.set()
        for client in (one, two, three):
            assert (await client.receive())["payload"]["status"] == "ok"
        assert service.count("create") == 1
    await app.idle()
    assert service.count("remove") == 1


async def test_a_failed_start_leaves_nothing_behind(caplog: pytest.LogCaptureFixture) -> None:
    """pitfall 5"""
    service = DrivenService()
    service.start_gate = asyncio.Event()
    service.start_error = OSError("exchange at 10.1.2.3 is down")
    app = App(trades(service))
    async with connect(app.asgi) as one, connect(app.asgi) as two:
        for client in (one, two):
            await client.send({"type": "trades.subscribe", "payload": AAPL})
            assert await client.settle() == []
        service.start_gate.set()
        for client in (one, two):
            assert (await client.receive())["payload"] == {
                "status": "error",
                "message": "The topic could not be started",
                "topic": AAPL_TOPIC,
                "code": "producer_failed",
            }
        await app.idle()
        assert (await one.unsubscribe("trades", AAPL))["code"] == "not_subscribed"
        assert app.adapter.metrics.subscriptions == 0
        assert "exchange at 10.1.2.3 is down" in caplog.text
        assert caplog.text.count("create_topic failed") == 1
        service.start_error = None
        assert (await one.subscribe("trades", AAPL))["status"] == "ok"
    await app.idle()
    assert (service.count("create"), service.count("remove")) == (2, 1)


async def test_a_start_that_takes_too_long_is_a_timeout() -> None:
    service = DrivenService()
    service.start_gate = asyncio.Event()
    app = App(trades(service), command_timeout_s=10)
    async with connect(app.asgi) as client:
        waiting = asyncio.create_task(client.subscribe("trades", AAPL))
        await service.started.wait()
        app.clock.advance(10)
        reply = await waiting
        assert (reply["code"], reply["topic"]) == ("timeout", AAPL_TOPIC)
        await app.idle()
        service.start_gate.set()
        assert (await client.subscribe("trades", AAPL))["status"] == "ok"


async def test_a_stop_that_raises_leaks_no_other_topic(caplog: pytest.LogCaptureFixture) -> None:
    """pitfall 5"""
    service = DrivenService()
    service.stop_error = RuntimeError("cannot stop")
    app = App(trades(service))
    async with connect(app.asgi) as client:
        await client.subscribe("trades", AAPL)
        await client.subscribe("trades", IBM)
    await app.idle()
    assert service.count("remove") == 2
    assert app.adapter.metrics.producers == 0
    assert caplog.text.count("remove_topic failed") == 2


async def test_disconnect_without_unsubscribe_stops_it() -> None:
    """pitfall 1"""
    service = DrivenService()
    app = App(trades(service))
    async with connect(app.asgi) as client:
        await client.subscribe("trades", AAPL)
    await app.idle()
    assert service.count("remove") == 1
    assert app.adapter.metrics.connections == 0


async def test_disconnect_during_the_start() -> None:
    """pitfall 6"""
    service = DrivenService()
    service.start_gate = asyncio.Event()
    app = App(trades(service))
    async with connect(app.asgi) as client:
        await client.send({"type": "trades.subscribe", "payload": AAPL})
        await service.started.wait()
    assert service.count("remove") == 0
    service.start_gate.set()
    await app.idle()
    assert service.calls == [("create", AAPL_TOPIC), ("remove", AAPL_TOPIC)]


async def test_unsubscribe_pipelined_behind_a_start() -> None:
    """pitfall 6, pitfall 8"""
    service = DrivenService()
    service.start_gate = asyncio.Event()
    app = App(trades(service))
    async with connect(app.asgi) as client:
        await client.send({"type": "trades.subscribe", "payload": AAPL, "id": "s"})
        await client.send({"type": "trades.unsubscribe", "payload": AAPL, "id": "u"})
        await service.started.wait()
        assert await client.settle() == []
        service.start_gate.set()
        first, second = await client.receive(), await client.receive()
        assert (first["id"], first["payload"]["message"]) == ("s", "Subscribed")
        assert (second["id"], second["payload"]["message"]) == ("u", "Unsubscribed")
        await app.idle()
        assert await client.settle() == []
    assert service.calls == [("create", AAPL_TOPIC), ("remove", AAPL_TOPIC)]


async def test_subscribe_during_the_stop_starts_again_after_it() -> None:
    """pitfall 6"""
    service = DrivenService()
    service.stop_gate = asyncio.Event()
    app = App(trades(service))
    async with connect(app.asgi) as client:
        await client.subscribe("trades", AAPL)
        await client.unsubscribe("trades", AAPL)
        await service.stopping.wait()
        waiting = asyncio.create_task(client.subscribe("trades", AAPL))
        await asyncio.sleep(0)
        assert service.count("create") == 1
        service.stop_gate.set()
        assert (await waiting)["status"] == "ok"
        assert [name for name, _ in service.calls] == ["create", "remove", "create"]
        service.feeds[AAPL_TOPIC](Trade(price=2))
        assert await client.receive() == update(AAPL_TOPIC, 1, 2.0)
    await app.idle()


async def test_disconnect_during_the_stop_and_the_wait_for_the_next_start() -> None:
    """pitfall 6"""
    service = DrivenService()
    service.stop_gate = asyncio.Event()
    app = App(trades(service))
    async with connect(app.asgi) as client:
        await client.subscribe("trades", AAPL)
        await client.unsubscribe("trades", AAPL)
        await service.stopping.wait()
        await client.send({"type": "trades.subscribe", "payload": AAPL})
        await client.request("ping")
    service.stop_gate.set()
    await app.idle()
    assert [name for name, _ in service.calls] == ["create", "remove"]


async def test_lingers_before_it_stops() -> None:
    service = DrivenService()
    app = App(trades(service, linger_s=5.0))
    async with connect(app.asgi) as client:
        reply = await client.subscribe("trades", AAPL)
        await client.unsubscribe("trades", AAPL)
        app.clock.advance(4.9)
        service.feeds[AAPL_TOPIC](Trade(price=1))
        again = await client.subscribe("trades", AAPL)
        assert (again["epoch"], again["seq"]) == (reply["epoch"], 1)
        app.clock.advance(60)
        assert service.count("remove") == 0
        await client.unsubscribe("trades", AAPL)
        app.clock.advance(5)
        await app.idle()
    assert service.calls == [("create", AAPL_TOPIC), ("remove", AAPL_TOPIC)]


async def test_numbering_outlives_the_subscribers_for_a_while() -> None:
    router = trades(DrivenService(), replay=None, updates_from="application")
    app = App(router, retention_s=300)
    async with connect(app.asgi) as client:
        first = await client.subscribe("trades", AAPL)
        await client.unsubscribe("trades", AAPL)
        await app.idle()
        app.clock.advance(299)
        assert (await client.subscribe("trades", AAPL))["epoch"] == first["epoch"]
        await client.unsubscribe("trades", AAPL)
        await app.idle()
        assert len(app.hub.backplane) == 1
        app.clock.advance(301)
        assert len(app.hub.backplane) == 0
        assert (await client.subscribe("trades", AAPL))["epoch"] != first["epoch"]


async def test_updates_of_the_start_follow_the_reply() -> None:
    """pitfall 7: what create_topic sends before it returns is not lost, and not early"""
    service = DrivenService()
    service.first = Trade(price=7)
    service.start_gate = asyncio.Event()
    app = App(trades(service))
    async with connect(app.asgi) as one, connect(app.asgi) as two:
        await one.send({"type": "trades.subscribe", "payload": AAPL})
        await service.started.wait()
        await two.send({"type": "trades.subscribe", "payload": AAPL})
        assert await one.settle() == []
        assert await two.settle() == []
        service.start_gate.set()
        for client, seq, updates in ((one, 0, [update(AAPL_TOPIC, 1, 7.0)]), (two, 1, [])):
            assert (await client.receive())["payload"]["seq"] == seq
            assert await client.settle() == updates


async def test_a_stopped_producer_is_not_heard() -> None:
    service = DrivenService()
    app = App(trades(service))
    async with connect(app.asgi) as client:
        await client.subscribe("trades", AAPL)
        old = service.feeds[AAPL_TOPIC]
        await client.unsubscribe("trades", AAPL)
        await app.idle()
        await client.subscribe("trades", AAPL)
        old(Trade(price=6))
        assert await client.settle() == []
        assert app.adapter.metrics.updates_discarded == 1


async def test_wrong_data_raises_in_the_producer_alone() -> None:
    service = DrivenService()
    app = App(trades(service), max_update_bytes=1_000)
    async with connect(app.asgi) as client:
        await client.subscribe("trades", AAPL)
        with pytest.raises(InvalidUpdateError, match=r"trades\.update"):
            service.feeds[AAPL_TOPIC]({"cost": 1})
        assert await client.settle() == []


async def test_an_update_has_a_bound() -> None:
    router = WsRouter[TradesRequest, list[str]](route="words", linger_s=0)
    app = App(router, max_update_bytes=1_000)
    async with connect(app.asgi) as client:
        topic = (await client.subscribe("words", {"symbols": []}))["topic"]
        with pytest.raises(UpdateTooLargeError, match="1004 bytes; at most 1000") as caught:
            router.publish(topic, ["x" * 1_000])
        assert (caught.value.size, caught.value.limit) == (1_004, 1_000)
        router.publish(topic, ["x" * 996])
        assert (await client.receive())["payload"]["seq"] == 1


async def test_several_topics_are_all_or_nothing() -> None:
    """checklist 26"""

    class OneFails(DrivenService):
        async def create_topic(self, topic: str, topic_update: Callable[[Trade], None]) -> None:
            await super().create_topic(topic, topic_update)
            if "BAD" in topic:
                raise OSError("no such symbol")

    service = OneFails()
    router = WsRouter[TradesRequest, Trade](
        route="trades", service=service, topic_builder=by_symbol("symbols"), linger_s=0
    )
    app = App(router)
    async with connect(app.asgi) as client:
        failed = await client.subscribe("trades", {"symbols": ["AAPL", "BAD", "IBM"]})
        assert (failed["code"], failed["topic"]) == ("producer_failed", 'trades:{"symbol":"BAD"}')
        await app.idle()
        assert app.adapter.metrics.subscriptions == 0
        assert service.count("remove") == 2
        reply = await client.subscribe("trades", {"symbols": ["AAPL", "IBM", "AAPL"]})
        topics = ['trades:{"symbol":"AAPL"}', 'trades:{"symbol":"IBM"}']
        assert [one["topic"] for one in reply["topics"]] == topics
        assert reply["topic"] == topics[0]
        both = await client.subscribe("trades", {"symbols": ["IBM"]})
        assert both["topic"] == topics[1]
        service.feeds[topics[1]](Trade(price=3))
        assert await client.settle() == [update(topics[1], 1, 3.0)]
        await client.unsubscribe("trades", {"symbols": ["AAPL", "IBM", "AAPL"]})
        service.feeds[topics[1]](Trade(price=4))
        assert await client.settle() == [update(topics[1], 2, 4.0)]
        await client.unsubscribe("trades", {"symbols": ["IBM"]})
        await app.idle()


async def test_closing_the_app_stops_what_lingers() -> None:
    service = DrivenService()
    app = App(trades(service, linger_s=60.0))
    async with connect(app.asgi) as client, connect(app.asgi) as other:
        await client.subscribe("trades", AAPL)
        await client.unsubscribe("trades", AAPL)
        await other.subscribe("trades", IBM)
        await app.adapter.close()
        assert (await other.wait_closed()).code == 1001
    await app.idle()
    assert {topic for name, topic in service.calls if name == "remove"} == {AAPL_TOPIC, IBM_TOPIC}


async def test_logs_at_debug_what_is_needed_to_see_a_mismatch(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """checklist 33"""
    router = trades()
    app = App(router)
    with caplog.at_level(logging.DEBUG, "topicwire"):
        async with connect(app.asgi) as client:
            await client.subscribe("trades", AAPL)
            router.publish(AAPL_TOPIC, Trade(price=1))
            router.publish("trades:AAPL", Trade(price=1))
            assert client.hello is not None
            session = client.hello["session"]
    assert caplog.messages == [
        f"subscribe: topic {AAPL_TOPIC}, connection {session}",
        f"publish: topic {AAPL_TOPIC}, subscribers 1",
        "publish: topic trades:AAPL, subscribers 0",
    ]
    assert app.adapter.metrics.updates_unwatched == 1
