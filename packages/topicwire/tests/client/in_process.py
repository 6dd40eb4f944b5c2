"""The client's socket to an ASGI application in this process: messages, no bytes on a wire."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from starlette.types import ASGIApp

from topicwire.client import Loss, SocketEvents


class InProcessConnector:
    """Connects clients to an application, at `path`."""

    def __init__(self, app: ASGIApp, path: str = "/api/v1/ws") -> None:
        self._app = app
        self._path = path

    def __call__(
        self, url: str, subprotocols: Sequence[str], events: SocketEvents
    ) -> InProcessSocket:
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
    def __init__(self, app: ASGIApp, scope: dict[str, Any], events: SocketEvents) -> None:
        self._events = events
        self._to_app: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._to_app.put_nowait({"type": "websocket.connect"})
        self._is_over = False
        self._serving = asyncio.get_running_loop().create_task(self._serve(app, scope))

    def send(self, text: str) -> None:
        self._to_app.put_nowait({"type": "websocket.receive", "text": text})

    def close(self, code: int = 1000) -> None:
        self._is_over = True
        self._to_app.put_nowait({"type": "websocket.disconnect", "code": code})

    async def wait_closed(self) -> None:
        await asyncio.gather(self._serving, return_exceptions=True)

    async def _serve(self, app: ASGIApp, scope: dict[str, Any]) -> None:
        try:
            await app(scope, self._to_app.get, self._take)
        finally:
            self._lost(Loss())

    async def _take(self, event: Any) -> None:
        if self._is_over:
            return
        match event["type"]:
            case "websocket.accept":
                self._events.opened(event.get("subprotocol"))
            case "websocket.send":
                self._events.received(event["text"])
            case "websocket.close":
                self._lost(Loss(event.get("code", 1000), event.get("reason") or ""))

    def _lost(self, loss: Loss) -> None:
        if not self._is_over:
            self._is_over = True
            self._to_app.put_nowait({"type": "websocket.disconnect", "code": loss.code})
            self._events.lost(loss)
