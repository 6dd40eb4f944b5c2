"""What the soak's server publishes, and how its routes are asked."""

from __future__ import annotations

import secrets
from typing import Final

from pydantic import BaseModel, Field

from topicwire import RouteOptions, drop_oldest, latest, merge
from topicwire.types import ReplayLimits

TOPICS: Final = tuple(f"{name}:{number}" for name in ("sport", "money") for number in range(4))
"""What may be asked for on every route. On `news` they are segments of a key."""

PATTERNS: Final = ("sport:*", "*:1")
"""Asked for on `news` as well."""

REPLAY: Final = ReplayLimits(max_updates=100, max_age_s=15.0)


FILLER_BYTES: Final = 1_500


class Wanted(BaseModel):
    """A subscription: one topic."""

    name: str


class Item(BaseModel):
    """One update.

    Attributes:
        life: of the server, from 1.
        run: of the producer, where one makes the updates; else 0.
        n: the number that the publisher gives it, from 1 in each run.
        count: how many updates it stands for: more than one when some were merged.
        filler: makes it large, for compression too.
    """

    life: int
    run: int = 0
    n: int
    count: int = 1
    filler: str = Field(default_factory=lambda: secrets.token_urlsafe(FILLER_BYTES))


def merged(older: Item, newer: Item) -> Item:
    """Let one item stand for two."""
    return newer.model_copy(update={"count": older.count + newer.count})


OPTIONS: Final[dict[str, RouteOptions]] = {
    "orders": {"replay": REPLAY},
    "ticks": {"replay": ReplayLimits(max_updates=100, max_age_s=3.0), "linger_s": 3.0},
    "quotes": {"replay": REPLAY, "delivery": latest(), "snapshot": "last"},
    "logs": {"replay": REPLAY, "delivery": drop_oldest(max_queue=5)},
    "deltas": {"replay": REPLAY, "delivery": merge(merged)},
    "news": {"replay": REPLAY, "wildcards": True},
}
"""The routes: each policy, a producer that fails (`ticks`), and patterns (`news`)."""


def names(route: str) -> tuple[str, ...]:
    """Return all that may be asked for on a route."""
    return TOPICS + PATTERNS if route == "news" else TOPICS
