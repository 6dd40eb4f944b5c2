"""The last updates of one topic, kept for clients that come back (protocol, section 4.9).

Pure: no clock and no I/O. The caller passes `now_s`, from one monotonic clock.
"""

from __future__ import annotations

from collections import deque
from itertools import islice
from typing import NamedTuple

from topicwire.errors import TopicwireError
from topicwire.types import Position, ReplayLimits


class Kept(NamedTuple):
    """One update that is kept.

    Attributes:
        at_s: when it came.
        frame: as it was sent.
        mark: what stood before its payload, where its route marks updates.
    """

    at_s: float
    frame: bytes
    mark: bytes = b""


class OutOfOrderError(TopicwireError, ValueError):
    """An update whose number does not follow the last one: a fault of the backplane.

    Attributes:
        expected: the number that would have followed.
        seen: the number that came.
    """

    def __init__(self, expected: int, seen: int) -> None:
        super().__init__(
            f"update {seen} does not follow: {expected} was expected. A backplane numbers the "
            "updates of a topic one higher each time, and delivers them in that order."
        )
        self.expected = expected
        self.seen = seen


class ReplayRing:
    """Keeps the latest updates of a topic, in order and without a gap, within its limits.

    Guarantee: `since` gives every update after a position, or None; never a part of them.

    Args:
        start: the position that the topic has now: updates after it are kept.
        limits: whichever is reached first lets the oldest go.

    Attributes:
        size: bytes that are kept.
    """

    __slots__ = ("_epoch", "_kept", "_max_age_s", "_max_bytes", "_max_updates", "_seq", "size")

    def __init__(self, start: Position, limits: ReplayLimits) -> None:
        self._epoch, self._seq = start
        self._max_updates = limits.max_updates
        self._max_bytes = limits.max_bytes
        self._max_age_s = limits.max_age_s
        # each as the arguments of a `Kept`: making one of each update would cost more than the rest
        self._kept: deque[tuple[float, bytes, bytes]] = deque()
        self.size = 0

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def position(self) -> Position:
        """Of the latest update, whether or not it is still kept."""
        return Position(self._epoch, self._seq)

    def append(self, seq: int, frame: bytes, now_s: float, mark: bytes = b"") -> int:
        """Keep the next update. One that is larger than all that may be kept is let go at once.

        Returns how much larger `size` is then; negative where it is smaller.

        Raises:
            OutOfOrderError: `seq` is not one higher than the last.
        """
        if seq != self._seq + 1:
            raise OutOfOrderError(expected=self._seq + 1, seen=seq)
        self._seq = seq
        kept, before = self._kept, self.size
        kept.append((now_s, frame, mark))
        size = before + len(frame)
        if len(kept) > self._max_updates:  # as a rule it is full, and the oldest alone goes
            size -= len(kept.popleft()[1])
        self.size = size
        if size > self._max_bytes or (kept and kept[0][0] < now_s - self._max_age_s):
            self._let_go(now_s)
            size = self.size
        return size - before

    def since(self, seen: Position, now_s: float) -> list[Kept] | None:
        """Return the updates after `seen`, oldest first; empty when nothing was missed.

        None when it cannot be continued: another epoch, a number that has not been reached, or
        one of the missed updates is no longer kept.
        """
        self._let_go(now_s)
        missed = self._seq - seen.seq
        if seen.epoch != self._epoch or not 0 <= missed <= len(self._kept):
            return None
        return [Kept(*one) for one in islice(self._kept, len(self._kept) - missed, None)]

    def shed(self, size: int) -> None:
        """Let the oldest go until `size` bytes more are free, or nothing is kept."""
        goal = max(0, self.size - size)
        while self.size > goal:
            self._drop()

    def _let_go(self, now_s: float) -> None:
        kept = self._kept
        oldest_s = now_s - self._max_age_s
        while kept and (
            len(kept) > self._max_updates or self.size > self._max_bytes or kept[0][0] < oldest_s
        ):
            self._drop()

    def _drop(self) -> None:
        self.size -= len(self._kept.popleft()[1])
