from __future__ import annotations

import pytest
from backend.tests.strategies import ranges
from hypothesis import assume, given
from hypothesis import strategies as st

from trading_api.shared.market.path import path_within, shared_out
from trading_api.shared.market.randomness import generator
from trading_api.shared.market.types import Range


@given(known=ranges(), points=st.integers(4, 300), seed=st.integers(0, 1000))
def test_a_path_keeps_exactly_to_what_is_known(known: Range, points: int, seed: int) -> None:
    path = path_within(known, points, generator("test", seed))
    assert len(path) == points
    assert (path[0], path[-1]) == (known.open, known.close)
    assert (max(path), min(path)) == (known.high, known.low)


@given(known=ranges(), seed=st.integers(0, 1000))
def test_an_extreme_is_not_grazed_all_the_time(known: Range, seed: int) -> None:
    assume(known.high - known.low > 300)
    path = path_within(known, 5_000, generator("test", seed))
    assert path.count(known.high) + path.count(known.low) < 100


@pytest.mark.parametrize(
    "known", [Range(5, 9, 6, 7, 1), Range(5, 6, 4, 9, 1), Range(5, 4, 6, 5, 1)]
)
def test_a_range_that_contradicts_itself_is_refused(known: Range) -> None:
    with pytest.raises(ValueError, match="open and close must lie between low and high"):
        path_within(known, 10, generator("test", 1))


def test_three_points_cannot_visit_four_prices() -> None:
    with pytest.raises(ValueError, match="takes 4 points or more, not 3"):
        path_within(Range(2, 3, 1, 2, 0), 3, generator("test", 1))


@given(
    total=st.integers(0, 10**10),
    weights=st.lists(st.floats(0.01, 100), min_size=1, max_size=200),
    least=st.integers(0, 50),
)
def test_nothing_is_lost_in_sharing_out(total: int, weights: list[float], least: int) -> None:
    parts = shared_out(total, weights, least)
    assert sum(parts) == total
    assert len(parts) == len(weights)
    assert min(parts) >= (least if total >= least * len(weights) else 0)
