"""What waits to be sent to one connection, bounded in bytes."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable
from typing import Final

from topicwire.core.updates import Outcome, Update
from topicwire.wire.frames import Frame

_MAX_GONE: Final = 32
"""So many empty slots may stay, however little waits: clearing them away costs more."""


class _Slot:
    """A place in the queue whose update may go before its turn has come: then it is empty."""

    __slots__ = ("update",)

    def __init__(self, update: Update) -> None:
        self.update: Update | None = update


class Outbox:
    """A queue of frames that says when it is full, and throws none away but by its topic's policy.

    Guarantee: frames leave in the order in which they came, an update that takes the place of an
    older one as the newest of all; so the numbers of a topic ascend. What waits is less than
    `max_bytes` and one frame more: whether a frame fits depends on what waits before it, never on
    its own size. The backlog of a client that comes back is apart: it does not count.
    """

    __slots__ = (
        "_backlog",
        "_bytes",
        "_gone",
        "_in_flight",
        "_max_bytes",
        "_places",
        "_queues",
        "_waiting",
    )

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        # bytes are backlog: kept as the ring has them, and shared with it, until they are taken
        # nothing waits for most connections at most times, and an empty deque has 760 bytes
        self._waiting: deque[Frame | bytes | _Slot] | tuple[()] = ()
        # by topic first: ending one does not look at what waits of the others
        self._places: dict[Hashable, dict[bytes, _Slot]] = {}
        self._queues: dict[Hashable, deque[_Slot]] = {}
        self._gone = 0
        self._bytes = 0
        self._backlog = 0
        self._in_flight = 0

    def __len__(self) -> int:
        return len(self._waiting) - self._gone

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
        self._add(frame)
        self._bytes += frame.size
        return True

    def push_within(self, frame: Frame, max_bytes: int) -> bool:
        """Add a frame unless `max_bytes` wait, where a route allows less than the connection."""
        if self._bytes + self._in_flight >= max_bytes:
            return False
        return self.push(frame)

    def push_latest(self, update: Update) -> Outcome:
        """Add an update in the stead of the one that waits in its place."""
        topic, key = update.place
        keys = self._places.get(topic)
        older = None if keys is None else keys.get(key)
        slot = self._append(update, older)
        if slot is None:
            return Outcome.REFUSED
        if keys is None:
            keys = self._places[topic] = {}
        keys[key] = slot
        return Outcome.ADDED if older is None else Outcome.CONFLATED

    def push_among(self, update: Update, max_queue: int) -> Outcome:
        """Add an update; when `max_queue` of its topic wait, the oldest of them goes."""
        topic = update.place[0]
        queue = self._queues.get(topic)
        if queue is None:
            queue = self._queues[topic] = deque()
        oldest = queue[0] if len(queue) >= max_queue else None
        slot = self._append(update, oldest)
        if slot is None:
            return Outcome.REFUSED
        queue.append(slot)
        if oldest is None:
            return Outcome.ADDED
        queue.popleft()
        return Outcome.DROPPED

    def push_merged(
        self, update: Update, merge: Callable[[Update, Update], Update | None]
    ) -> Outcome:
        """Add an update as one with the one that waits in its place.

        `merge` returns None when the two cannot be one: both are sent then.
        """
        topic, key = update.place
        older = self._places.get(topic, {}).get(key)
        merged = None
        if older is not None and older.update is not None:
            merged = merge(older.update, update)
        slot = self._append(merged or update, None if merged is None else older)
        if slot is None:
            return Outcome.REFUSED
        self._places.setdefault(topic, {})[key] = slot
        return Outcome.ADDED if merged is None else Outcome.MERGED

    def push_backlog(self, frames: Iterable[bytes]) -> None:
        """Add what a client missed, or a topic's present state: it always fits."""
        for frame in frames:
            self._add(frame)
            self._backlog += len(frame)

    def seal(self, topic: Hashable) -> None:
        """Let what waits of `topic` be sent as it is: what comes from now on replaces none of it.

        A subscription has ended, or a numbering: its updates and those of the next are not one.
        """
        self._queues.pop(topic, None)
        self._places.pop(topic, None)

    def take(self, max_bytes: int) -> list[Frame]:
        """Return the oldest frames, at most `max_bytes` of them but at least one, to be sent.

        They count as waiting until `sent` is called.
        """
        waiting = self._waiting
        taken: list[Frame] = []
        if not waiting:
            return taken
        size = 0
        while waiting:  # it is a deque
            first = waiting[0]
            if isinstance(first, Frame):
                frame = first
            elif isinstance(first, bytes):
                frame = Frame(first)
            elif first.update is not None:
                frame = first.update.frame
            else:
                waiting.popleft()
                self._gone -= 1
                continue
            if taken and size + frame.size > max_bytes:
                break
            waiting.popleft()
            size += frame.size
            taken.append(frame)
            if isinstance(first, bytes):
                self._backlog -= frame.size
                continue
            self._bytes -= frame.size
            self._in_flight += frame.size
            if frame is not first:
                self._left(first)
        return taken

    def hand_over(self, size: int) -> None:
        """Count what went straight to the socket, past an empty outbox, until `sent` is called."""
        self._in_flight += size

    def sent(self) -> None:
        """What was taken has been handed to the socket."""
        self._in_flight = 0
        if not self._waiting:
            self._waiting = ()

    def clear(self) -> list[Frame]:
        """Forget everything: the connection is gone. Returns all that waited, the backlog too."""
        left = [one for waiting in self._waiting if (one := _frame(waiting)) is not None]
        self._waiting = ()
        self._places.clear()
        self._queues.clear()
        self._gone = 0
        self._bytes = 0
        self._backlog = 0
        self._in_flight = 0
        return left

    def _add(self, one: Frame | bytes | _Slot) -> None:
        if isinstance(self._waiting, deque):
            self._waiting.append(one)
        else:
            self._waiting = deque((one,))

    def _append(self, update: Update, older: _Slot | None) -> _Slot | None:
        """Add `update` in the stead of `older`, unless too much waits without that."""
        room = 0 if older is None or older.update is None else older.update.frame.size
        if self._bytes + self._in_flight - room >= self._max_bytes:
            return None
        if older is not None:
            self._empty(older)
        slot = _Slot(update)
        self._add(slot)
        self._bytes += update.frame.size
        return slot

    def _empty(self, slot: _Slot) -> None:
        if slot.update is None:
            return
        self._bytes -= slot.update.frame.size
        slot.update = None
        self._gone += 1
        if self._gone > _MAX_GONE and self._gone * 2 > len(self._waiting):
            self._waiting = deque(one for one in self._waiting if not _is_empty(one))
            self._gone = 0

    def _left(self, slot: Frame | bytes | _Slot) -> None:
        """A slot's turn has come: from now on its update waits no longer."""
        if not isinstance(slot, _Slot) or slot.update is None:
            return
        topic, key = slot.update.place
        keys = self._places.get(topic)
        if keys is not None and keys.get(key) is slot:
            del keys[key]
            if not keys:
                del self._places[topic]
        queue = self._queues.get(topic)
        if queue and queue[0] is slot:
            queue.popleft()
            if not queue:
                del self._queues[topic]


def _frame(waiting: Frame | bytes | _Slot) -> Frame | None:
    """Return what waits; None for what has gone."""
    if isinstance(waiting, _Slot):
        return None if waiting.update is None else waiting.update.frame
    return waiting if isinstance(waiting, Frame) else Frame(waiting)


def _is_empty(waiting: Frame | bytes | _Slot) -> bool:
    return isinstance(waiting, _Slot) and waiting.update is None
