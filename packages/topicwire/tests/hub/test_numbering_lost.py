"""A backplane loses the numbering of topics that have subscribers: they are told, and go on."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from packages.topicwire.tests.hub.mortal import CLOSED, MortalService, reset, restarts
from packages.topicwire.tests.hub.test_later_snapshot import LaterService, later
from packages.topicwire.tests.hub.test_snapshot import StatefulService, snapshot
from packages.topicwire.tests.trading import (
    AAPL,
    AAPL_TOPIC,
    App,
    DrivenService,
    Trade,
    trades,
    update,
)

from topicwire.testing import connect
from topicwire.types import TopicId

TOPIC = TopicId("trades", AAPL_TOPIC)


def lost(seq: int, epoch: str, *, has_snapshot: bool = False) -> dict[str, Any]:
    message = reset(seq, epoch, snapshot=has_snapshot)
    message["payload"]["reason"] = "numbering_lost"
    return message


async def test_an_epoch_change_under_live_subscribers_is_told() -> None:
    """trap: an epoch change under live subscribers"""
    service = DrivenService()
    app = App(trades(service))
    async with connect(app.asgi) as one, connect(app.asgi) as two, connect(app.asgi) as late:
        before = await one.subscribe("trades", AAPL)
        await two.subscribe("trades", AAPL)
        service.feeds[AAPL_TOPIC](Trade(price=1))
        app.hub.backplane.lose(TOPIC)
        service.feeds[AAPL_TOPIC](Trade(price=2))
        seen = await one.settle()
        epoch = seen[1]["payload"]["epoch"]
        assert epoch != before["epoch"]
        assert seen == [update(AAPL_TOPIC, 1, 1.0), lost(0, epoch), update(AAPL_TOPIC, 1, 2.0)]
        assert await two.settle() == seen
        # nothing of the old numbering is kept; the new one is
        old = {"epoch": before["epoch"], "seq": 0}
        assert (await late.subscribe("trades", AAPL, resume=old))["recovered"] is False
        await late.unsubscribe("trades", AAPL)
        new = {"epoch": epoch, "seq": 0}
        assert (await late.subscribe("trades", AAPL, resume=new))["recovered"] is True
        assert await late.settle() == [update(AAPL_TOPIC, 1, 2.0)]
        assert service.calls == [("create", AAPL_TOPIC)]


async def test_the_state_follows_the_reset() -> None:
    service = StatefulService()
    app = App(trades(service))
    async with connect(app.asgi) as client:
        await client.subscribe("trades", AAPL)
        service.change(AAPL_TOPIC, 1)
        app.hub.backplane.lose(TOPIC)
        service.change(AAPL_TOPIC, 2)
        seen = await client.settle()
        assert seen == [
            update(AAPL_TOPIC, 1, 1.0),
            lost(0, seen[1]["payload"]["epoch"], has_snapshot=True),
            snapshot(AAPL_TOPIC, 0, 1.0),
            update(AAPL_TOPIC, 1, 2.0),
        ]


async def test_a_last_value_of_the_old_numbering_is_no_state_of_the_new_one() -> None:
    router = trades(snapshot="last")
    app = App(router)
    async with connect(app.asgi) as client, connect(app.asgi) as late:
        await client.subscribe("trades", AAPL)
        router.publish(AAPL_TOPIC, Trade(price=1))
        app.hub.backplane.lose(TOPIC)
        seen = await client.settle()
        assert seen[1] == lost(0, seen[1]["payload"]["epoch"])
        assert "snapshot" not in await late.subscribe("trades", AAPL)


async def test_a_state_that_takes_time_follows_the_reset_too() -> None:
    service = LaterService()
    service.gate.set()
    app = App(later(service))
    async with connect(app.asgi) as client, connect(app.asgi) as late:
        before = await client.subscribe("trades", AAPL)
        service.feeds[AAPL_TOPIC](Trade(price=1))
        assert await client.settle() == [update(AAPL_TOPIC, 1, 1.0)]
        service.gate.clear()
        service.being_asked.clear()
        app.hub.backplane.lose(TOPIC)
        service.feeds[AAPL_TOPIC](Trade(price=2))
        await service.being_asked.wait()
        service.feeds[AAPL_TOPIC](Trade(price=3))
        assert await client.settle() == []
        # the place is still the one that the client was told
        again = await client.subscribe("trades", AAPL)
        assert (again["epoch"], again["seq"]) == (before["epoch"], 1)
        # who comes meanwhile is nothing the reset is for
        await service.asked_by(late, AAPL)
        service.price = 3
        service.gate.set()
        assert (await late.receive())["payload"]["status"] == "ok"
        assert [one["type"] for one in await late.settle()] == ["trades.update"]
        seen = await client.settle()
        epoch = seen[0]["payload"]["epoch"]
        assert seen == [
            lost(1, epoch, has_snapshot=True),
            snapshot(AAPL_TOPIC, 1, 3.0),
            update(AAPL_TOPIC, 2, 3.0),
        ]
        service.feeds[AAPL_TOPIC](Trade(price=4))
        assert await client.settle() == await late.settle() == [update(AAPL_TOPIC, 3, 4.0)]


async def test_twice_in_a_row_is_told_once() -> None:
    service = LaterService()
    service.gate.set()
    app = App(later(service))
    async with connect(app.asgi) as client:
        await client.subscribe("trades", AAPL)
        service.gate.clear()
        app.hub.backplane.lose(TOPIC)
        await client.settle()
        app.hub.backplane.lose(TOPIC)
        service.gate.set()
        seen = await client.settle()
        assert [one["type"] for one in seen] == ["trades.reset"]
        position = await app.hub.backplane.open(TOPIC)
        assert seen == [lost(0, position.epoch)]


async def test_twice_while_updates_go_on_two_readings_do_not_undo_each_other() -> None:
    class OneByOne(LaterService):
        def __init__(self) -> None:
            super().__init__()
            self.gates: list[asyncio.Event] = []

        async def get_snapshot(self, topic: str) -> Trade | None:
            self.asked.append(topic)
            self.gates.append(asyncio.Event())
            if len(self.asked) > 1:
                await self.gates[-1].wait()
            return Trade(price=0)

    service = OneByOne()
    app = App(later(service))
    async with connect(app.asgi) as client:
        await client.subscribe("trades", AAPL)
        await client.settle()
        for _ in range(2):
            app.hub.backplane.lose(TOPIC)
            await client.settle()
        seen: list[dict[str, Any]] = []
        for read in range(1, 4):
            service.feeds[AAPL_TOPIC](Trade(price=read))
            for gate in [one for one in service.gates[1:] if not one.is_set()][:1]:
                gate.set()
            seen += await client.settle()
        epoch = (await app.hub.backplane.open(TOPIC)).epoch
        assert seen == [
            lost(1, epoch, has_snapshot=True),
            snapshot(AAPL_TOPIC, 1, 0.0),
            update(AAPL_TOPIC, 2, 2.0),
            update(AAPL_TOPIC, 3, 3.0),
        ]


@pytest.mark.parametrize("fails", ["raises", "takes too long"])
async def test_where_the_state_cannot_be_had_the_topic_is_interrupted(fails: str) -> None:
    service = LaterService()
    service.gate.set()
    app = App(later(service), command_timeout_s=10)
    async with connect(app.asgi) as client:
        await client.subscribe("trades", AAPL)
        service.being_asked.clear()
        if fails == "raises":
            service.error = OSError("far away")
        else:
            service.gate.clear()
        app.hub.backplane.lose(TOPIC)
        await service.being_asked.wait()
        if fails == "takes too long":
            app.clock.advance(10)
        assert await client.receive() == CLOSED
        service.error = None
        service.gate.set()
        service.price = 1
        async with asyncio.timeout(10):
            while service.count("create") < 2:
                app.clock.advance(1)
                await client.request("ping")
        told = await client.receive()
        assert told == reset(0, told["payload"]["epoch"], snapshot=True)
        assert await client.settle() == [snapshot(AAPL_TOPIC, 0, 1.0)]
    await app.idle()
    assert service.count("create") == service.count("remove") == 2


async def test_a_plain_state_that_cannot_be_had_interrupts_it_at_once() -> None:
    service = StatefulService()
    app = App(trades(service))

    def fail(topic: str) -> None:
        raise OSError(topic)

    async with connect(app.asgi) as client:
        await client.subscribe("trades", AAPL)
        service.on_asked = fail
        app.hub.backplane.lose(TOPIC)
        service.feeds[AAPL_TOPIC](Trade(price=1))  # it is dead to the topic
        assert await client.settle() == [CLOSED]
        assert app.adapter.metrics.updates_discarded == 1


async def test_a_dead_topic_whose_numbering_is_lost_is_told_of_once_it_runs() -> None:
    service = MortalService()
    router = trades(service, updates_from="application")
    app = App(router)
    async with connect(app.asgi) as client:
        before = await client.subscribe("trades", AAPL)
        service.die()
        assert await client.receive() == CLOSED
        app.hub.backplane.lose(TOPIC)
        router.publish(AAPL_TOPIC, Trade(price=1))
        assert await client.settle() == []
        await restarts(app, service, client, 2)
        told = await client.receive()
        assert told["payload"]["epoch"] != before["epoch"]
        assert told == reset(0, told["payload"]["epoch"])
        assert await client.settle() == [update(AAPL_TOPIC, 1, 1.0)]


async def test_more_than_can_be_held_back_is_left_out_and_nobody_is_closed() -> None:
    service = MortalService()
    router = trades(service, updates_from="application")
    app = App(router, max_queue_bytes=500)
    async with connect(app.asgi) as client:
        await client.subscribe("trades", AAPL)
        service.die()
        assert await client.receive() == CLOSED
        app.hub.backplane.lose(TOPIC)
        for price in range(100):
            router.publish(AAPL_TOPIC, Trade(price=price))
        await restarts(app, service, client, 2)
        told = await client.receive()
        assert told == reset(100, told["payload"]["epoch"])
        router.publish(AAPL_TOPIC, Trade(price=7))
        assert await client.settle() == [update(AAPL_TOPIC, 101, 7.0)]


async def test_nobody_is_told_of_what_nobody_has() -> None:
    """While it starts, lingers, or is kept."""
    service = DrivenService()
    service.start_gate = asyncio.Event()
    app = App(trades(service, linger_s=5.0))
    async with connect(app.asgi) as client:
        await client.send({"type": "trades.subscribe", "id": 1, "payload": AAPL})
        await service.started.wait()
        app.hub.backplane.lose(TOPIC)
        service.start_gate.set()
        reply = (await client.receive())["payload"]
        assert reply["epoch"] == (await app.hub.backplane.open(TOPIC)).epoch
        await client.unsubscribe("trades", AAPL)
        app.hub.backplane.lose(TOPIC)
        again = await client.subscribe("trades", AAPL)
        assert again["epoch"] != reply["epoch"]
        service.feeds[AAPL_TOPIC](Trade(price=1))
        assert await client.settle() == [update(AAPL_TOPIC, 1, 1.0)]


async def test_a_ring_that_is_kept_for_nobody_begins_anew() -> None:
    router = trades(DrivenService(), updates_from="application")
    app = App(router)
    async with connect(app.asgi) as client:
        before = await client.subscribe("trades", AAPL)
        await client.unsubscribe("trades", AAPL)
        await app.idle()
        router.publish(AAPL_TOPIC, Trade(price=1))
        app.hub.backplane.lose(TOPIC)
        router.publish(AAPL_TOPIC, Trade(price=2))
        old = {"epoch": before["epoch"], "seq": 0}
        reply = await client.subscribe("trades", AAPL, resume=old)
        assert (reply["recovered"], reply["seq"]) == (False, 1)
        await client.unsubscribe("trades", AAPL)
        new = {"epoch": reply["epoch"], "seq": 0}
        assert (await client.subscribe("trades", AAPL, resume=new))["recovered"] is True
        assert await client.settle() == [update(AAPL_TOPIC, 1, 2.0)]
