"""What waits to be sent to one connection, bounded in bytes."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from topicwire.wire.frames import Frame


class Outbox:
    """A queue of frames that says when it is full, and never throws one away.

    Guarantee: frames leave in the order in which they came. What waits is less than `max_bytes` and
    one frame more: whether a frame fits depends on what waits before it, never on its own size. The
    backlog of a client that comes back is apart: it does not count.
    """

    __slots__ = ("_backlog", "_bytes", "_in_flight", "_max_bytes", "_waiting")

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        # bytes are backlog: kept as the ring has them, and shared with it, until they are taken
        self._waiting: deque[Frame | bytes] = deque()
        self._bytes = 0
        self._backlog = 0
        self._in_flight = 0

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def size(self) -> int:
        """Bytes that wait, or were taken and are not sent yet; the backlog is not among them."""
        return self._bytes + self._in_flight

    @property
    def backlog(self) -> int:
        """Bytes of backlog that wait."""
        return self._backlog

    def push(self, frame: Frame) -> bool:
        """Add a frame. False, and nothing is added, when `max_bytes` wait: its reader is slow."""
        if self._bytes + self._in_flight >= self._max_bytes:
            return False
        self._waiting.append(frame)
        self._bytes += frame.size
        return True

    def push_backlog(self, frames: Iterable[bytes]) -> None:
        """Add what a client missed, or a topic's present state: it always fits."""
        for frame in frames:
            self._waiting.append(frame)
            self._backlog += len(frame)

    def take(self, max_bytes: int) -> list[Frame]:
        """Return the oldest frames, at most `max_bytes` of them but at least one, to be sent.

        They count as waiting until `sent` is called.
        """
        waiting = self._waiting
        taken: list[Frame] = []
        size = 0
        while waiting:
            first = waiting[0]
            frame = Frame(first) if isinstance(first, bytes) else first
            if taken and size + frame.size > max_bytes:
                break
            waiting.popleft()
            size += frame.size
            taken.append(frame)
            if frame is first:
                self._bytes -= frame.size
                self._in_flight += frame.size
            else:
                self._backlog -= frame.size
        return taken

    def sent(self) -> None:
        """What was taken has been handed to the socket."""
        self._in_flight = 0

    def clear(self) -> list[Frame]:
        """Forget everything: the connection is gone. Returns the frames that waited."""
        left = [frame for frame in self._waiting if isinstance(frame, Frame)]
        self._waiting.clear()
        self._bytes = 0
        self._backlog = 0
        self._in_flight = 0
        return left
