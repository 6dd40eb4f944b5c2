"""Random paths that keep to what is known of a period: its open, high, low and close.

Pure. A path is pieced together from Brownian bridges: from the open to one extreme, to the other,
to the close, folded back at the extremes.
"""

from itertools import accumulate, pairwise
from random import Random

from trading_api.shared.market.randomness import NORMAL_OF_BYTE
from trading_api.shared.market.types import Range

# The range of a free Brownian motion over a time is about 1.6 standard deviations of its change.
# One that is folded back at its extremes takes more noise to look as restless as a session of hours
# stretched over a whole day.
_RANGE_IN_DEVIATIONS = 1.0
_LEAST_POINTS = 4


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
    last = points - 1
    top, bottom = _extremes(known, last, draw)
    knots = sorted({0: known.open, last: known.close, top: high, bottom: low}.items())
    step = (high - low) / _RANGE_IN_DEVIATIONS / points**0.5
    noise = draw.randbytes(points)
    path = [known.open]
    for (start, begin), (end, finish) in pairwise(knots):
        length = end - start
        walk = list(accumulate(NORMAL_OF_BYTE[byte] for byte in noise[start:end]))
        pull = (finish - begin) / length - walk[-1] / length * step
        path += [
            _folded(round(begin + pull * i + step * moved), low, high)
            for i, moved in enumerate(walk[:-1], start=1)
        ]
        path.append(finish)
    return path


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


def _folded(price: int, low: int, high: int) -> int:
    if price > high:
        price = 2 * high - price
    if price < low:
        price = 2 * low - price
    return min(max(price, low), high)


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
