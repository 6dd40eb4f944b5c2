"""Faults between an in-process client and the application."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from packages.topicwire.tests.trading import AAPL, AAPL_TOPIC, App, Trade, trades, update
from starlette.types import Receive, Scope, Send

from topicwire.testing import ConnectionEnded, InProcessClient, connect
from topicwire.testing.faults import FaultyApp, FaultyLink

LOST = 1006


class Faulty:
    """The trades of an app whose connections go wrong."""

    def __init__(self, on_connect: Callable[[FaultyLink], object] | None = None) -> None:
        self.router = trades()
        self.app = App(self.router)
        self.asgi = FaultyApp(self.app.asgi, clock=self.app.clock, on_connect=on_connect)

    @property
    def link(self) -> FaultyLink:
        return self.asgi.links[-1]

    def publish(self, *prices: float) -> None:
        for price in prices:
            self.router.publish(AAPL_TOPIC, Trade(price=price))


async def all_of(client: InProcessClient) -> tuple[list[dict[str, Any]], int]:
    messages = []
    try:
        while True:
            messages.append(await client.receive())
    except ConnectionEnded as ended:
        return messages, ended.code


async def test_without_faults_it_changes_nothing() -> None:
    faulty = Faulty()
    async with connect(faulty.asgi) as client:
        assert client.hello is not None
        await client.subscribe("trades", AAPL)
        faulty.publish(1, 2)
        assert await client.settle() == [update(AAPL_TOPIC, 1, 1.0), update(AAPL_TOPIC, 2, 2.0)]
        assert faulty.link.to_server.messages_passed == 2
    assert faulty.app.adapter.metrics.connections == 0


async def test_cuts_after_a_number_of_messages_to_the_client() -> None:
    faulty = Faulty()
    async with connect(faulty.asgi, legacy=True) as client:
        await client.subscribe("trades", AAPL)
        faulty.link.to_client.cut_after_messages(2)
        faulty.publish(1, 2, 3)
        messages, code = await all_of(client)
        assert messages == [update(AAPL_TOPIC, 1, 1.0), update(AAPL_TOPIC, 2, 2.0)]
        assert code == LOST
        await faulty.app.idle()
        assert faulty.link.is_cut


async def test_cuts_before_the_message_that_a_number_of_bytes_ends_in() -> None:
    texts: list[str] = []

    async def app(_: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        while (event := await receive())["type"] == "websocket.receive":
            texts.append(event["text"])

    faulty = FaultyApp(app, on_connect=lambda link: link.to_server.cut_after_bytes(6))
    async with connect(faulty, legacy=True) as client:
        for text in ("éa", "ab", "cd"):
            await client.send(text)
        assert (await client.wait_closed()).code == LOST
    assert texts == ["éa", "ab"]
    assert faulty.links[0].to_server.bytes_passed == 5


async def test_cuts_as_soon_as_the_last_byte_has_passed() -> None:
    faulty = Faulty()
    async with connect(faulty.asgi, legacy=True) as client:
        faulty.link.to_server.cut_after_bytes(len('{"type": "ping"}'))
        await client.send('{"type": "ping"}')
        assert (await client.wait_closed()).code == LOST
        await faulty.app.idle()


async def test_a_cut_at_once_loses_what_is_under_way() -> None:
    faulty = Faulty()
    async with connect(faulty.asgi, legacy=True) as client:
        await client.subscribe("trades", AAPL)
        faulty.link.to_client.delay_s = 1
        faulty.publish(1)
        await faulty.link.to_client.under_way()
        faulty.link.cut()
        assert await all_of(client) == ([], LOST)


async def test_a_handshake_that_is_cut_is_refused() -> None:
    faulty = Faulty(on_connect=FaultyLink.cut)
    with pytest.raises(ConnectionEnded) as caught:
        async with connect(faulty.asgi):
            pass
    assert caught.value.code == LOST
    assert faulty.app.adapter.metrics.connections == 0


async def test_what_is_delayed_arrives_together_and_in_order() -> None:
    faulty = Faulty()
    async with connect(faulty.asgi, legacy=True) as client:
        await client.subscribe("trades", AAPL)
        faulty.link.to_client.delay_s = 2
        faulty.publish(1, 2)
        await client.send({"type": "ping"})
        await faulty.link.to_client.under_way(3)
        faulty.app.clock.advance(1)
        faulty.link.to_client.delay_s = 0
        faulty.publish(3)
        await faulty.link.to_client.under_way(4)
        assert faulty.link.to_client.messages_passed == 1
        faulty.app.clock.advance(1)
        came = [await client.receive() for _ in range(4)]
        assert [one.get("payload", {}).get("seq") for one in came] == [1, 2, None, 3]


async def test_commands_are_delayed_too() -> None:
    faulty = Faulty()
    async with connect(faulty.asgi, legacy=True) as client:
        faulty.link.to_server.delay_s = 2
        await client.send({"type": "trades.subscribe", "payload": AAPL, "id": 1})
        await faulty.link.to_server.under_way()
        assert not faulty.app.hub.topics
        faulty.app.clock.advance(2)
        assert (await client.receive())["id"] == 1


async def test_messages_are_doubled() -> None:
    faulty = Faulty()
    async with connect(faulty.asgi, legacy=True) as client:
        faulty.link.to_server.copies = 2
        await client.send({"type": "trades.subscribe", "payload": AAPL, "id": 1})
        said = [(await client.receive())["payload"]["message"] for _ in range(2)]
        assert said == ["Subscribed", "Already subscribed"]
        faulty.link.to_client.copies = 3
        faulty.publish(1)
        assert [await client.receive() for _ in range(3)] == [update(AAPL_TOPIC, 1, 1.0)] * 3
        assert faulty.link.to_client.messages_passed == 3


async def test_a_stalled_reader_is_closed_and_reads_what_had_passed() -> None:
    faulty = Faulty()
    async with connect(faulty.asgi, legacy=True) as client:
        await client.subscribe("trades", AAPL)
        faulty.link.to_client.stall()
        faulty.publish(*range(3))
        assert faulty.app.adapter.metrics.updates_sent == 3
        faulty.link.to_client.resume()
        assert [message["payload"]["seq"] for message in await client.settle()] == [1, 2, 3]


async def test_a_stalled_server_takes_nothing_until_it_resumes() -> None:
    faulty = Faulty()
    async with connect(faulty.asgi, legacy=True) as client:
        faulty.link.to_server.stall()
        await client.send({"type": "trades.subscribe", "payload": AAPL, "id": 1})
        faulty.link.to_server.resume()
        assert (await client.receive())["id"] == 1


async def test_who_leaves_while_everything_is_held_up_is_gone() -> None:
    faulty = Faulty()
    async with connect(faulty.asgi, legacy=True) as client:
        await client.subscribe("trades", AAPL)
        faulty.link.to_client.stall()
        faulty.link.to_server.delay_s = 5
        faulty.publish(1)
        await client.send({"type": "ping"})
    await faulty.app.idle()
    assert faulty.app.adapter.metrics.connections == 0


async def test_what_the_application_said_last_arrives_late() -> None:
    async def app(_: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        faulty.links[0].to_client.delay_s = 1
        await send({"type": "websocket.send", "text": "{}"})
        await send({"type": "websocket.close", "code": 4008, "reason": ""})

    outer = Faulty()
    faulty = FaultyApp(app, clock=outer.app.clock)
    async with connect(faulty, legacy=True) as client:
        await faulty.links[0].to_client.under_way(2)
        outer.app.clock.advance(1)
        assert await all_of(client) == ([{}], 4008)


async def test_negative_counts_are_refused() -> None:
    direction = FaultyLink(App(trades()).clock).to_client
    with pytest.raises(ValueError, match="-1"):
        direction.cut_after_messages(-1)
    with pytest.raises(ValueError, match="-2"):
        direction.cut_after_bytes(-2)


async def test_what_is_no_websocket_passes() -> None:
    seen: list[str] = []

    async def app(scope: Scope, _receive: Receive, _send: Send) -> None:
        seen.append(scope["type"])

    await FaultyApp(app)({"type": "http"}, _never, _never)
    assert seen == ["http"]


async def _never(*_: object) -> Any:
    raise AssertionError
