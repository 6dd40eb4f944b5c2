"""Values of every construct, the same ones for each client."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from packages.topicwire.tests.corpus import Construct


def sample(construct: Construct, count: int) -> list[Any]:
    """Up to `count` random values; fewer where there are not so many."""
    found: list[Any] = []

    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(construct.values())
    def collect(value: Any) -> None:
        found.append(value)

    collect()
    return found[:count]
