"""Medians of paired ratios, with intervals: machines drift, so only pairs are compared."""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable, Sequence
from typing import Final

from typing_extensions import TypedDict

RESAMPLES: Final = 2_000
CONFIDENCE: Final = 0.95


class Estimate(TypedDict):
    """A value, and the interval in which it lies by the bootstrap, at 95 %."""

    value: float
    low: float
    high: float


def estimate(
    rounds: Sequence[tuple[float, float]],
    of: Callable[[Sequence[tuple[float, float]]], float] | None = None,
) -> Estimate:
    """Estimate a number from rounds, by default the median of the ratios `first / second`.

    The rounds are drawn anew, with replacement and in pairs, RESAMPLES times (the percentile
    bootstrap). The same rounds give the same interval.

    Raises:
        ValueError: there are no rounds.
    """
    if not rounds:
        raise ValueError("an estimate needs a round")
    of = of or median_ratio
    draw = random.Random(len(rounds))  # noqa: S311 - resampling, repeatable
    drawn = sorted(of(draw.choices(rounds, k=len(rounds))) for _ in range(RESAMPLES))
    tail = (1 - CONFIDENCE) / 2
    return Estimate(
        value=significant(of(rounds)),
        low=significant(drawn[int(tail * RESAMPLES)]),
        high=significant(drawn[int((1 - tail) * RESAMPLES) - 1]),
    )


def median_ratio(rounds: Sequence[tuple[float, float]]) -> float:
    """The median of the rounds' own ratios."""
    return statistics.median(first / second for first, second in rounds)


def median_difference(rounds: Sequence[tuple[float, float]]) -> float:
    """The median of the rounds' own differences."""
    return statistics.median(first - second for first, second in rounds)


def ratio_of_sums(rounds: Sequence[tuple[float, float]]) -> float:
    """All of the first by all of the second: for what is counted in coarse ticks each round."""
    return sum(first for first, _ in rounds) / sum(second for _, second in rounds)


def significant(value: float, digits: int = 4) -> float:
    """Round to so many significant digits."""
    return float(f"{value:.{digits}g}")
