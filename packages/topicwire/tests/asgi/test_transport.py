"""An accepted WebSocket, as the hub wants it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from packages.topicwire.tests.serving import ask, read_to_the_end, serving, settled
from packages.topicwire.tests.trading import AAPL, AAPL_TOPIC, App, Trade, trades
from websockets.asyncio.client import connect

from topicwire.asgi.transport import AsgiTransport
from topicwire.asgi.uvicorn import WebSocketProtocol
from topicwire.close_codes import GOING_AWAY, SERVICE_RESTART

INVALID_PAYLOAD = 1007


async def nothing() -> dict[str, Any]:
    return {"type": "websocket.disconnect", "code": 1006}


def raising(error: Exception) -> AsgiTransport:
    async def send(event: Any) -> None:
        del event
        raise error

    return AsgiTransport(nothing, send, {})


async def test_what_a_server_refuses_after_its_own_close_is_a_lost_connection() -> None:
    after_close = "Unexpected ASGI message 'websocket.send', after sending 'websocket.close'."
    transport = raising(RuntimeError(after_close))
    with pytest.raises(ConnectionError, match=r"after sending 'websocket\.close'"):
        await transport.send("{}")
    with pytest.raises(ConnectionError, match=r"after sending 'websocket\.close'"):
        await transport.close(1001, "")


async def test_another_fault_stays_what_it_is() -> None:
    with pytest.raises(RecursionError):
        await raising(RecursionError()).send("{}")
    with pytest.raises(BrokenPipeError):
        await raising(BrokenPipeError()).send("{}")


async def test_a_server_that_stops_says_so_by_a_code_of_the_protocol() -> None:
    app = App(trades())
    for implementation, code in ((WebSocketProtocol, GOING_AWAY), ("auto", SERVICE_RESTART)):
        async with serving(app.asgi, ws=implementation) as url:
            socket = await connect(url)
            assert await settled(socket) == []
        await socket.wait_closed()
        assert socket.close_code == code


async def test_a_client_that_sends_invalid_utf_8_is_let_go_while_updates_flow(
    caplog: pytest.LogCaptureFixture,
) -> None:
    router = trades()
    app = App(router)
    async with serving(app.asgi) as url, connect(url) as socket:
        assert (await ask(socket, "trades.subscribe", AAPL))["status"] == "ok"
        await socket.send(b"\xff\xfe", text=True)
        while app.adapter.metrics.connections:
            router.publish(AAPL_TOPIC, Trade(price=1))
            await asyncio.sleep(0)
        assert (await read_to_the_end(socket))[1] == INVALID_PAYLOAD
    # uvicorn tells its log about the message; the application did not fail
    assert "Exception in ASGI application" not in caplog.text
