"""The endpoint: subprotocol, hello, several messages in one frame, and the end of a connection."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from fastapi import FastAPI
from packages.topicwire.tests.serving import OURS, ask, receive, serving, settled
from packages.topicwire.tests.trading import (
    AAPL,
    AAPL_TOPIC,
    App,
    DrivenService,
    Trade,
    trades,
    update,
)
from starlette.applications import Starlette
from websockets.asyncio.client import connect

from topicwire import FastWSAdapter
from topicwire.testing import connect as connect_in_process


async def test_with_our_subprotocol_hello_comes_first() -> None:
    app = App(trades(), max_topics=7)
    async with serving(app.asgi) as url, connect(url, subprotocols=OURS) as socket:
        assert socket.subprotocol == "topicwire.v1+json"
        hello = json.loads(await socket.recv())
        session = hello["payload"].pop("session")
        assert len(session) == 16
        assert hello == {
            "type": "hello",
            "payload": {
                "version": 1,
                "heartbeat_s": 25,
                "limits": {
                    "max_message_bytes": 65_536,
                    "max_topics": 7,
                    "max_waiting_commands": 64,
                    "heartbeat_grace_s": 10,
                },
            },
        }


async def test_without_it_there_is_no_hello() -> None:
    app = App(trades())
    async with serving(app.asgi) as url, connect(url) as socket:
        assert socket.subprotocol is None
        assert await settled(socket) == []


async def test_another_subprotocol_is_not_agreed_on() -> None:
    app = App(trades())
    async with connect_in_process(app.asgi, legacy=True) as client:
        assert client.hello is None
        assert await client.settle() == []


async def test_messages_of_one_flush_share_a_frame_and_a_legacy_client_gets_one_each() -> None:
    router = trades()
    app = App(router)
    async with (
        serving(app.asgi) as url,
        connect(url, subprotocols=OURS) as ours,
        connect(url) as legacy,
    ):
        await ours.recv()
        await ask(legacy, "trades.subscribe", AAPL)
        await ours.send(json.dumps({"type": "trades.subscribe", "payload": AAPL}))
        await ours.recv()
        for price in (1, 2, 3):
            router.publish(AAPL_TOPIC, Trade(price=price))
        expected = [update(AAPL_TOPIC, price, float(price)) for price in (1, 2, 3)]
        text = await ours.recv(decode=True)
        assert isinstance(text, str)
        assert [json.loads(line) for line in text.split("\n")] == expected
        assert [await receive(legacy) for _ in range(3)] == expected


async def test_a_ping_is_answered_with_its_id() -> None:
    app = App(trades())
    async with serving(app.asgi) as url, connect(url) as socket:
        await socket.send('{"type":"ping","id":"x"}')
        assert await receive(socket) == {"type": "pong", "id": "x"}
        await socket.send('{"type":"pong"}')
        assert await settled(socket) == []


async def test_the_server_stops_with_its_producers() -> None:
    service = DrivenService()
    app = App(trades(service, linger_s=60.0))
    async with serving(app.asgi) as url, connect(url) as socket:
        await ask(socket, "trades.subscribe", AAPL)
    assert service.calls == [("create", AAPL_TOPIC), ("remove", AAPL_TOPIC)]
    assert app.hub.topics == frozenset()


async def test_it_serves_in_fastapi_and_starlette_alike() -> None:
    for asgi in (FastAPI(), Starlette()):
        adapter = FastWSAdapter(title="T", version="1", path="/api/v1/ws")
        router = trades()
        adapter.include_router(router)
        adapter.setup(asgi)
        async with serving(asgi) as url, connect(url) as socket:
            await ask(socket, "trades.subscribe", AAPL)
            router.publish(AAPL_TOPIC, Trade(price=1))
            assert await receive(socket) == update(AAPL_TOPIC, 1, 1.0)


async def test_a_task_that_is_cancelled_lets_go_of_its_topics() -> None:
    service = DrivenService()
    app = App(trades(service))
    to_app: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    from_app: asyncio.Queue[Any] = asyncio.Queue()
    scope = {"type": "websocket", "subprotocols": []}
    serving_task = asyncio.get_running_loop().create_task(
        app.adapter.endpoint(scope, to_app.get, from_app.put)
    )
    to_app.put_nowait({"type": "websocket.connect"})
    text = json.dumps({"type": "trades.subscribe", "payload": AAPL})
    to_app.put_nowait({"type": "websocket.receive", "text": text, "bytes": None})
    assert (await from_app.get())["type"] == "websocket.accept"
    assert "Subscribed" in (await from_app.get())["text"]
    serving_task.cancel()
    await asyncio.wait([serving_task])
    assert serving_task.cancelled()
    await app.idle()
    assert service.count("remove") == 1


async def test_a_handshake_that_is_given_up_is_no_connection() -> None:
    app = App(trades())
    sent: list[Any] = []

    async def gone() -> dict[str, Any]:
        return {"type": "websocket.disconnect", "code": 1006}

    async def send(message: Any) -> None:
        sent.append(message)

    await app.adapter.endpoint({"type": "websocket"}, gone, send)
    assert sent == []
