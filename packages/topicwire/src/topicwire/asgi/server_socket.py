"""What a server may tell the endpoint about the socket, beyond the messages of ASGI."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from starlette.types import Scope

EXTENSION: Final = "topicwire.socket"
"""The name in a scope's `extensions`: `{"socket": ServerSocket}`."""


class ServerSocket(Protocol):
    """The socket of one WebSocket, as a server knows it.

    Attributes:
        at_shutdown: called when the server stops, instead of its closing the WebSocket by itself;
            None to let it. The endpoint sets it, and closes the WebSocket in good time.
        fd: the file descriptor, while whole WebSocket frames may be written straight to it: the
            handshake is over, it is plain TCP, frames go as they are, nothing is buffered for it,
            and it is not closing. Else -1, from the very step in which one of these ends: so it is
            never the descriptor of another connection.
    """

    at_shutdown: Callable[[], object] | None
    fd: int

    @property
    def received_bytes(self) -> int:
        """All that came so far, of whole messages or not."""
        ...

    @property
    def unsent_bytes(self) -> int:
        """What was sent and the operating system has not taken yet."""
        ...

    def write(self, data: bytes) -> None:
        """Send whole WebSocket frames, or the rest of one whose beginning `fd` has taken.

        Behind what is buffered; never waits, never raises. Nothing when the connection is closing.
        """
        ...

    async def drained(self) -> None:
        """Wait until nothing is unsent, or the connection is lost."""
        ...

    def abort(self) -> None:
        """End the connection at once; what is unsent is lost."""
        ...


def server_socket(scope: Scope) -> ServerSocket | None:
    """Return the socket of a WebSocket, where its server gives it."""
    extension = (scope.get("extensions") or {}).get(EXTENSION)
    if not isinstance(extension, dict):
        return None
    socket: ServerSocket | None = extension.get("socket")
    return socket
