"""Everything that was numbered: the truth that no client's view may contradict."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import NamedTuple

from topicwire.backplane.memory import MemoryBackplane
from topicwire.types import Position, ReplayLimits, TopicId


class Entry(NamedTuple):
    price: float
    at_s: float


class Ledger:
    """Looks over the backplane's shoulder: one list for each life of a topic's numbering.

    Args:
        backplane: whose updates are noted.
        now_s: the time.
        published: told of each update's topic, before anybody is sent it.
    """

    def __init__(
        self,
        backplane: MemoryBackplane,
        now_s: Callable[[], float],
        published: Callable[[str], None],
    ) -> None:
        self._backplane = backplane
        self._now_s = now_s
        self._lives: dict[tuple[str, str], list[Entry]] = {}
        self.reached: dict[str, list[Position]] = {}
        """Every position that any client was at: what may be resumed from."""
        publish = backplane.publish

        def recorded(topic: TopicId, payload: bytes) -> None:
            published(topic.key)
            publish(topic, payload)
            head = self.head(topic.key)
            if head is not None:
                life = self._lives.setdefault((topic.key, head.epoch), [])
                life.append(Entry(json.loads(payload)["price"], now_s()))
                assert len(life) == head.seq, "guarantee 3: one higher with each update"

        backplane.publish = recorded  # type: ignore[method-assign]  # a spy

    def head(self, topic: str) -> Position | None:
        """Where the numbering of a topic is; None while it has none."""
        numbering = self._backplane._numberings.get(TopicId("trades", topic))
        return None if numbering is None else Position(numbering.epoch, numbering.seq)

    def price(self, topic: str, position: Position) -> float:
        """What the update at a position said."""
        return self._lives[topic, position.epoch][position.seq - 1].price

    def recovers(self, topic: str, seen: Position, limits: ReplayLimits | None) -> bool:
        """Whether all that came after `seen` must be had: guarantee 9, word for word.

        Only from where a client can have been. A numbering outlives starts that fail, and counts
        what the application publishes meanwhile; nothing of that is kept before the first start
        that succeeds, since nobody was told a position before.
        """
        head = self.head(topic)
        if head is None or head.epoch != seen.epoch or seen.seq > head.seq:
            return False
        if head == seen:
            return True
        told = [at.seq for at in self.reached.get(topic, []) if at.epoch == head.epoch]
        if limits is None or not told or seen.seq < min(told):
            return False
        missed = self._lives[topic, head.epoch][seen.seq :]
        oldest_s = self._now_s() - limits.max_age_s
        return len(missed) <= limits.max_updates and all(one.at_s >= oldest_s for one in missed)
