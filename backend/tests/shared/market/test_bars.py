from __future__ import annotations

from itertools import groupby, pairwise

import pytest
from backend.tests.strategies import tick_runs
from hypothesis import given
from hypothesis import strategies as st

from trading_api.shared.market import Candle, CandleBuilder, Range, Tick, fold
from trading_api.shared.market.bars import LateTickError

STEPS_MS = [60_000, 300_000, 900_000, 3_600_000, 86_400_000]


def tick(number: int, time_ms: int, price: int = 100, size: int = 1) -> Tick:
    return Tick(number, time_ms, price, size, price, price + 1, 100, 100)


def naive(ticks: list[Tick], step_ms: int) -> dict[int, tuple[int, ...]]:
    """Bars by the definition: group by period, look at all of it."""
    bars: dict[int, tuple[int, ...]] = {}
    for time_ms, group in groupby(ticks, key=lambda t: t.time // step_ms * step_ms):
        part = list(group)
        prices = [t.price for t in part]
        sizes = sum(t.size for t in part)
        bars[time_ms] = (prices[0], max(prices), min(prices), prices[-1], sizes)
    return bars


def ohlcv(candle: Candle) -> tuple[int, ...]:
    return candle[1:6]


@given(ticks=tick_runs(), step_ms=st.sampled_from(STEPS_MS))
def test_bars_are_the_fold_of_their_ticks(ticks: list[Tick], step_ms: int) -> None:
    builder = CandleBuilder(step_ms)
    told = [candle for t in ticks for candle in builder.add(t)]
    if ticks:
        told += builder.advance(ticks[-1].time + step_ms)
    closed = {c.time: ohlcv(c) for c in told if c.closed}
    assert closed == naive(ticks, step_ms)
    assert sum(c.closed for c in told) == len(closed), "each bar is closed once"


@given(ticks=tick_runs(), step_ms=st.sampled_from(STEPS_MS))
def test_revisions_count_up_within_a_bar(ticks: list[Tick], step_ms: int) -> None:
    builder = CandleBuilder(step_ms)
    seen: dict[int, int] = {}
    for t in ticks:
        for candle in builder.add(t):
            assert candle.revision == seen.get(candle.time, 0) + 1
            assert candle.low <= min(candle.open, candle.close)
            assert candle.high >= max(candle.open, candle.close)
            seen[candle.time] = candle.revision


@given(ticks=tick_runs(), cuts=st.lists(st.integers(0, 40), max_size=5))
def test_told_in_stretches_no_closed_bar_is_lost(ticks: list[Tick], cuts: list[int]) -> None:
    builder, each = CandleBuilder(60_000), CandleBuilder(60_000)
    edges = sorted({0, len(ticks), *(min(cut, len(ticks)) for cut in cuts)})
    told: list[Candle] = []
    for start, end in pairwise(edges):
        stretch = builder.add_all(ticks[start:end])
        assert sum(not c.closed for c in stretch) <= 1
        told += stretch
    one_by_one = [candle for t in ticks for candle in each.add(t)]
    assert [c for c in told if c.closed] == [c for c in one_by_one if c.closed]
    assert builder.forming == each.forming


@given(ticks=tick_runs())
def test_five_minutes_are_the_fold_of_their_minutes(ticks: list[Tick]) -> None:
    minutes = naive(ticks, 60_000)
    for time_ms, bar in naive(ticks, 300_000).items():
        parts = [Range(*m) for at, m in minutes.items() if time_ms <= at < time_ms + 300_000]
        assert tuple(fold(parts)) == bar


def test_a_bar_closes_when_its_time_is_over_not_with_the_next_tick() -> None:
    builder = CandleBuilder(60_000)
    builder.add(tick(1, 60_000))
    assert builder.advance(119_999) == []
    [closed] = builder.advance(120_000)
    assert (closed.time, closed.closed, closed.revision) == (60_000, True, 2)
    assert builder.advance(180_000) == [], "a minute without ticks has no bar"
    [forming] = builder.add(tick(2, 200_000))
    assert (forming.time, forming.closed, forming.revision) == (180_000, False, 1)


def test_a_tick_of_a_closed_bar_is_refused() -> None:
    builder = CandleBuilder(60_000)
    builder.add(tick(1, 60_000))
    builder.advance(120_000)
    with pytest.raises(LateTickError, match="bars are closed until 120000 ms") as caught:
        builder.add(tick(2, 119_999))
    assert (caught.value.tick.id, caught.value.closed_until_ms) == (2, 120_000)


def test_nothing_cannot_be_folded() -> None:
    with pytest.raises(ValueError, match="at least"):
        fold([])
