"""What the visitors of the soak have seen, held against what their route promises."""

from __future__ import annotations

from collections import Counter
from typing import Final

from bench.soak.models import Item

from topicwire.client import Gap, UpdateInfo

KEPT_FAULTS: Final = 20


class Ledger:
    """What all visitors together have received.

    Attributes:
        received: updates by life of the server and route, snapshots apart.
        gaps: that were told of, by route.
        faults: what no policy allows: the first few.
        faulty: how many there were.
    """

    def __init__(self) -> None:
        self.received: Counter[tuple[int, str]] = Counter()
        self.gaps: Counter[str] = Counter()
        self.faults: list[str] = []
        self.faulty = 0

    def fault(self, text: str) -> None:
        """Note what must not be."""
        self.faulty += 1
        if len(self.faults) < KEPT_FAULTS:
            self.faults.append(text)


class Follower:
    """One listener: what it was given so far, by topic and source.

    Guarantee of the routes that it checks, between two gaps that it was told of: on `orders`,
    `ticks` and `news` every number of the publisher comes, once and in order; on `deltas` each
    item stands for exactly those that were left out; on `quotes` and `logs` numbers ascend.
    """

    def __init__(self, ledger: Ledger, route: str) -> None:
        self._ledger = ledger
        self._route = route
        self._last: dict[tuple[str, str | None], Item] = {}

    def update(self, item: Item, info: UpdateInfo) -> None:
        """Take an update, or a state."""
        place = (info.topic, info.source)
        last = self._last.get(place)
        self._last[place] = item
        if not info.snapshot:
            self._ledger.received[item.life, self._route] += 1
        if last is None or (last.life, last.run) != (item.life, item.run):
            return
        if not self._may_follow(last, item, is_snapshot=info.snapshot):
            self._ledger.fault(
                f"{self._route} {info.topic} seq {info.seq}: {item.n} (for {item.count}) after "
                f"{last.n}"
            )

    def gap(self, gap: Gap) -> None:
        """Take that something is missing: what comes next continues nothing."""
        self._ledger.gaps[self._route] += 1
        self._last = {place: item for place, item in self._last.items() if place[0] != gap.topic}

    def _may_follow(self, last: Item, item: Item, *, is_snapshot: bool) -> bool:
        if is_snapshot:
            return item.n >= last.n
        if self._route in {"quotes", "logs"}:
            return item.n > last.n
        return item.n - item.count == last.n
