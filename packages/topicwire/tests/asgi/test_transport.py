"""An accepted WebSocket, as the hub wants it."""

from __future__ import annotations

from typing import Any

import pytest

from topicwire.asgi.endpoint import AsgiTransport


async def nothing() -> dict[str, Any]:
    return {"type": "websocket.disconnect", "code": 1006}


def raising(error: Exception) -> AsgiTransport:
    async def send(event: Any) -> None:
        del event
        raise error

    return AsgiTransport(nothing, send)


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
