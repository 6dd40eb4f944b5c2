"""What waits to be sent to one connection, bounded in bytes."""

from __future__ import annotations

from collections import deque

from topicwire.wire.frames import Frame


class Outbox:
    """A queue of frames that says when it is full, and never throws one away.

    Guarantee: frames leave in the order in which they came. What waits is less than `max_bytes` and
    one frame more: whether a frame fits depends on what waits before it, never on its own size.
    """

    __slots__ = ("_bytes", "_frames", "_in_flight", "_max_bytes")

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._frames: deque[Frame] = deque()
        self._bytes = 0
        self._in_flight = 0

    def __len__(self) -> int:
        return len(self._frames)

    @property
    def size(self) -> int:
        """Bytes that wait, or were taken and are not sent yet."""
        return self._bytes + self._in_flight

    def push(self, frame: Frame) -> bool:
        """Add a frame. False, and nothing is added, when `max_bytes` wait: its reader is slow."""
        if self._bytes + self._in_flight >= self._max_bytes:
            return False
        self._frames.append(frame)
        self._bytes += frame.size
        return True

    def take(self, max_bytes: int) -> list[Frame]:
        """Return the oldest frames, at most `max_bytes` of them but at least one, to be sent.

        They count as waiting until `sent` is called.
        """
        taken: list[Frame] = []
        size = 0
        while self._frames and (not taken or size + self._frames[0].size <= max_bytes):
            frame = self._frames.popleft()
            size += frame.size
            taken.append(frame)
        self._bytes -= size
        self._in_flight += size
        return taken

    def sent(self) -> None:
        """What was taken has been handed to the socket."""
        self._in_flight = 0

    def clear(self) -> None:
        """Forget everything: the connection is gone."""
        self._frames.clear()
        self._bytes = 0
        self._in_flight = 0
