"""What the values of one topic have in common: its clock, its prices, its counters."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any

_STEP = 0.002  # of a price, from one update to the next


@dataclass(slots=True)
class Topic:
    """The state of a topic's values, from one update to the next.

    Attributes:
        random: the same for the same seed and topic.
        request: what was subscribed with: its values are repeated in fields of their names.
        now_ms: the time of the present update, ms since the Unix epoch.
        interval_ms: between two updates.
        number: of the present update, from 1.
    """

    random: Random
    request: Mapping[str, Any]
    now_ms: int
    interval_ms: int
    number: int = 0
    _walks: dict[str, float] = field(default_factory=dict)
    _counters: dict[str, int] = field(default_factory=dict)
    _once: dict[str, float] = field(default_factory=dict)

    def advance(self) -> None:
        """Begin the next update."""
        self.number += 1
        self._once.clear()
        self.now_ms += self.interval_ms

    @property
    def time(self) -> datetime:
        """The time of the present update."""
        return datetime.fromtimestamp(self.now_ms / 1000, UTC)

    def once(self, name: str, make: Callable[[], float]) -> float:
        """Return what `make` returns: the same under one name until the next update."""
        if name not in self._once:
            self._once[name] = make()
        return self._once[name]

    def count(self, name: str) -> int:
        """Return how often this was asked for under the name: this time included."""
        self._counters[name] = self._counters.get(name, 0) + 1
        return self._counters[name]

    def walk(self, name: str, start: float) -> float:
        """Return a number near the one that was returned last under the name; never negative."""
        known = self._walks.get(name)
        now = start if known is None else known * math.exp(self.random.gauss(0.0, _STEP))
        self._walks[name] = now
        return now
