"""The faults of this field, one test each, against the real server and an independent client."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from packages.topicwire.tests.asgi.calls import calls_of
from packages.topicwire.tests.serving import (
    ask,
    read_to_the_end,
    receive,
    send,
    serving,
    settled,
)
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
from websockets.asyncio.client import ClientConnection, connect

from topicwire import WsRouter
from topicwire.close_codes import MESSAGE_TOO_BIG, SLOW_CONSUMER


@asynccontextmanager
async def clients(app: App, count: int = 2) -> AsyncIterator[list[ClientConnection]]:
    async with serving(app.asgi) as url:
        sockets = [await connect(url, compression=None) for _ in range(count)]
        try:
            yield sockets
        finally:
            for socket in sockets:
                await socket.close()


async def test_pitfall_01_disconnect_without_unsubscribe_stops_the_producer() -> None:
    """pitfall 1"""
    service = DrivenService()
    app = App(trades(service))
    async with clients(app) as (leaver, stayer):
        await ask(leaver, "trades.subscribe", AAPL)
        await ask(stayer, "trades.subscribe", IBM)
        leaver.transport.abort()
        await service.stopping.wait()
        assert service.calls[-1] == ("remove", AAPL_TOPIC)
        assert await settled(stayer) == []
    await app.idle()
    assert app.adapter.metrics.connections == 0


async def test_pitfall_02_two_first_subscribers_start_one_producer() -> None:
    """pitfall 2"""
    service = DrivenService()
    service.start_gate = asyncio.Event()
    app = App(trades(service))
    async with clients(app) as sockets:
        for socket in sockets:
            await send(socket, "trades.subscribe", AAPL)
            assert await settled(socket) == []
        service.start_gate.set()
        for socket in sockets:
            assert (await receive(socket))["payload"]["status"] == "ok"
        assert service.calls == [("create", AAPL_TOPIC)]
        await sockets[0].close()
        service.feeds[AAPL_TOPIC](Trade(price=1))
        assert await receive(sockets[1]) == update(AAPL_TOPIC, 1, 1.0)
        assert service.count("remove") == 0
    await app.idle()


async def test_pitfall_03_subscribing_twice_and_unsubscribing_once_leaves_nothing() -> None:
    """pitfall 3"""
    service = DrivenService()
    app = App(trades(service))
    async with clients(app, 1) as (socket,):
        await ask(socket, "trades.subscribe", AAPL)
        assert (await ask(socket, "trades.subscribe", AAPL))["message"] == "Already subscribed"
        assert (await ask(socket, "trades.unsubscribe", AAPL))["status"] == "ok"
        await app.idle()
        assert service.calls == [("create", AAPL_TOPIC), ("remove", AAPL_TOPIC)]
        assert (await ask(socket, "trades.unsubscribe", AAPL))["code"] == "not_subscribed"


async def test_pitfall_04_who_never_subscribed_stops_nobody() -> None:
    """pitfall 4"""
    service = DrivenService()
    app = App(trades(service))
    async with clients(app) as (a, b):
        await ask(a, "trades.subscribe", AAPL)
        assert (await ask(b, "trades.unsubscribe", AAPL))["code"] == "not_subscribed"
        service.feeds[AAPL_TOPIC](Trade(price=1))
        assert await receive(a) == update(AAPL_TOPIC, 1, 1.0)
        assert service.count("remove") == 0


async def test_pitfall_05_a_failed_start_subscribes_nobody() -> None:
    """pitfall 5"""
    service = DrivenService()
    service.start_error = OSError("down")
    app = App(trades(service))
    async with clients(app, 1) as (socket,):
        assert (await ask(socket, "trades.subscribe", AAPL))["code"] == "producer_failed"
        assert app.hub.topics == frozenset()
        service.start_error = None
        assert (await ask(socket, "trades.subscribe", AAPL))["status"] == "ok"


async def test_pitfall_05_a_stop_that_raises_leaks_no_other_topic() -> None:
    """pitfall 5"""
    service = DrivenService()
    service.stop_error = OSError("cannot")
    app = App(trades(service))
    async with clients(app, 1) as (socket,):
        await ask(socket, "trades.subscribe", AAPL)
        await ask(socket, "trades.subscribe", IBM)
    await app.idle()
    assert {topic for name, topic in service.calls if name == "remove"} == {AAPL_TOPIC, IBM_TOPIC}


async def test_pitfall_06_disconnect_during_a_start_and_subscribe_during_the_stop() -> None:
    """pitfall 6"""
    service = DrivenService()
    service.start_gate, service.stop_gate = asyncio.Event(), asyncio.Event()
    app = App(trades(service))
    async with clients(app) as (leaver, comer):
        await send(leaver, "trades.subscribe", AAPL)
        await service.started.wait()
        await leaver.close()
        service.start_gate.set()
        await service.stopping.wait()
        await send(comer, "trades.subscribe", AAPL)
        assert await settled(comer) == []
        service.stop_gate.set()
        assert (await receive(comer))["payload"]["status"] == "ok"
        service.feeds[AAPL_TOPIC](Trade(price=1))
        assert await receive(comer) == update(AAPL_TOPIC, 1, 1.0)
        assert [name for name, _ in service.calls] == ["create", "remove", "create"]
    await app.idle()


async def test_pitfall_07_the_reply_comes_before_the_first_update() -> None:
    """pitfall 7"""
    service = DrivenService()
    service.first = Trade(price=1)
    app = App(trades(service))
    async with clients(app, 1) as (socket,):
        await send(socket, "trades.subscribe", AAPL)
        reply = await receive(socket)
        assert (reply["type"], reply["payload"]["seq"]) == ("trades.subscribe.response", 0)
        assert await receive(socket) == update(AAPL_TOPIC, 1, 1.0)


async def test_pitfall_08_pipelined_commands_are_answered_in_order() -> None:
    """pitfall 8, pitfall 9"""
    gate = asyncio.Event()

    async def slow(request: Any, client: Any) -> None:
        del request, client
        await gate.wait()

    service = DrivenService()
    app = App(trades(service, subscribe_request_handler=slow))
    async with clients(app, 1) as (socket,):
        for command in ("subscribe", "subscribe", "unsubscribe"):
            await send(socket, f"trades.{command}", AAPL)
        assert await settled(socket) == []
        gate.set()
        messages = [(await receive(socket))["payload"]["message"] for _ in range(3)]
        assert messages == ["Subscribed", "Already subscribed", "Unsubscribed"]
        await app.idle()
        assert await settled(socket) == []
    assert service.count("create") == 1


async def test_pitfall_10_a_client_that_does_not_read_is_closed_alone() -> None:
    """pitfall 10, pitfall 11: all that it gets is in order, and the end is said, with 4008"""
    router = WsRouter[TradesRequest, str](route="words", linger_s=0)
    app = App(router, max_queue_bytes=200_000)
    word = "x" * 60_000
    published = 0
    async with (
        serving(app.asgi) as url,
        connect(url, compression=None) as healthy,
        connect(url, compression=None, max_queue=1) as stalled,
    ):
        topic = (await ask(healthy, "words.subscribe", {"symbols": []}))["topic"]
        await ask(stalled, "words.subscribe", {"symbols": []})
        while not app.adapter.metrics.slow_consumers:
            published += 1
            router.publish(topic, word)
            assert (await receive(healthy))["payload"]["seq"] == published
        router.publish(topic, "the end")
        assert (await receive(healthy))["payload"]["payload"] == "the end"
        messages, code = await read_to_the_end(stalled)
        assert code == SLOW_CONSUMER
        seen = [message["payload"]["seq"] for message in messages]
        assert seen == list(range(1, len(seen) + 1))
        assert len(seen) < published
        assert await settled(healthy) == []


async def test_pitfall_12_a_burst_raises_nothing_in_the_producer() -> None:
    """pitfall 12"""
    service = DrivenService()
    app = App(trades(service))
    async with clients(app, 1) as (socket,):
        await ask(socket, "trades.subscribe", AAPL)
        for price in range(1_000):
            service.feeds[AAPL_TOPIC](Trade(price=price))
        for price in range(1_000):
            assert await receive(socket) == update(AAPL_TOPIC, price + 1, float(price))


async def test_pitfall_12_a_burst_beyond_the_bound_raises_nothing_either() -> None:
    """pitfall 12"""
    service = DrivenService()
    app = App(trades(service), max_queue_bytes=10_000)
    async with clients(app, 1) as (socket,):
        await ask(socket, "trades.subscribe", AAPL)
        for price in range(500):
            service.feeds[AAPL_TOPIC](Trade(price=price))
        assert (await read_to_the_end(socket))[1] == SLOW_CONSUMER
        await app.idle()
    assert service.count("remove") == 1


async def test_pitfall_14_an_update_costs_what_its_own_subscribers_cost() -> None:
    """pitfall 14, checklist 34: the same calls, however many others there are"""
    router = trades()
    app = App(router)
    async with clients(app, 30) as sockets:
        await ask(sockets[0], "trades.subscribe", AAPL)
        router.publish(AAPL_TOPIC, Trade(price=0))
        await receive(sockets[0])
        await settled(sockets[0])
        alone = len(calls_of(lambda: router.publish(AAPL_TOPIC, Trade(price=1))))
        await receive(sockets[0])
        for socket in sockets[1:]:
            for number in range(10):
                await ask(socket, "trades.subscribe", {"symbol": f"S{number}"})
        await settled(sockets[0])
        crowded = len(calls_of(lambda: router.publish(AAPL_TOPIC, Trade(price=2))))
        assert await receive(sockets[0]) == update(AAPL_TOPIC, 3, 2.0)
        assert crowded == alone
        assert app.adapter.metrics.subscriptions == 291


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("{", "invalid_json"),
        ("\x00", "invalid_json"),
        ("[]", "invalid_message"),
        ('{"payload":{}}', "invalid_message"),
        (b"\xff\x00", "invalid_message"),
        (json.dumps({"type": "trade.subscribe", "payload": AAPL}), "no_matching_type"),
        (json.dumps({"type": "trades.subscribe", "payload": {"symbol": 1}}), "validation_error"),
        (json.dumps({"type": "trades.subscribe"}), "validation_error"),
        (json.dumps({"type": "trades.unsubscribe", "payload": IBM}), "not_subscribed"),
    ],
)
async def test_pitfall_15_a_bad_message_ends_nothing(message: str | bytes, code: str) -> None:
    """pitfall 15, checklist 32"""
    router = trades()
    app = App(router)
    async with clients(app) as (socket, other):
        for one in (socket, other):
            await ask(one, "trades.subscribe", AAPL)
        await socket.send(message)
        answer = await receive(socket)
        assert answer["payload"]["code"] == code
        router.publish(AAPL_TOPIC, Trade(price=1))
        for one in (socket, other):
            assert await settled(one) == [update(AAPL_TOPIC, 1, 1.0)]


async def test_pitfall_15_a_message_that_is_too_large_ends_its_connection_alone() -> None:
    router = trades()
    app = App(router, max_message_bytes=1_000)
    async with clients(app) as (socket, other):
        await ask(other, "trades.subscribe", AAPL)
        message = '{"type":"trades.subscribe","payload":{"symbol":"%s"}}'
        await socket.send(message % ("é" * 450))  # characters of two bytes each
        assert (await receive(socket))["payload"]["status"] == "ok"
        await socket.send(message % ("é" * 500))
        await socket.wait_closed()
        assert socket.close_code == MESSAGE_TOO_BIG
        router.publish(AAPL_TOPIC, Trade(price=1))
        assert await settled(other) == [update(AAPL_TOPIC, 1, 1.0)]


async def test_pitfall_16_a_hook_that_raises_is_answered() -> None:
    """pitfall 16"""

    def broken(request: Any, client: Any) -> None:
        del request, client
        raise ZeroDivisionError

    app = App(trades(subscribe_request_handler=broken))
    async with clients(app, 1) as (socket,):
        assert (await ask(socket, "trades.subscribe", AAPL))["code"] == "internal"
        assert await settled(socket) == []


async def test_pitfall_19_one_key_for_one_meaning() -> None:
    """pitfall 19"""
    router = trades()
    app = App(router)
    requests = [
        '{"symbol":"BTC/é","depth":1}',
        '{"symbol":"BTC/\\u00e9","depth":1.0}',
        '{"depth":1,"symbol":"BTC\\/é"}',
        '{"symbol":"BTC/é"}',
    ]
    topic = 'trades:{"depth":1,"symbol":"BTC/é"}'
    async with clients(app, len(requests)) as sockets:
        for socket, request in zip(sockets, requests, strict=True):
            await socket.send(f'{{"type":"trades.subscribe","payload":{request}}}')
            assert (await receive(socket))["payload"]["topic"] == topic
        other = await ask(sockets[0], "trades.subscribe", {"symbol": "BTC-é"})
        assert other["topic"] != topic
        router.publish(topic, Trade(price=1))
        for socket in sockets:
            assert await settled(socket) == [update(topic, 1, 1.0)]
