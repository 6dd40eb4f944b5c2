"""One direction of a connection that a test disturbs: what passes is counted, late, or lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeAlias, TypeVar

from starlette.types import Message as AsgiEvent

from topicwire.testing.faults.line import Line

Cut: TypeAlias = Callable[[bool], None]
"""Ends the connection; True: with a TCP reset."""

_Item = TypeVar("_Item")


class _Direction(Generic[_Item]):
    def __init__(self, line: Line[_Item], cut: Cut) -> None:
        self.delay_s = 0.0
        self.bytes_passed = 0
        self.line = line
        self._cut = cut
        self._bytes_left: int | None = None
        self._with_reset = False

    def stall(self) -> None:
        """Let nothing pass. The reader seems not to read, so soon the sender waits."""
        self.line.stall()

    def resume(self) -> None:
        """Let pass what waits, and what follows."""
        self.line.resume()

    async def under_way(self, count: int = 1) -> None:
        """Wait until something is held up: `count` messages, or pieces of a stream of bytes.

        An application sends when the event loop lets it: wait for this before a clock moves.
        Returns when the connection is cut, too.
        """
        await self.line.hold(count)

    def room(self, size: int) -> int:
        """Return how many of the next `size` bytes pass before the cut."""
        return size if self._bytes_left is None else min(size, self._bytes_left)

    def passed(self, size: int) -> None:
        """Note that `size` bytes have passed, and cut if they were the last."""
        self.bytes_passed += size
        if self._bytes_left is not None:
            self._bytes_left -= size
            if self._bytes_left <= 0:
                self._cut(self._with_reset)

    def _cut_after(self, count: int, *, reset: bool) -> None:
        if count < 0:
            raise ValueError(f"cut after {count} bytes: it takes 0 or more.")
        self._bytes_left = count
        self._with_reset = reset
        if count == 0:
            self._cut(reset)


class BytesDirection(_Direction[bytes]):
    """One direction between two sockets.

    Attributes:
        bytes_passed: so far; the handshake's are among them.
        delay_s: how much later, by the clock, arrives what is sent from now on. At most 1 MiB is
            under way, then the sender waits.
    """

    def cut_after_bytes(self, count: int, *, reset: bool = False) -> None:
        """Let exactly `count` more bytes pass, then cut the connection, both ways.

        Args:
            count: 0 cuts at once.
            reset: end with a TCP reset, which may overtake bytes that have passed but were not
                read yet; otherwise with an orderly end of the stream, which never does.

        Raises:
            ValueError: `count` is negative.
        """
        self._cut_after(count, reset=reset)


class MessagesDirection(_Direction[AsgiEvent]):
    """One direction between an in-process client and its application.

    Attributes:
        bytes_passed: of messages, so far.
        messages_passed: so far, each counted once.
        delay_s: how much later, by the clock, arrives what is sent from now on.
        copies: how often each message arrives, 1 or more.
    """

    def __init__(self, line: Line[AsgiEvent], cut: Cut) -> None:
        super().__init__(line, cut)
        self.messages_passed = 0
        self.copies = 1
        self._messages_left: int | None = None

    def cut_after_bytes(self, count: int) -> None:
        """Let `count` more bytes of messages pass, then cut the connection, both ways.

        A message that is cut in the middle does not arrive: WebSocket delivers whole ones.

        Args:
            count: in bytes of UTF-8; 0 cuts at once.

        Raises:
            ValueError: `count` is negative.
        """
        self._cut_after(count, reset=False)

    def cut_after_messages(self, count: int) -> None:
        """Let `count` more frames pass, then cut the connection, both ways; 0 cuts at once.

        Raises:
            ValueError: `count` is negative.
        """
        if count < 0:
            raise ValueError(f"cut_after_messages({count}): it takes 0 or more messages.")
        self._messages_left = count
        if count == 0:
            self._cut(False)

    def lets_pass(self, event: AsgiEvent) -> bool:
        """Say whether a message passes; when the cut goes through it, cut."""
        size = size_of(event)
        if self.room(size) < size:
            self._cut(False)
            return False
        return True

    def message_passed(self, event: AsgiEvent) -> None:
        """Count a message, and cut if it was the last."""
        self.messages_passed += 1
        self.passed(size_of(event))
        if self._messages_left is not None:
            self._messages_left -= 1
            if self._messages_left <= 0:
                self._cut(False)


def size_of(event: AsgiEvent) -> int:
    """Return the size of a message, in bytes of UTF-8."""
    text: str | None = event.get("text")
    return len(text.encode()) if text is not None else len(event.get("bytes") or b"")
