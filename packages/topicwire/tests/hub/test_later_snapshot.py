"""States that take time to read: newer than the position, and what came meanwhile follows."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from packages.topicwire.tests.hub.test_snapshot import snapshot
from packages.topicwire.tests.trading import (
    AAPL,
    AAPL_TOPIC,
    IBM,
    App,
    DrivenService,
    Trade,
    TradesRequest,
    trades,
    update,
)

from topicwire import WsRouter, by_symbol
from topicwire.testing import InProcessClient, connect
from topicwire.types import TopicId


class LaterService(DrivenService):
    """Reads a price from far away: the answer comes when the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.price: float | None = None
        self.gate = asyncio.Event()
        self.being_asked = asyncio.Event()
        self.error: BaseException | None = None

    async def get_snapshot(self, topic: str) -> Trade | None:
        self.asked.append(topic)
        self.being_asked.set()
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        return None if self.price is None else Trade(price=self.price)

    async def asked_by(self, client: InProcessClient, request: dict[str, Any]) -> None:
        """Let a client subscribe, up to where its state is read."""
        self.being_asked.clear()
        await client.send({"type": "trades.subscribe", "id": "later", "payload": request})
        await self.being_asked.wait()


def later(service: LaterService, **options: Any) -> WsRouter[Any, Any]:
    return trades(service, full_state=True, **options)


async def test_what_comes_while_it_is_read_follows_it() -> None:
    service = LaterService()
    app = App(later(service))
    async with connect(app.asgi) as client:
        await service.asked_by(client, AAPL)
        service.feeds[AAPL_TOPIC](Trade(price=1))
        service.feeds[AAPL_TOPIC](Trade(price=2))
        assert await client.settle() == []
        service.price = 2
        service.gate.set()
        reply = (await client.receive())["payload"]
        assert (reply["seq"], reply["snapshot"]) == (0, True)
        service.feeds[AAPL_TOPIC](Trade(price=3))
        assert await client.settle() == [
            snapshot(AAPL_TOPIC, 0, 2.0),
            *[update(AAPL_TOPIC, n, float(n)) for n in (1, 2, 3)],
        ]


async def test_its_position_is_where_the_reading_began() -> None:
    service = LaterService()
    service.gate.set()
    app = App(later(service))
    async with connect(app.asgi) as first, connect(app.asgi) as second:
        reply = await first.subscribe("trades", AAPL)
        assert "snapshot" not in reply
        service.feeds[AAPL_TOPIC](Trade(price=1))
        service.price = 1
        reply = await second.subscribe("trades", AAPL)
        assert (reply["seq"], reply["snapshot"]) == (1, True)
        assert await second.settle() == [snapshot(AAPL_TOPIC, 1, 1.0)]


async def test_who_can_be_recovered_needs_none() -> None:
    service = LaterService()
    service.gate.set()
    app = App(later(service))
    async with connect(app.asgi) as first, connect(app.asgi) as second:
        reply = await first.subscribe("trades", AAPL)
        service.feeds[AAPL_TOPIC](Trade(price=1))
        resume = {"epoch": reply["epoch"], "seq": 0}
        assert (await second.subscribe("trades", AAPL, resume=resume))["recovered"] is True
        assert await second.settle() == [update(AAPL_TOPIC, 1, 1.0)]
        assert service.asked == [AAPL_TOPIC]
        resume = {"epoch": "gone", "seq": 0}
        await second.unsubscribe("trades", AAPL)
        assert (await second.subscribe("trades", AAPL, resume=resume))["recovered"] is False
        assert len(service.asked) == 2


@pytest.mark.parametrize("error", [OSError("far away"), asyncio.CancelledError()])
async def test_a_state_that_cannot_be_had_fails_the_subscription_alone(
    error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    service = LaterService()
    service.gate.set()
    app = App(later(service))
    async with connect(app.asgi) as first, connect(app.asgi) as second:
        assert (await first.subscribe("trades", AAPL))["status"] == "ok"
        service.error = error
        failed = await second.subscribe("trades", AAPL)
        assert (failed["code"], failed["topic"]) == ("producer_failed", AAPL_TOPIC)
        service.feeds[AAPL_TOPIC](Trade(price=1))
        assert await first.settle() == [update(AAPL_TOPIC, 1, 1.0)]
        assert await second.settle() == []
        assert app.adapter.metrics.snapshots_failed == 1
        assert app.adapter.metrics.subscriptions == 1
    await app.idle()
    assert "get_snapshot failed" in caplog.text


async def test_what_the_route_does_not_declare_fails_it() -> None:
    class Wrong(LaterService):
        async def get_snapshot(self, topic: str) -> Any:
            del topic
            return {"cost": 1}

    app = App(later(Wrong()))
    async with connect(app.asgi) as client:
        assert (await client.subscribe("trades", AAPL))["code"] == "producer_failed"
    await app.idle()


async def test_one_that_takes_too_long_is_told() -> None:
    service = LaterService()
    app = App(later(service), command_timeout_s=10)
    async with connect(app.asgi) as client:
        await service.asked_by(client, AAPL)
        app.clock.advance(10)
        answer = (await client.receive())["payload"]
        assert (answer["code"], answer["topic"]) == ("timeout", AAPL_TOPIC)
        await app.idle()
    assert service.count("remove") == 1


async def test_it_keeps_nobody_else_waiting() -> None:
    """Commands of this connection keep their order; others do not notice."""
    service = LaterService()
    app = App(later(service))
    async with connect(app.asgi) as slow, connect(app.asgi) as other:
        await service.asked_by(slow, AAPL)
        await slow.send({"type": "trades.unsubscribe", "id": "next", "payload": AAPL})
        await other.settle()
        await service.asked_by(other, IBM)
        assert await slow.settle() == []
        service.gate.set()
        assert [(await slow.receive())["id"] for _ in range(2)] == ["later", "next"]
        assert (await other.receive())["id"] == "later"


async def test_several_are_read_at_the_same_time() -> None:
    service = LaterService()
    router = WsRouter[TradesRequest, Trade](
        route="trades",
        service=service,
        topic_builder=by_symbol("symbols"),
        linger_s=0,
        full_state=True,
    )
    app = App(router)
    topics = ['trades:{"symbol":"AAPL"}', 'trades:{"symbol":"IBM"}']
    async with connect(app.asgi) as client:
        await service.asked_by(client, {"symbols": ["AAPL", "IBM"]})
        await client.settle()
        assert service.asked == topics
        service.price = 7
        service.gate.set()
        reply = (await client.receive())["payload"]
        assert [one["snapshot"] for one in reply["topics"]] == [True, True]
        assert await client.settle() == [snapshot(topic, 0, 7.0) for topic in topics]


@pytest.mark.parametrize("leaves", ["disconnect", "the other fails"])
async def test_who_leaves_meanwhile_holds_nothing(leaves: str) -> None:
    """pitfall 6"""
    service = LaterService()
    app = App(later(service))
    async with connect(app.asgi) as client, connect(app.asgi) as other:
        await service.asked_by(client, AAPL)
        if leaves == "disconnect":
            await client.close()
            await client.wait_closed()
            await app.idle()
        service.error = OSError("far away")
        service.gate.set()
        await other.settle()
        await app.idle()
    assert app.adapter.metrics.subscriptions == 0
    assert service.count("create") == service.count("remove") == 1


async def test_a_numbering_lost_while_it_is_read_has_it_read_anew() -> None:
    """A state read before belongs to no position of the new numbering."""
    service = LaterService()
    app = App(later(service))
    async with connect(app.asgi) as client:
        await service.asked_by(client, AAPL)
        service.feeds[AAPL_TOPIC](Trade(price=1))
        app.hub.backplane.lose(TopicId("trades", AAPL_TOPIC))
        service.price = 5
        service.gate.set()
        reply = (await client.receive())["payload"]
        assert service.asked == [AAPL_TOPIC] * 2
        assert (reply["seq"], reply["snapshot"]) == (0, True)
        service.feeds[AAPL_TOPIC](Trade(price=6))
        assert await client.settle() == [
            snapshot(AAPL_TOPIC, 0, 5.0),
            update(AAPL_TOPIC, 1, 6.0),
        ]
