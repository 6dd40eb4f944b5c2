"""What a server may tell the endpoint about the socket, beyond the messages of ASGI."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Final, Protocol

from starlette.types import Scope

EXTENSION: Final = "topicwire.socket"
"""The name in a scope's `extensions`: `{"socket": ServerSocket}`."""


class ServerSocket(Protocol):
    """The socket of one WebSocket, as a server knows it.

    Attributes:
        at_shutdown: called when the server stops, instead of its closing the WebSocket by itself;
            None to let it. The endpoint sets it, and closes the WebSocket in good time.
        fd: the file descriptor, while whole WebSocket frames may be written straight to it: the
            handshake is over, it is plain TCP, nothing is buffered for it, and it is not closing.
            Else -1, from the very step in which one of these ends: so it is never the descriptor of
            another connection.
        at_fd: called in each step in which `fd` has changed, with what it is then; None for nobody.
            The endpoint sets it.
        window_bits: of permessage-deflate, where that was agreed, without context takeover: a frame
            that is written may be compressed. Else None.
    """

    at_shutdown: Callable[[], object] | None
    at_fd: Callable[[int], object] | None
    fd: int
    window_bits: int | None

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

    def listen(self, received: Callable[[str | bytes], None], gone: Callable[[], None]) -> bool:
        """Give each message to `received` as it comes, instead of to `receive` of ASGI.

        `gone` is called when none follows; `received` in the context of whoever listens. False
        where the server cannot.
        """
        ...

    def go_on(self, call: Coroutine[Any, Any, None]) -> bool:
        """Run `call` in the place of the ASGI call that runs, which may return then.

        The connection is served for as long as `call` runs. What an ASGI call keeps alive, its
        scope and the frames of whatever stands before the endpoint, is let go when it returns.
        False, and nothing is done with `call`, where the server cannot.
        """
        ...

    async def receive(self) -> Any:
        """Return the next event of ASGI: what the server hands to the application."""
        ...

    async def send(self, message: Any) -> None:
        """Send an event of ASGI: what the server hands to the application."""
        ...

    async def drained(self) -> None:
        """Wait until nothing is unsent, or the connection is lost."""
        ...

    def abort(self) -> None:
        """End the connection at once; what is unsent is lost."""
        ...


class SendingSocket(ServerSocket, Protocol):
    """A socket that is served without ASGI. Not every server's is."""

    def keep(self) -> Callable[[BaseException | None], None]:
        """Let the ASGI call that runs return, and keep the connection.

        Returns what is to be called when it has been served: with what has failed, if anything has.
        """
        ...

    def send_text(self, text: str) -> None:
        """Send a text message. Never waits.

        Raises:
            OSError: the connection is over, or is being closed.
        """
        ...

    def send_bytes(self, data: bytes) -> None:
        """Send a binary message, as `send_text`."""
        ...


class Serving(SendingSocket, Protocol):
    """A socket that is spoken with as with a server of ASGI."""

    async def receive(self) -> dict[str, Any]:
        """Return the next event of ASGI."""
        ...


def server_socket(scope: Scope) -> ServerSocket | None:
    """Return the socket of a WebSocket, where its server gives it."""
    extension = (scope.get("extensions") or {}).get(EXTENSION)
    if not isinstance(extension, dict):
        return None
    socket: ServerSocket | None = extension.get("socket")
    return socket
