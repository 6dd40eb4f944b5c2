"""The socket of a connection, as the hub wants it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol


class Transport(Protocol):
    """An accepted WebSocket."""

    async def receive(self) -> str | bytes | None:
        """Return the next message, text or binary; None when the client is gone."""
        ...

    async def send(self, text: str) -> None:
        """Send a text frame; wait while the client does not read. OSError: it is gone."""
        ...

    async def close(self, code: int, reason: str) -> None:
        """Send a close frame."""
        ...

    def abort(self) -> None:
        """End the connection at once, without a close frame. Nothing where that cannot be."""
        ...

    def at_shutdown(self, callback: Callable[[], object]) -> None:
        """Call `callback` when the server stops, where it can say so before it closes sockets."""
        ...

    @property
    def received_bytes(self) -> int:
        """Bytes received so far, of whole messages or not; 0 where that is not known."""
        ...

    def has_progressed(self) -> bool:
        """Say whether the client took a part of what is being sent since this was last asked.

        False where that is not known.
        """
        ...
