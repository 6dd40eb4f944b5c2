"""The WebSocket endpoint, as a plain ASGI application."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from starlette.types import Message as AsgiMessage
from starlette.types import Receive, Scope, Send

from topicwire.hub.hub import Hub
from topicwire.hub.route import Command
from topicwire.types import Direction
from topicwire.wire.frames import SUBPROTOCOL


class AsgiTransport:
    """An accepted WebSocket, in the messages of ASGI. Works on every ASGI server."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send

    async def receive(self) -> str | bytes | None:
        """Return the next message; None when the client is gone."""
        event: AsgiMessage = await self._receive()
        if event["type"] != "websocket.receive":
            return None
        text: str | None = event.get("text")
        if text is not None:
            return text
        data: bytes = event.get("bytes") or b""
        return data

    async def send(self, text: str) -> None:
        """Send a text frame."""
        await self._send({"type": "websocket.send", "text": text})

    async def close(self, code: int, reason: str) -> None:
        """Send a close frame."""
        await self._send({"type": "websocket.close", "code": code, "reason": reason})


class Endpoint:
    """Accepts a connection, agrees on the subprotocol, and hands it to the hub.

    Args:
        hub: serves the connection.
        commands: what its client may send, by type.
        observe: sees every message that is sent and every one that is accepted; None for nobody.
    """

    def __init__(
        self,
        hub: Hub,
        commands: Callable[[], Mapping[str, Command]],
        observe: Callable[[], Callable[[Direction, str], None] | None],
    ) -> None:
        self._hub = hub
        self._commands = commands
        self._observe = observe

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if (await receive())["type"] != "websocket.connect":
            return
        is_legacy = SUBPROTOCOL not in scope.get("subprotocols", ())
        subprotocol = None if is_legacy else SUBPROTOCOL
        await send({"type": "websocket.accept", "subprotocol": subprotocol})
        await self._hub.serve(
            AsgiTransport(receive, send),
            self._commands,
            is_legacy=is_legacy,
            observe=self._observe(),
        )
