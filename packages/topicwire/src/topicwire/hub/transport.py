"""The socket of a connection, as the hub wants it."""

from __future__ import annotations

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
