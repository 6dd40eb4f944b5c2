"""Random paths that keep to what is known of a period: its open, high, low and close.

Pure. A path runs from the open to one extreme, to the other, to the close. Its distance from the
extreme at hand is the length of a Brownian bridge in the plane (a Bessel process), which does not
come back to zero: the extreme is reached once, and not grazed all day long.
"""

from collections.abc import Iterator
from itertools import accumulate, pairwise
from math import hypot
from random import Random
from typing import NamedTuple

from trading_api.shared.market.randomness import NORMAL_OF_BYTE
from trading_api.shared.market.types import Range

# The range of a Brownian motion is about 1.6 standard deviations of its change. Fewer make for more
# noise: here a session of hours is stretched over a whole day.
_RANGE_IN_DEVIATIONS = 1.2
_LEAST_POINTS = 4


class _Leg(NamedTuple):
    """A stretch of the path, seen from the extreme that it leaves or goes to."""

    steps: int
    extreme: int
    begin: int
    end: int


def path_within(known: Range, points: int, draw: Random) -> list[int]:
    """A path of `points` prices that begins at the open, ends at the close and spans low to high.

    Every price lies between low and high, and both are reached.

    Raises:
        ValueError: `points` is below 4, or the range contradicts itself.
    """
    low, high = known.low, known.high
    if points < _LEAST_POINTS:
        raise ValueError(f"a path takes {_LEAST_POINTS} points or more, not {points}")
    if not low <= min(known.open, known.close) <= max(known.open, known.close) <= high:
        raise ValueError(f"open and close must lie between low and high: {known}")
    span = high - low
    step = span / _RANGE_IN_DEVIATIONS / points**0.5
    path = [known.open]
    for leg in _legs(known, points - 1, draw):
        outward = 1 if leg.extreme == low else -1
        distances = _bridge(
            abs(leg.begin - leg.extreme), abs(leg.end - leg.extreme), leg.steps, step, draw
        )
        path += [leg.extreme + outward * _folded(round(distance), span) for distance in distances]
        path.append(leg.end)
    return path


def _legs(known: Range, last: int, draw: Random) -> Iterator[_Leg]:
    top, bottom = _extremes(known, last, draw)
    (first, near), (second, far) = sorted([(top, known.high), (bottom, known.low)])
    middle = (first + second) // 2
    between = (near + far) // 2
    knots = [(0, known.open), (first, near), (middle, between), (second, far), (last, known.close)]
    for (start, begin), (end, finish) in pairwise(knots):
        if end > start:
            yield _Leg(end - start, near if end <= middle else far, begin, finish)


def _bridge(begin: int, end: int, steps: int, step: float, draw: Random) -> Iterator[float]:
    """The distances between the two given ones, both left out."""
    across, along = (
        list(accumulate(NORMAL_OF_BYTE[byte] for byte in draw.randbytes(steps))) for _ in range(2)
    )
    pull_across = -step * across[-1] / steps
    pull_along = (end - begin - step * along[-1]) / steps
    for i in range(1, steps):
        yield hypot(
            begin + step * along[i - 1] + pull_along * i, step * across[i - 1] + pull_across * i
        )


def _extremes(known: Range, last: int, draw: Random) -> tuple[int, int]:
    """Where the high and the low are reached: at an end that equals it, else somewhere between."""
    top, bottom = draw.sample(range(1, last), 2)
    ends = ((last, known.close), (0, known.open))
    for index, price in ends:
        if price == known.high:
            top = index
        if price == known.low:
            bottom = index
    return top, bottom


def _folded(distance: int, span: int) -> int:
    """Thrown back at the other extreme."""
    if distance <= span:
        return distance
    beyond = distance % (2 * span) if span else 0
    return min(beyond, 2 * span - beyond)


def shared_out(total: int, weights: list[float], least: int = 0) -> list[int]:
    """`total` in whole parts proportional to the weights, each at least `least`.

    Where `total` does not suffice for `least` each, it is shared out by weight alone.
    """
    if total < least * len(weights):
        least = 0
    rest = total - least * len(weights)
    whole = sum(weights)
    reached = [int(rest * part / whole) for part in accumulate(weights)]
    reached[-1] = rest
    return [least + now - before for before, now in pairwise([0, *reached])]
