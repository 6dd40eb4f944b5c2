"""The socket of a connection, as the hub wants it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol


class Direct(Protocol):
    """A socket to whose file descriptor whole WebSocket frames may be written.

    Attributes:
        fd: the descriptor while that is right; else -1, from the step in which it is not any more.
        at_fd: called in each step in which `fd` has changed, with what it is then; None for nobody.
        window_bits: of permessage-deflate, where messages may be compressed, without context
            takeover; else None.
    """

    fd: int
    at_fd: Callable[[int], object] | None
    window_bits: int | None

    def write(self, data: bytes) -> None:
        """Send what the descriptor has not taken. Never waits, never raises."""
        ...


class _Nowhere:
    __slots__ = ("at_fd", "fd", "window_bits")

    def __init__(self) -> None:
        self.fd = -1
        self.window_bits: int | None = None
        self.at_fd: Callable[[int], object] | None = None

    def write(self, data: bytes) -> None:
        """Nothing is ever written: `fd` says so."""


NOWHERE: Final[Direct] = _Nowhere()
"""Stands for a socket to which nothing may be written now."""


class Transport(Protocol):
    """An accepted WebSocket."""

    @property
    def direct(self) -> Direct | None:
        """Its socket; None where the server does not give it."""
        ...

    async def drained(self) -> None:
        """Wait until what was written to `direct` has left, or the client is gone."""
        ...

    async def receive(self) -> str | bytes | None:
        """Return the next message, text or binary; None when the client is gone."""
        ...

    def listen(self, received: Callable[[str | bytes], None], gone: Callable[[], None]) -> bool:
        """Have each message given to `received` as it comes, and `gone` called when none follows.

        False where the transport cannot: then `receive` is the way. `received` is called in the
        context of whoever listens.
        """
        ...

    async def send(self, message: str | bytes) -> None:
        """Send a text or a binary frame; wait while the client does not read. OSError: gone."""
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
