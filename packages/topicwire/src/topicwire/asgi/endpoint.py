"""The WebSocket endpoint, as a plain ASGI application."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from starlette.types import Receive, Scope, Send

from topicwire.asgi.transport import AsgiTransport
from topicwire.hub.hub import Hub
from topicwire.hub.route import Command
from topicwire.types import Direction
from topicwire.wire.frames import SUBPROTOCOL


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
            AsgiTransport(receive, send, scope),
            self._commands,
            is_legacy=is_legacy,
            observe=self._observe(),
        )
