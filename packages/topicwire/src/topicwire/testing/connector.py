"""The Python client's socket to an application in this process: ASGI, without a network."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Final

from starlette.types import ASGIApp
from starlette.types import Message as AsgiEvent

from topicwire.client.socket import Loss, SocketEvents

_NORMAL: Final = 1000


class InProcessConnector:
    """Connects `topicwire.client.Client` to an application, without a network.

        async with Client("ws://app", connector=InProcessConnector(app)) as client:
            ...

    Around a `FaultyApp` its connections go wrong as the test says. The client's address is not
    looked at.

    Args:
        app: the whole application, or an adapter's `endpoint`.
        path: where its WebSocket is.
    """

    def __init__(self, app: ASGIApp, path: str = "/api/v1/ws") -> None:
        self._app = app
        self._path = path

    def __call__(
        self, url: str, subprotocols: Sequence[str], events: SocketEvents
    ) -> InProcessSocket:
        """Begin to connect."""
        del url
        scope = {
            "type": "websocket",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "scheme": "ws",
            "path": self._path,
            "raw_path": self._path.encode(),
            "root_path": "",
            "query_string": b"",
            "headers": [],
            "client": ("in-process", 0),
            "server": ("in-process", 80),
            "subprotocols": [*subprotocols],
        }
        return InProcessSocket(self._app, scope, events)


class InProcessSocket:
    """One connection, as the client wants it. Made by `InProcessConnector`."""

    def __init__(self, app: ASGIApp, scope: dict[str, Any], events: SocketEvents) -> None:
        self._events = events
        self._to_app: asyncio.Queue[AsgiEvent] = asyncio.Queue()
        self._to_app.put_nowait({"type": "websocket.connect"})
        self._is_over = False
        self._serving = asyncio.get_running_loop().create_task(self._serve(app, scope))

    def send(self, message: str | bytes) -> None:
        """Give the application a message."""
        kind = "text" if isinstance(message, str) else "bytes"
        self._to_app.put_nowait({"type": "websocket.receive", kind: message})

    def close(self, code: int = _NORMAL) -> None:
        """Leave."""
        self._is_over = True
        self._to_app.put_nowait({"type": "websocket.disconnect", "code": code})

    async def wait_closed(self) -> None:
        """Wait until the application has let go of the connection."""
        await asyncio.gather(self._serving, return_exceptions=True)

    async def _serve(self, app: ASGIApp, scope: dict[str, Any]) -> None:
        try:
            await app(scope, self._to_app.get, self._take)
        finally:
            self._lost(Loss())

    async def _take(self, event: AsgiEvent) -> None:
        if self._is_over:
            return
        match event["type"]:
            case "websocket.accept":
                self._events.opened(event.get("subprotocol"))
            case "websocket.send":
                text: str | None = event.get("text")
                self._events.received(event["bytes"] if text is None else text)
            case "websocket.close":
                self._lost(Loss(event.get("code", _NORMAL), event.get("reason") or ""))

    def _lost(self, loss: Loss) -> None:
        if not self._is_over:
            self._is_over = True
            self._to_app.put_nowait({"type": "websocket.disconnect", "code": loss.code})
            self._events.lost(loss)
