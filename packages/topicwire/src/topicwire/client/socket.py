"""What the client needs of a WebSocket: another library, or a test, may give it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

LOST: Final = 1006
"""No close frame came (RFC 6455, section 7.1.5)."""


@dataclass(frozen=True, slots=True)
class Loss:
    """Why there is no connection any more, or why none could be made."""

    code: int = LOST
    """The close code that the server sent; 1006 when it sent none."""

    reason: str = ""
    http_status: int | None = None
    """What a refused handshake was answered with."""


class SocketEvents(Protocol):
    """Told by a socket what happens to it, on the event loop, in order. `lost` is the last."""

    def opened(self, subprotocol: str | None) -> None:
        """The handshake is done."""
        ...

    def received(self, message: str | bytes) -> None:
        """A whole message came."""
        ...

    def lost(self, loss: Loss) -> None:
        """The connection has ended, or the attempt at one."""
        ...


class Socket(Protocol):
    """A connection, or an attempt at one."""

    def send(self, message: str | bytes) -> None:
        """Send a text frame, or of bytes a binary one, after those that were sent before.

        Never waits, never raises.
        """
        ...

    def close(self, code: int = 1000) -> None:
        """End the connection or the attempt, with this close code. Returns at once."""
        ...

    async def wait_closed(self) -> None:
        """Wait until nothing of it is left."""
        ...


class Connector(Protocol):
    """Makes sockets."""

    def __call__(self, url: str, subprotocols: Sequence[str], events: SocketEvents) -> Socket:
        """Begin an attempt. Returns at once; `events` is told what becomes of it, later."""
        ...
