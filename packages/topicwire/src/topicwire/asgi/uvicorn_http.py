r"""HTTP for uvicorn, where a connection that opens a WebSocket is known by its first bytes.

    uvicorn app:app --http topicwire.asgi.uvicorn_http:HttpProtocol \
        --ws topicwire.asgi.uvicorn:WebSocketProtocol

uvicorn makes an HTTP connection of everybody, parses the request, and writes it anew for the
WebSocket implementation to parse, which is a quarter of what its part of a handshake costs. Here
the usual handshake goes to the WebSocket implementation as it came; everything else goes, as it
came, to the HTTP implementation that uvicorn would have taken.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from uvicorn.config import Config
from uvicorn.protocols.http.auto import AutoHTTPProtocol
from uvicorn.server import ServerState

_END: Final = b"\r\n\r\n"
_BEGIN: Final = b"GET "
_USUAL_UPGRADE: Final = b"\r\nUpgrade: websocket\r\n"
_UPGRADE: Final = b"\r\nupgrade: websocket\r\n"


class HttpProtocol(asyncio.Protocol):
    """A connection of which nothing is known yet.

    Guarantee: what is not a whole handshake, and nothing else, is served as by uvicorn's own.

    Args:
        config: of the server.
        server_state: of the server: it waits for the connections in there.
        app_state: of the lifespan.
        _loop: the running one.
    """

    __slots__ = ("_app_state", "_config", "_loop", "_server_state", "_transport")

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self._config = config
        self._server_state = server_state
        self._app_state = app_state
        self._loop = _loop
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Count the connection among those for which a server that stops waits."""
        self._transport = transport
        connections: set[Any] = self._server_state.connections  # typed as uvicorn's own classes
        connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing came."""
        del exc
        connections: set[Any] = self._server_state.connections
        connections.discard(self)

    def data_received(self, data: bytes) -> None:
        """Hand over."""
        implementation: Any = AutoHTTPProtocol
        if self._config.ws_protocol_class is not None and _opens_websocket(data):
            implementation = self._config.ws_protocol_class
        protocol = implementation(
            config=self._config,
            server_state=self._server_state,
            app_state=self._app_state,
            _loop=self._loop,
        )
        connections: set[Any] = self._server_state.connections
        connections.discard(self)
        transport = self._transport
        protocol.connection_made(transport)
        # who takes more than the first bytes sets another protocol in its turn
        transport.set_protocol(protocol)
        protocol.data_received(data)

    def shutdown(self) -> None:
        """The server stops."""
        self._transport.close()


def _opens_websocket(data: bytes) -> bool:
    """Say whether this is a whole handshake, in the way in which clients write it."""
    return (
        data.startswith(_BEGIN)
        and data.find(_END) == len(data) - len(_END)
        and (_USUAL_UPGRADE in data or _UPGRADE in data.lower())
    )
