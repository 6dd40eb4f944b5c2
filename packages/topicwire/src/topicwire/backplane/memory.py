"""The backplane of a single process: numbers an update and delivers it in the same step."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Callable

from topicwire.backplane.base import Backplane, Deliver, Renew
from topicwire.types import Position, TopicId


def random_epoch() -> str:
    """Return a name for one life of a numbering: 64 random bits."""
    return secrets.token_urlsafe(8)


class _Numbering:
    __slots__ = ("epoch", "is_open", "seq")

    def __init__(self, epoch: str) -> None:
        self.epoch = epoch
        self.seq = 0
        self.is_open = True


class MemoryBackplane(Backplane):
    """Keeps the numbering of every open topic, and of those closed a short while ago.

    Args:
        now_s: a monotonic clock, in seconds.
        retention_s: how long a closed topic keeps its numbering.
        max_retained: how many closed topics keep theirs; the longest closed lose it first.
        new_epoch: names a numbering.
    """

    def __init__(
        self,
        now_s: Callable[[], float],
        *,
        retention_s: float,
        max_retained: int,
        new_epoch: Callable[[], str] = random_epoch,
    ) -> None:
        self._now_s = now_s
        self._retention_s = retention_s
        self._max_retained = max_retained
        self._new_epoch = new_epoch
        self._numberings: dict[TopicId, _Numbering] = {}
        self._closed_at: OrderedDict[TopicId, float] = OrderedDict()
        self._deliver: Deliver | None = None
        self._renew: Renew | None = None

    def __len__(self) -> int:
        return len(self._numberings)

    def attach(self, deliver: Deliver, renew: Renew) -> None:  # noqa: D102 - the base class says it
        self._deliver = deliver
        self._renew = renew

    async def open(self, topic: TopicId) -> Position:  # noqa: D102
        self.expire()
        numbering = self._numberings.get(topic)
        if numbering is None:
            numbering = self._numberings[topic] = _Numbering(self._new_epoch())
        numbering.is_open = True
        self._closed_at.pop(topic, None)
        return Position(numbering.epoch, numbering.seq)

    async def close(self, topic: TopicId, *, keep: bool = True) -> None:  # noqa: D102
        numbering = self._numberings.get(topic)
        if numbering is None:
            return
        if not keep:
            del self._numberings[topic]
            self._closed_at.pop(topic, None)
            return
        numbering.is_open = False
        self._closed_at[topic] = self._now_s()
        self._closed_at.move_to_end(topic)
        self.expire()

    def wants(self, topic: TopicId) -> bool:  # noqa: D102
        return topic in self._numberings

    def publish(self, topic: TopicId, payload: bytes) -> None:  # noqa: D102
        numbering = self._numberings.get(topic)
        if numbering is None:
            return
        numbering.seq += 1
        if numbering.is_open and self._deliver is not None:
            self._deliver(topic, numbering.seq, payload)

    def lose(self, topic: TopicId) -> None:
        """Lose the numbering of a topic, as the server of a backplane may: for tests.

        One that is open gets another at once, and its hub is told. Nothing happens to a topic that
        has none.
        """
        numbering = self._numberings.get(topic)
        if numbering is None:
            return
        if not numbering.is_open:
            del self._numberings[topic]
            del self._closed_at[topic]
            return
        numbering.epoch, numbering.seq = self._new_epoch(), 0
        if self._renew is not None:
            self._renew(topic, Position(numbering.epoch, numbering.seq))

    def expire(self) -> float | None:  # noqa: D102
        oldest_s = self._now_s() - self._retention_s
        while self._closed_at:
            topic, closed_s = next(iter(self._closed_at.items()))
            if closed_s > oldest_s and len(self._closed_at) <= self._max_retained:
                return closed_s - oldest_s
            del self._closed_at[topic]
            del self._numberings[topic]
        return None
