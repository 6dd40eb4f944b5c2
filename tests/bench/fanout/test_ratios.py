from __future__ import annotations

import random

import pytest
from bench.fanout.ratios import (
    estimate,
    median_difference,
    median_ratio,
    ratio_of_sums,
    significant,
)


def test_ratios_are_of_pairs_not_of_medians() -> None:
    drifting = [(1.0, 2.0), (10.0, 20.0), (100.0, 200.0), (3.0, 6.0), (7.0, 14.0)]
    assert estimate(drifting) == {"value": 0.5, "low": 0.5, "high": 0.5}


def test_one_wild_round_does_not_move_the_median() -> None:
    assert median_ratio([(1.0, 2.0)] * 9 + [(100.0, 1.0)]) == 0.5


def test_differences_are_of_pairs_too() -> None:
    drifting = [(2.0, 1.0), (30.0, 29.0), (7.0, 6.0), (500.0, 1.0)]
    assert estimate(drifting[:3], median_difference) == {"value": 1.0, "low": 1.0, "high": 1.0}
    assert median_difference(drifting) == 1.0


def test_the_interval_holds_the_value_and_narrows_with_rounds() -> None:
    draw = random.Random(1)  # noqa: S311 - repeatable
    many = [(0.9 * draw.uniform(0.9, 1.1), 1.0) for _ in range(400)]
    wide, narrow = estimate(many[:20]), estimate(many)
    for one in (wide, narrow):
        assert one["low"] <= one["value"] <= one["high"]
        assert one["low"] < 0.9 < one["high"]
    assert narrow["high"] - narrow["low"] < (wide["high"] - wide["low"]) / 2


def test_the_interval_covers_as_often_as_it_says() -> None:
    draw = random.Random(2)  # noqa: S311 - repeatable
    covered = 0
    for _ in range(40):
        found = estimate([(draw.gauss(0.8, 0.05), 1.0) for _ in range(25)])
        covered += found["low"] <= 0.8 <= found["high"]
    assert covered >= 34  # 95 % of 40 are 38


def test_the_same_rounds_give_the_same_interval() -> None:
    rounds = [(float(n % 7 + 1), 3.0) for n in range(20)]
    assert estimate(rounds) == estimate(list(rounds))


def test_coarse_ticks_are_summed_before_they_are_divided() -> None:
    # a tick of 10 ms is seen in one of ten rounds
    rounds = [(0.0, 1000.0)] * 9 + [(10_000_000.0, 1000.0)]
    assert ratio_of_sums(rounds) == 1000.0
    assert estimate(rounds, ratio_of_sums)["value"] == 1000.0


def test_without_rounds_there_is_no_estimate() -> None:
    with pytest.raises(ValueError, match="needs a round"):
        estimate([])


def test_four_digits_are_kept() -> None:
    assert [significant(value) for value in (123456.0, 0.00123456, 0.0)] == [123500.0, 0.001235, 0]
