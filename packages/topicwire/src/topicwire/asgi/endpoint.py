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
    """An accepted WebSocket, in the messages of ASGI. Works on every ASGI server.

    ASGI has no way to abort a socket. When a client that does not read is given up, the hub lets
    go of it at once; the server keeps the socket, and what it has buffered for it, until the
    client or the network gives up too. What is buffered there is bounded by the server's high
    water mark and one frame. A server that gives a client up by itself without an event (uvicorn,
    when a keepalive times out while bytes wait) is noticed by the next send, not before.
    """

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
        """Send a text frame.

        Raises:
            OSError: the client is gone, or the server has closed the socket by itself.
        """
        await self._give({"type": "websocket.send", "text": text})

    async def close(self, code: int, reason: str) -> None:
        """Send a close frame.

        Raises:
            OSError: as `send`.
        """
        await self._give({"type": "websocket.close", "code": code, "reason": reason})

    async def _give(self, event: AsgiMessage) -> None:
        try:
            await self._send(event)
        except RuntimeError as error:
            if type(error) is not RuntimeError:
                raise
            # how servers refuse what comes after a close of their own (a keepalive that timed
            # out, invalid UTF-8), of which `receive` may not have told yet, or never will
            raise ConnectionError(str(error)) from error


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
