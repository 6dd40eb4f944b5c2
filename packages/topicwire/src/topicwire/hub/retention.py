"""What all topics together keep for clients that come back, within the bounds of the app."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Protocol

from topicwire.core.replay import Kept, ReplayRing
from topicwire.hub.metrics import Metrics
from topicwire.types import Position, TopicId


class Retained(Protocol):
    """A topic without a subscriber that keeps a ring."""

    @property
    def id(self) -> TopicId:
        """Its identity."""
        ...

    def evict(self) -> None:
        """Give the ring up, now. Leaves `Retention` first."""
        ...


class Retention:
    """Bounds the rings of a hub, in bytes, and those without a subscriber in number too.

    Guarantee: past a bound the topic whose last subscriber left first gives its ring up, and its
    numbering with it; when every ring has subscribers, the one that grows lets its oldest go.

    Args:
        max_topics: how many rings without a subscriber there may be.
        max_bytes: of all rings together; for a topic without a subscriber there is as much room as
            these and the last values leave.
        metrics: where it is counted.
    """

    __slots__ = ("_left", "_max_bytes", "_max_topics", "_metrics", "state_bytes")

    def __init__(self, *, max_topics: int, max_bytes: int, metrics: Metrics) -> None:
        self._max_topics = max_topics
        self._max_bytes = max_bytes
        self._metrics = metrics
        self._left: OrderedDict[TopicId, Retained] = OrderedDict()
        self.state_bytes = 0
        """Of the last values that are kept beside rings."""

    def __len__(self) -> int:
        return len(self._left)

    def add(self, topic: Retained) -> None:
        """Keep the ring of a topic that nobody subscribes to any longer."""
        self._left[topic.id] = topic
        while len(self._left) > self._max_topics:
            self._evict()

    def remove(self, topic: Retained) -> None:
        """Note that a topic has subscribers again, or keeps nothing any longer."""
        self._left.pop(topic.id, None)

    def since(self, ring: ReplayRing, seen: Position, now_s: float) -> Sequence[Kept] | None:
        """Return what `ring` has after `seen`: all of it, or None. What is too old is let go."""
        before = ring.size
        missed = ring.since(seen, now_s)
        self._metrics.replay_bytes += ring.size - before
        return missed

    def append(
        self, ring: ReplayRing, seq: int, frame: bytes, now_s: float, mark: bytes = b""
    ) -> None:
        """Keep an update, and whatever the bounds allow."""
        metrics = self._metrics
        metrics.replay_bytes = size = metrics.replay_bytes + ring.append(seq, frame, now_s, mark)
        if size + self.state_bytes > self._max_bytes:
            self._make_room(ring)

    def weigh(self, added: int) -> None:
        """Note that the last values take so many bytes more, or less."""
        self.state_bytes += added
        if added > 0:  # else room is being made already, one topic after the other
            self._crowd_out()

    def give_up(self, ring: ReplayRing) -> None:
        """Keep nothing of `ring` any longer."""
        self._metrics.replay_bytes -= ring.size
        ring.shed(ring.size)

    def _make_room(self, ring: ReplayRing) -> None:
        self._crowd_out()
        excess = self._metrics.replay_bytes - self._max_bytes
        if excess > 0:
            before = ring.size
            ring.shed(excess)
            self._metrics.replay_bytes += ring.size - before

    def _crowd_out(self) -> None:
        while self._left and self._metrics.replay_bytes + self.state_bytes > self._max_bytes:
            self._evict()

    def _evict(self) -> None:
        _, topic = self._left.popitem(last=False)
        self._metrics.replays_evicted += 1
        topic.evict()
