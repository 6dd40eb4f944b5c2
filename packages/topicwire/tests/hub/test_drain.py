"""The end of all connections: told, answered, flushed, closed with 1001; and other ends."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from packages.topicwire.tests.hub.sockets import Writes
from packages.topicwire.tests.identity.tokens import Tokens
from packages.topicwire.tests.trading import (
    AAPL,
    AAPL_TOPIC,
    IBM,
    App,
    DrivenService,
    Trade,
    trades,
    update,
)

from topicwire.close_codes import GOING_AWAY, MESSAGE_TOO_BIG, RATE_LIMITED
from topicwire.hub.drain import Drain
from topicwire.testing import ConnectionEnded, InProcessClient, ManualClock, connect
from topicwire.wire.frames import Frame


def drain(app: App, **options: Any) -> asyncio.Task[None]:
    return asyncio.get_running_loop().create_task(app.adapter.drain(**options))


async def all_of(client: InProcessClient) -> tuple[list[dict[str, Any]], int]:
    """Return everything until the connection ends, and its close code."""
    messages = []
    try:
        while True:
            messages.append(await client.receive())
    except ConnectionEnded as ended:
        return messages, ended.code


def is_closing(message: dict[str, Any]) -> bool:
    return bool(message["type"] == "closing")


async def test_clients_are_told_get_what_waits_for_them_and_are_closed_with_1001() -> None:
    service = DrivenService()
    app = App(trades(service, linger_s=60))
    async with connect(app.asgi) as ours, connect(app.asgi, legacy=True) as legacy:
        for client in (ours, legacy):
            await client.subscribe("trades", AAPL)
        for price in range(1, 4):
            service.feeds[AAPL_TOPIC](Trade(price=price))
        draining = drain(app, reason="a new version")
        updates = [update(AAPL_TOPIC, seq, float(seq)) for seq in range(1, 4)]
        messages, code = await all_of(ours)
        assert (messages[:3], code) == (updates, GOING_AWAY)
        [closing] = messages[3:]
        assert closing["type"] == "closing"
        assert closing["payload"]["reason"] == "a new version"
        assert 0 <= closing["payload"]["retry_after_ms"] <= 1_000
        assert await all_of(legacy) == (updates, GOING_AWAY)
        await draining
    assert service.count("remove") == 1
    assert app.adapter.metrics.closes[GOING_AWAY] == 2


async def test_commands_sent_before_are_answered_and_later_ones_refused_in_their_order() -> None:
    service = DrivenService()
    service.start_gate = asyncio.Event()
    app = App(trades(service))
    async with connect(app.asgi) as client:
        await client.send({"type": "trades.subscribe", "payload": AAPL, "id": "before"})
        await service.started.wait()
        draining = drain(app)
        assert is_closing(await client.receive())
        await client.send({"type": "trades.subscribe", "payload": IBM, "id": "after"})
        await client.send({"type": "trades.unsubscribe", "payload": AAPL, "id": "leave"})
        assert (await client.request("ping"))["type"] == "pong"
        service.start_gate.set()
        messages, code = await all_of(client)
        replies = {one["id"]: one["payload"] for one in messages}
        assert list(replies) == ["before", "after", "leave"]
        assert replies["before"]["status"] == "ok"
        assert replies["after"]["code"] == replies["leave"]["code"] == "draining"
        assert code == GOING_AWAY
        await draining
    assert service.count("create") == 1


async def test_a_token_that_was_sent_before_is_answered_too() -> None:
    tokens = Tokens()
    app = App(trades(), authenticate=tokens)
    async with connect(app.asgi, token="ann") as client:
        tokens.gate = asyncio.Event()
        tokens.asked.clear()
        await client.send({"type": "auth", "id": "before", "payload": {"token": "ann"}})
        await tokens.asked.wait()
        draining = drain(app)
        assert is_closing(await client.receive())
        await client.request("ping")
        tokens.gate.set()
        [answer], code = await all_of(client)
        assert (answer["id"], answer["payload"], code) == ("before", {"status": "ok"}, GOING_AWAY)
        await draining


async def test_one_that_does_not_read_holds_up_nobody_and_is_given_up_in_time() -> None:
    service = DrivenService()
    app = App(trades(service))
    async with connect(app.asgi) as stalled, connect(app.asgi) as client:
        for one in (stalled, client):
            await one.subscribe("trades", AAPL)
        stalled.stall()
        service.feeds[AAPL_TOPIC](Trade(price=1))
        draining = drain(app, timeout_s=10)
        messages, code = await all_of(client)
        assert (len(messages), code) == (2, GOING_AWAY)
        assert not draining.done()
        app.clock.advance(10)
        await draining
        assert (await stalled.wait_closed()).code == 1006
    metrics = app.adapter.metrics
    assert (metrics.connections, metrics.drains_timed_out, metrics.closes) == (0, 1, {1001: 1})
    assert app.clock.alarms == 0


async def test_who_connects_meanwhile_and_afterwards_is_told_and_closed() -> None:
    app = App(trades())
    async with connect(app.asgi) as stalled:
        stalled.stall()
        await stalled.send({"type": "ping"})
        await asyncio.sleep(0)
        draining = drain(app)
        await asyncio.sleep(0)
        await refused(app)
        app.clock.advance(10)
        await draining
    await refused(app)


async def refused(app: App) -> None:
    async with connect(app.asgi) as client:
        assert client.hello is not None
        messages, code = await all_of(client)
        assert (len(messages), is_closing(messages[0]), code) == (1, True, GOING_AWAY)
    async with connect(app.asgi, legacy=True) as client:
        assert await all_of(client) == ([], GOING_AWAY)


async def test_draining_again_is_the_same_drain_and_closing_goes_on_after_it() -> None:
    service = DrivenService()
    app = App(trades(service))
    async with connect(app.asgi) as client:
        await client.subscribe("trades", AAPL)
        first, second = drain(app), drain(app)
        messages, _ = await all_of(client)
        assert len(messages) == 1
        await asyncio.gather(first, second)
        await drain(app)
        await app.adapter.close()
    assert service.count("remove") == 1


async def test_closing_does_not_wait_for_a_drain() -> None:
    app = App(trades())
    async with connect(app.asgi) as stalled:
        stalled.stall()
        await stalled.send({"type": "ping"})
        await asyncio.sleep(0)
        draining = drain(app)
        await asyncio.sleep(0)
        stalled.resume()
        await app.adapter.close()
        await draining
        assert (await stalled.wait_closed()).code == GOING_AWAY


async def test_whoever_waits_for_a_drain_may_give_up_waiting() -> None:
    app = App(trades())
    async with connect(app.asgi) as client:
        waiting = drain(app)
        await asyncio.sleep(0)
        waiting.cancel()
        assert (await client.wait_closed()).code == GOING_AWAY


async def test_an_application_that_starts_again_takes_connections_again() -> None:
    app = App(trades())
    for _ in range(2):
        async with app.asgi.router.lifespan_context(app.asgi), connect(app.asgi) as client:
            assert (await client.subscribe("trades", AAPL))["status"] == "ok"
            await drain(app)
            assert (await client.wait_closed()).code == GOING_AWAY


# How the reconnections are spread


class Member:
    """A connection that ends when it is told to."""

    def __init__(self, members: set[Member], told: list[Frame]) -> None:
        self.members = members
        self.told = told

    def drain(self, closing: Frame) -> None:
        self.told.append(closing)
        self.members.discard(self)

    def give_up(self) -> None:
        raise AssertionError


async def windows(count: int) -> set[int]:
    """Return the windows that the times of so many clients are drawn from."""
    seen: set[int] = set()

    def below(limit: int) -> int:
        seen.add(limit - 1)
        return limit - 1

    members: set[Member] = set()
    told: list[Frame] = []
    members |= {Member(members, told) for _ in range(count)}
    ending = Drain(ManualClock(), members, asyncio.get_running_loop().create_task, below)
    await ending.begin("", 10)
    assert len(told) == count
    return seen


async def test_the_more_connections_the_longer_they_take_to_come_back() -> None:
    assert await windows(1) == {1_000}
    assert await windows(500) == {1_000}
    assert await windows(10_000) == {20_000}


async def test_the_last_one_may_leave_in_the_moment_in_which_the_time_is_over() -> None:
    class Quiet(Member):
        def drain(self, closing: Frame) -> None:
            self.told.append(closing)

    clock, members, told = ManualClock(), set[Member](), list[Frame]()
    members.add(Quiet(members, told))
    ending = Drain(clock, members, asyncio.get_running_loop().create_task)
    over = ending.begin("", 10)
    await asyncio.sleep(0)
    assert len(told) == 1
    clock.advance(10)
    await asyncio.sleep(0)  # the drain is cut off, and has not noticed yet
    members.clear()
    ending.left()
    await over


# Other ends: what waits is sent before the close frame


async def test_replies_are_sent_before_a_message_that_is_too_large_ends_the_connection() -> None:
    app = App(trades(), max_message_bytes=1_000)
    async with connect(app.asgi) as client:
        for number in range(3):
            await client.send({"type": "nothing", "id": number})
        await client.send("x" * 1_001)
        messages, code = await all_of(client)
        assert [one["id"] for one in messages] == [0, 1, 2]
        assert code == MESSAGE_TOO_BIG


async def test_what_waits_is_sent_before_a_flood_of_refused_commands_ends_the_connection() -> None:
    service = DrivenService()
    service.start_gate = asyncio.Event()
    app = App(trades(service), max_waiting_refusals=3)
    async with connect(app.asgi) as client:
        await client.send({"type": "trades.subscribe", "payload": AAPL})
        await service.started.wait()
        await client.send({"type": "ping", "id": "last"})
        for _ in range(4):
            await client.send("{")
        messages, code = await all_of(client)
        assert [one["id"] for one in messages] == ["last"]
        assert code == RATE_LIMITED


async def test_a_client_that_does_not_read_gets_no_more_than_the_time_for_it(
    direct: Writes | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("topicwire.hub.ending.CLOSE_TIMEOUT_S", 0.01)
    app = App(trades(), max_message_bytes=1_000)
    async with connect(app.asgi) as client:
        client.stall()
        await client.send({"type": "ping"})
        await client.send("x" * 1_001)
        # on a socket the close frame is behind what the client leaves
        assert await all_of(client) == ([], 1006 if direct else MESSAGE_TOO_BIG)
