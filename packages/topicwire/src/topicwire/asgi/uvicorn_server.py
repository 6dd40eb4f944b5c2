"""What all WebSockets of one server of uvicorn's have in common."""

from __future__ import annotations

import asyncio
from typing import Any, Final
from weakref import WeakKeyDictionary, ref

from uvicorn.config import Config
from uvicorn.server import ServerState

from topicwire.asgi.shortcut import Shortcut
from topicwire.asgi.websocket.handshake import header_lines
from topicwire.asgi.websocket.keepalive import Keepalive


class UvicornServer:
    """One server, as its connections share it.

    Args:
        config: of the server, loaded.
        loop: the running one.

    Attributes:
        loop: as above.
        keepalive: its pings.
        shortcut: the way to an endpoint past layers that do nothing.
    """

    __slots__ = ("_headers", "_lines", "keepalive", "loop", "shortcut")

    def __init__(self, config: Config, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.keepalive = Keepalive(loop, config.ws_ping_interval, config.ws_ping_timeout)
        self.shortcut = Shortcut(config.loaded_app)
        self._headers: Any = None
        self._lines = b""

    def lines(self, headers: list[tuple[bytes, bytes]]) -> bytes:
        """Return the server's own headers as they are sent: uvicorn makes a new list each second.

        Raises:
            ValueError: one cannot be a header.
        """
        if headers is not self._headers:
            self._lines = header_lines(headers)
            self._headers = headers
        return self._lines


_SERVERS: Final[WeakKeyDictionary[ServerState, UvicornServer]] = WeakKeyDictionary()


class _Latest:
    """Who was asked for last: asking the dictionary takes longer, and most processes have one."""

    state: ref[ServerState] | None = None
    server: UvicornServer | None = None


def server_of(
    state: ServerState, config: Config, loop: asyncio.AbstractEventLoop | None
) -> UvicornServer:
    """Return the server whose state this is."""
    if _Latest.state is not None and _Latest.state() is state and _Latest.server is not None:
        return _Latest.server
    if not config.loaded:
        config.load()
    server = _SERVERS.get(state)
    if server is None:
        server = UvicornServer(config, loop or asyncio.get_running_loop())
        _SERVERS[state] = server
    _Latest.state, _Latest.server = ref(state), server
    return server
