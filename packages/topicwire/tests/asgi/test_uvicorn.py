"""uvicorn with our WebSocket implementation: what is known of a socket, and done with it."""

from __future__ import annotations

import asyncio
import signal
import socket
from typing import Any
from urllib.parse import urlsplit

import pytest
from packages.topicwire.tests.asgi.raw_socket import RawSocket, raw_socket, text_frame
from packages.topicwire.tests.asgi.stopping import messages_to_the_end, uvicorn
from packages.topicwire.tests.serving import OURS, serving
from packages.topicwire.tests.trading import AAPL, AAPL_TOPIC, App, trades, update
from pydantic import BaseModel
from starlette.types import Receive, Scope, Send
from uvicorn import Config
from uvicorn.server import ServerState
from websockets.asyncio.client import connect

from topicwire import WsRouter
from topicwire.asgi.server_socket import server_socket
from topicwire.asgi.uvicorn import NOTSENT_BYTES, WebSocketProtocol
from topicwire.close_codes import GOING_AWAY, NO_SIGN_OF_LIFE, SLOW_CONSUMER
from topicwire.testing.faults import FaultProxy

SUBSCRIBE = text_frame({"type": "trades.subscribe", "payload": AAPL})


class NoteRequest(BaseModel):
    of: str = ""


class Note(BaseModel):
    text: str


def notes() -> WsRouter[NoteRequest, Note]:
    return WsRouter[NoteRequest, Note](route="notes", linger_s=0)


SUBSCRIBE_NOTES = text_frame({"type": "notes.subscribe", "payload": {}})
NOTES = 'notes:{"of":""}'
NOTE = Note(text="x" * 2_000)


async def turns(count: int = 50) -> None:
    """Let what was published get on its way."""
    for _ in range(count):
        await asyncio.sleep(0)


async def gone(app: App) -> None:
    """Wait until the hub has no connection."""
    async with asyncio.timeout(60):
        while app.adapter.metrics.connections:
            await turns(1)


async def swallowed(app: App, router: WsRouter[Any, Any], stalled: RawSocket) -> int:
    """Publish until updates stay in the outbox. Returns how many bytes have left it."""
    await stalled.send(SUBSCRIBE_NOTES)
    await stalled.read_until(b"Subscribed")
    metrics = app.adapter.metrics
    sent, waiting = metrics.bytes_sent, 0
    while not waiting:
        for _ in range(10):
            router.publish(NOTES, NOTE)
        await turns()
        waiting = metrics.queue_bytes.total
    return metrics.bytes_sent - sent - waiting


def socket_of(app: App) -> WebSocketProtocol:
    """Return the server's side of the only connection."""
    [connection] = app.hub._connections
    protocol = connection._transport._socket
    assert isinstance(protocol, WebSocketProtocol)
    return protocol


async def test_a_client_that_does_not_read_is_noticed_where_it_is_true() -> None:
    """uvicorn's own implementation lets a lot more go before anything waits in the outbox."""
    sizes = []
    for implementation in (WebSocketProtocol, "websockets-sansio"):
        router = notes()
        app = App(router, max_queue_bytes=1 << 24)
        async with serving(app.asgi, ws=implementation) as url, raw_socket(url) as stalled:
            sizes.append(await swallowed(app, router, stalled))
    ours, uvicorns = sizes
    assert ours * 4 < uvicorns


async def test_the_socket_is_set_up() -> None:
    seen: list[Any] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        given: Any = server_socket(scope)
        own = given.transport.get_extra_info("socket")
        for option in (socket.TCP_NODELAY, socket.TCP_NOTSENT_LOWAT):
            seen.append(own.getsockopt(socket.IPPROTO_TCP, option))  # noqa: PERF401 - two
        seen.append(given.transport.get_write_buffer_limits())
        await receive()
        await send({"type": "websocket.close"})

    async with serving(app, lifespan="off") as url, raw_socket(url):
        pass
    nodelay, lowat, limits = seen
    assert nodelay
    assert (lowat, limits) == (NOTSENT_BYTES, (0, 0))


async def test_a_unix_socket_is_served_as_it_is() -> None:
    config = Config("nothing:here", log_config=None, interface="asgi3")
    config.loaded, config.loaded_app = True, lambda: None
    ours, theirs = socket.socketpair()
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.create_connection(
        lambda: WebSocketProtocol(config=config, server_state=ServerState(), app_state={}),
        sock=ours,
    )
    with theirs:
        assert protocol.transport.get_write_buffer_limits() == (0, 0)
        transport.close()


async def test_a_slow_consumer_that_never_reads_its_close_frame_is_gone_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("topicwire.hub.ending.CLOSE_TIMEOUT_S", 0.01)
    router = notes()
    app = App(router, max_queue_bytes=100_000)
    async with serving(app.asgi) as url, raw_socket(url) as stalled:
        await swallowed(app, router, stalled)
        while not app.adapter.metrics.closes[SLOW_CONSUMER]:
            router.publish(NOTES, NOTE)
        await gone(app)
        await stalled.read_to_the_end()


async def test_a_client_that_takes_nothing_for_the_send_timeout_is_gone() -> None:
    router = notes()
    app = App(router, send_timeout_s=30, max_queue_bytes=1 << 24)
    async with serving(app.asgi) as url, raw_socket(url, legacy=True) as stalled:
        await swallowed(app, router, stalled)
        app.clock.advance(30)  # the operating system took a part of the last flush, perhaps
        await turns()
        app.clock.advance(30)
        await gone(app)
        assert app.adapter.metrics.sends_timed_out == 1
        await stalled.read_to_the_end()


async def test_a_client_that_takes_a_little_now_and_then_is_kept() -> None:
    """One frame takes longer than the send timeout, and is taken all the same."""
    router = notes()
    app = App(router, send_timeout_s=30)
    async with serving(app.asgi) as url, raw_socket(url, legacy=True) as slow:
        await slow.send(SUBSCRIBE_NOTES)
        await slow.read_until(b"Subscribed")
        router.publish(NOTES, Note(text="x" * 1_000_000))
        await turns()
        server = socket_of(app)
        looks = 0
        while unsent := server.unsent_bytes:
            while server.unsent_bytes == unsent:
                await slow.read(100_000)
                await turns()
            app.clock.advance(30)
            looks += 1
        await slow.read_until(b'x"}}}')
        assert looks > 1
        assert app.adapter.metrics.sends_timed_out == 0


async def test_a_part_of_a_message_is_a_sign_of_life() -> None:
    app = App(trades())
    async with serving(app.asgi) as url, raw_socket(url) as client:
        await client.read_until(b'"hello"')
        app.clock.advance(25)
        await client.read_until(b'"ping"')
        server = socket_of(app)
        before = server.received_bytes
        await client.send(SUBSCRIBE[:20])
        while server.received_bytes == before:
            await turns(1)
        app.clock.advance(10)
        await turns()
        await client.send(SUBSCRIBE[20:])
        await client.read_until(b"Subscribed")


async def test_a_network_that_is_silent_both_ways_is_noticed() -> None:
    app = App(trades())
    async with (
        serving(app.asgi) as url,
        FaultProxy(urlsplit(url).port or 0) as proxy,
        connect(f"ws://127.0.0.1:{proxy.port}/api/v1/ws", subprotocols=OURS) as client,
    ):
        assert "hello" in str(await client.recv())
        proxy.links[-1].to_client.stall()
        proxy.links[-1].to_server.stall()
        await client.send('{"type":"ping"}')
        app.clock.advance(25)
        await turns()
        app.clock.advance(10)
        await gone(app)
        assert app.adapter.metrics.closes[NO_SIGN_OF_LIFE] == 1
        proxy.links[-1].cut()


class Hasty(WebSocketProtocol):
    """Waits no time for the answer to a close frame."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.close_timeout = 0.01


async def test_a_client_that_does_not_answer_a_close_frame_is_gone() -> None:
    app = App(trades())
    async with serving(app.asgi, ws=Hasty) as url, raw_socket(url) as client:
        await client.read_until(b'"hello"')
        await app.adapter.close()
        await client.read_to_the_end()
        assert client.received.endswith(b"\x03\xe9the server is stopping")


async def test_uvicorns_own_pings_find_a_dead_client_for_which_bytes_wait() -> None:
    router = notes()
    app = App(router, max_queue_bytes=1 << 24)
    async with serving(app.asgi) as url, raw_socket(url) as stalled:
        await swallowed(app, router, stalled)
        socket_of(app).keepalive_timeout()
        await gone(app)


async def test_whatever_stops_uvicorn_connections_end_in_good_order() -> None:
    """SIGINT, of which the application is not told: 1012 with uvicorn's own implementation."""
    ours = "topicwire.asgi.uvicorn:WebSocketProtocol"
    async with (
        uvicorn("app", implementation=ours) as served,
        connect(served.url, subprotocols=OURS) as client,
    ):
        await client.send(b'{"type":"trades.subscribe","payload":{"symbol":"AAPL"}}', text=True)
        burst = b'{"type":"trades.burst","payload":{"updates":1000,"signal":%d}}'
        await client.send(burst % signal.SIGINT, text=True)
        messages, code = await messages_to_the_end(client)
        expected = [update(AAPL_TOPIC, seq, float(seq)) for seq in range(1, 1_001)]
        assert messages[2:-1] == expected
        assert (messages[-1]["type"], code) == ("closing", GOING_AWAY)
        assert await served.exit_code() == 0  # as ever: it takes Ctrl+C for what was wanted
