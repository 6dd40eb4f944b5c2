"""Who is quiet is asked, and who does not answer is closed: 4010."""

from __future__ import annotations

import asyncio

import pytest
from packages.topicwire.tests.trading import AAPL, AAPL_TOPIC, App, DrivenService, Trade, trades

from topicwire.hub.clock import TURNS
from topicwire.testing import InProcessClient, connect

PING = {"type": "ping"}


async def turns() -> None:
    """Let the loop run for as long as a verdict takes."""
    for _ in range(2 * TURNS):
        await asyncio.sleep(0)


async def pass_(app: App, seconds: float) -> None:
    app.clock.advance(seconds)
    await turns()


# In process, with the whole hub


async def test_a_quiet_client_is_asked_and_one_that_answers_is_asked_again() -> None:
    app = App(trades())
    async with connect(app.asgi) as client:
        client.answers_pings = False
        for _ in range(3):
            await pass_(app, 24.9)
            assert await asked(app, client, after_s=0.1)
            await client.send({"type": "pong"})
            await turns()
        assert app.adapter.metrics.closes[4010] == 0


async def asked(app: App, client: InProcessClient, after_s: float) -> bool:
    assert client._from_app.empty()
    await pass_(app, after_s)
    return await client.receive() == PING


async def test_without_an_answer_the_connection_is_closed_and_its_topics_are_let_go() -> None:
    service = DrivenService()
    app = App(trades(service))
    async with connect(app.asgi) as client:
        await client.subscribe("trades", AAPL)
        client.answers_pings = False
        await pass_(app, 25)
        assert await client.receive() == PING
        await pass_(app, 9.9)
        assert app.adapter.metrics.connections == 1
        await pass_(app, 0.1)
        ended = await client.wait_closed()
        assert (ended.code, ended.reason) == (4010, "no sign of life")
        await app.idle()
    assert service.count("remove") == 1
    assert app.adapter.metrics.closes[4010] == 1
    assert app.clock.alarms == 0


@pytest.mark.parametrize("said", ['{"type":"pong"}', '{"type":"ping"}', "{", b"\xff", '{"type":1}'])
async def test_any_message_is_a_sign_of_life(said: str | bytes) -> None:
    app = App(trades())
    async with connect(app.asgi) as client:
        client.answers_pings = False
        await pass_(app, 25)
        await pass_(app, 9.9)
        await client.send(said)
        await turns()
        await pass_(app, 24.9)
        assert app.adapter.metrics.connections == 1


async def test_what_has_arrived_and_is_not_read_yet_is_a_sign_of_life() -> None:
    """A handler that holds the event loop for longer than the grace ends nobody's connection."""
    app = App(trades())
    async with connect(app.asgi) as client:
        client.answers_pings = False
        await pass_(app, 25)
        await client.send({"type": "pong"})
        await pass_(app, 60)
        assert app.adapter.metrics.connections == 1


async def test_a_slow_handler_delays_neither_the_pong_nor_the_verdict() -> None:
    """trap: a slow handler while pings arrive"""
    service = DrivenService()
    service.start_gate = asyncio.Event()
    app = App(trades(service), command_timeout_s=1_000)
    async with connect(app.asgi) as answering, connect(app.asgi) as dead:
        for client in (answering, dead):
            await client.send({"type": "trades.subscribe", "payload": AAPL})
        await service.started.wait()
        dead.answers_pings = False
        for number in range(10):
            await answering.send({"type": "ping", "id": number})
            assert await answering.receive() == {"type": "pong", "id": number}
        await pass_(app, 25)
        await pass_(app, 10)
        assert (await dead.wait_closed()).code == 4010
        await pass_(app, 15)
        service.start_gate.set()
        assert (await answering.receive())["payload"]["status"] == "ok"


async def test_a_client_that_takes_nothing_is_left_to_the_send_timeout() -> None:
    """The grace begins when the ping has left, and here it cannot."""
    service = DrivenService()
    app = App(trades(service), send_timeout_s=60)
    async with connect(app.asgi) as client:
        await client.subscribe("trades", AAPL)
        client.answers_pings = False
        client.stall()
        service.feeds[AAPL_TOPIC](Trade(price=1))
        await turns()
        await pass_(app, 25)
        await pass_(app, 34)
        assert app.adapter.metrics.connections == 1
        client.resume()
        assert (await client.receive())["type"] == "trades.update"
        assert await client.receive() == PING
        await pass_(app, 9.9)
        assert app.adapter.metrics.connections == 1
        await pass_(app, 0.1)
        assert (await client.wait_closed()).code == 4010
    assert app.adapter.metrics.sends_timed_out == 0


async def test_a_ping_does_not_wait_behind_what_waits_for_the_client() -> None:
    service = DrivenService()
    app = App(trades(service))
    async with connect(app.asgi) as client:
        await client.subscribe("trades", AAPL)
        client.answers_pings = False
        client.stall()
        for price in range(2_000):
            service.feeds[AAPL_TOPIC](Trade(price=price))
            if price == 0:
                await turns()
        await pass_(app, 25)
        client.resume()
        received = [await client.receive() for _ in range(2_001)]
        assert received.index(PING) < 2_000


async def test_a_legacy_client_is_not_asked() -> None:
    app = App(trades())
    async with connect(app.asgi, legacy=True) as client:
        await pass_(app, 1_000)
        await pass_(app, 1_000)
        assert await client.settle() == []
    assert app.adapter.metrics.closes[4010] == 0


async def test_hello_says_how_long_either_side_waits() -> None:
    app = App(trades(), heartbeat_s=3, heartbeat_grace_s=0.5)
    async with connect(app.asgi) as client:
        assert client.hello is not None
        assert client.hello["heartbeat_s"] == 3
        assert client.hello["limits"]["heartbeat_grace_s"] == 0.5
