"""The accounts of a life: what was put into queues, and where each of it went."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from statistics import median
from typing import Any, Final

LEFT_OUT: Final = ("conflated", "dropped", "merged", "abandoned")
"""How an update that was put into a queue may leave it, other than to the socket."""

ALLOWED_GROWTH: Final = 0.05
"""Of what Python has allocated, and of the process, as a share of the median."""

ALLOWED_BYTES: Final = 1_048_576
"""That much more, whatever the median."""

WARM_UP: Final = 0.3
"""Of a life: until every ring is full, its memory grows as it should."""

FEWEST_SAMPLES: Final = 10


def account(metrics: Mapping[str, int], handed_over: int) -> dict[str, int]:
    """Return one route's account. `missing` is what it does not explain: 0, or something is wrong.

    Args:
        metrics: of the route.
        handed_over: updates that were seen on their way to a socket.
    """
    put = metrics["updates_sent"] + metrics["updates_replayed"]
    left_out = {name: metrics[f"updates_{name}"] for name in LEFT_OUT}
    return {
        "published": metrics["updates_published"],
        "unwatched": metrics["updates_unwatched"],
        "queued": metrics["updates_sent"],
        "replayed": metrics["updates_replayed"],
        "handed_over": handed_over,
        **left_out,
        "missing": put - handed_over - sum(left_out.values()),
    }


def left_behind(metrics: Mapping[str, Any]) -> list[str]:
    """Return what is not let go of although everybody has left."""
    gauges = {
        "connections": metrics["connections"],
        "subscriptions": metrics["subscriptions"],
        "producers": metrics["producers"],
        "topics": metrics["topics"],
        "queue_bytes": metrics["queue_bytes"]["total"],
        "replay_bytes": metrics["replay_bytes"],
    }
    return [f"{name} is {value}, not 0" for name, value in gauges.items() if value]


def growth(samples: Sequence[tuple[float, float]]) -> float | None:
    """Return how much more there is at the end than at the beginning, after the warm-up.

    By the median of the slopes between any two samples (Theil and Sen): single peaks do not count.
    None when there are too few samples.
    """
    if not samples:
        return None
    begins_s = samples[-1][0] * WARM_UP
    settled = [sample for sample in samples if sample[0] >= begins_s]
    if len(settled) < FEWEST_SAMPLES:
        return None
    slopes = [(b[1] - a[1]) / (b[0] - a[0]) for a, b in combinations(settled, 2) if b[0] > a[0]]
    return median(slopes) * (settled[-1][0] - settled[0][0])


def grows(samples: Sequence[tuple[float, float]], share: float) -> bool:
    """Say whether it is more than memory that is flat may show, `share` of it and a little."""
    grown = growth(samples)
    if grown is None:
        return False
    allowed = ALLOWED_BYTES + share * median(value for _, value in samples)
    return grown > allowed
