from __future__ import annotations

import subprocess
import sys
from itertools import pairwise

import pytest
from backend.tests.conftest import NOW_MS
from backend.tests.strategies import resolutions, symbols
from hypothesis import given, settings
from hypothesis import strategies as st

from trading_api.models import Resolution
from trading_api.shared.market import (
    INSTRUMENTS,
    RESOLUTION_MS,
    CandleBuilder,
    Market,
    UnknownSymbolError,
    fold,
)
from trading_api.shared.market.simulation import TICKS_PER_MINUTE
from trading_api.shared.market.types import DAY_MS, MINUTE_MS

TODAY = NOW_MS // DAY_MS
MARKET = Market("test", NOW_MS)

days = st.integers(TODAY - 190, TODAY + 20)
# Any instant of the last three days and the two to come.
instants = st.integers(NOW_MS - 3 * DAY_MS, NOW_MS + 2 * DAY_MS)


@settings(max_examples=20, deadline=None)
@given(symbol=symbols, day=days)
def test_the_minutes_of_a_day_are_its_bar(symbol: str, day: int) -> None:
    assert fold(MARKET.minutes(symbol, day)) == MARKET.day(symbol, day)


@settings(deadline=None)
@given(symbol=symbols, instant_ms=instants)
def test_the_ticks_of_a_minute_are_its_bar(symbol: str, instant_ms: int) -> None:
    minute = instant_ms // MINUTE_MS
    ticks = MARKET.ticks(symbol, minute)
    assert fold(ticks) == MARKET.minutes(symbol, minute // 1440)[minute % 1440]
    assert len(ticks) == TICKS_PER_MINUTE
    assert all(tick.time // MINUTE_MS == minute for tick in ticks)
    for tick in ticks:
        assert tick.bid < tick.ask
        assert tick.price in {tick.bid, tick.ask}
        assert min(tick.bid, tick.size, tick.bid_size, tick.ask_size) > 0


@settings(deadline=None)
@given(symbol=symbols, instant_ms=instants)
def test_ticks_are_numbered_without_gap_and_in_order(symbol: str, instant_ms: int) -> None:
    ticks = list(MARKET.ticks_between(symbol, instant_ms, instant_ms + 3 * MINUTE_MS))
    assert all(b.id == a.id + 1 and b.time >= a.time for a, b in pairwise(ticks))
    assert ticks[0] == MARKET.next_tick(symbol, instant_ms)
    assert ticks[-1] == MARKET.last_tick(symbol, instant_ms + 3 * MINUTE_MS)
    assert ticks[0].id == MARKET.last_tick(symbol, instant_ms).id + 1


@settings(deadline=None, max_examples=50)
@given(symbol=symbols, resolution=resolutions, instant_ms=instants, ahead_ms=st.integers(0, 10**7))
def test_history_meets_live_without_a_seam(
    symbol: str, resolution: Resolution, instant_ms: int, ahead_ms: int
) -> None:
    """A bar of history, gone on with live ticks, is the bar that history has later."""
    step_ms = RESOLUTION_MS[resolution]
    time_ms = instant_ms // step_ms * step_ms
    later_ms = min(instant_ms + ahead_ms, time_ms + step_ms)
    live = MARKET.builder(symbol, resolution, time_ms, instant_ms)
    for tick in MARKET.ticks_between(symbol, instant_ms, min(later_ms, time_ms + step_ms - 1)):
        live.add(tick)
    live.advance(later_ms)
    assert (live.closed or live.forming) == MARKET.candle(symbol, resolution, time_ms, later_ms)


@settings(deadline=None, max_examples=25)
@given(symbol=symbols, instant_ms=instants)
def test_five_minutes_are_the_fold_of_minutes(symbol: str, instant_ms: int) -> None:
    time_ms = instant_ms // 300_000 * 300_000
    opens = range(time_ms, time_ms + 300_000, MINUTE_MS)
    parts = [MARKET.candle(symbol, "1", at, instant_ms) for at in opens]
    begun = [part for part in parts if part is not None]
    five = MARKET.candle(symbol, "5", time_ms, instant_ms)
    assert (five is None) == (not begun)
    if five is not None:
        assert tuple(fold(begun)) == five[1:6]
        assert five.last_tick_id == begun[-1].last_tick_id


def test_the_same_in_whatever_order_it_is_asked_for() -> None:
    minute = NOW_MS // MINUTE_MS
    one, other = Market("test", NOW_MS), Market("test", NOW_MS)
    ahead = [one.ticks("GOOG", minute + i) for i in range(-5, 5)]
    assert [other.ticks("GOOG", minute + i) for i in reversed(range(-5, 5))] == ahead[::-1]


def test_the_same_in_another_process() -> None:
    program = (
        "from trading_api.shared.market import Market\n"
        f"print(Market('test', {NOW_MS}).ticks('IBM', {NOW_MS // MINUTE_MS})[:20])"
    )
    told = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert told.stdout.strip() == str(MARKET.ticks("IBM", NOW_MS // MINUTE_MS)[:20])


def test_another_seed_is_another_market_over_the_same_days() -> None:
    other = Market("another", NOW_MS)
    assert other.day("IBM", TODAY - 1) == MARKET.day("IBM", TODAY - 1)
    assert other.minutes("IBM", TODAY - 1) != MARKET.minutes("IBM", TODAY - 1)


@pytest.mark.parametrize("symbol", sorted(INSTRUMENTS))
def test_every_minute_of_today_moves(symbol: str) -> None:
    """What a newcomer sees first is not a flat line."""
    minutes = MARKET.minutes(symbol, TODAY)
    assert sum(m.high > m.low for m in minutes) > 0.8 * len(minutes)


def test_a_bar_that_has_not_begun_is_none() -> None:
    assert MARKET.candle("AAPL", "1", NOW_MS // MINUTE_MS * MINUTE_MS + MINUTE_MS, NOW_MS) is None


def test_a_bar_opens_where_bars_open() -> None:
    with pytest.raises(ValueError, match="no bar of resolution 5 opens at 60000 ms"):
        MARKET.builder("AAPL", "5", 60_000, NOW_MS)


def test_an_unknown_symbol_names_the_nearest() -> None:
    with pytest.raises(UnknownSymbolError, match="did you mean 'GOOG'") as caught:
        MARKET.first_ms("GOOGL")
    assert caught.value.nearest == "GOOG"
    with pytest.raises(UnknownSymbolError, match="did you mean 'MSFT'"):
        MARKET.first_ms("Microsoft")
    with pytest.raises(UnknownSymbolError, match="known are AAPL, FB"):
        MARKET.first_ms("zzzzzz")


def test_the_builder_of_a_closed_bar_takes_nothing_more() -> None:
    builder = MARKET.builder("AAPL", "1", NOW_MS // MINUTE_MS * MINUTE_MS - MINUTE_MS, NOW_MS)
    assert isinstance(builder, CandleBuilder)
    assert builder.forming is None
    assert builder.closed is not None
    assert builder.closed.revision == TICKS_PER_MINUTE + 1
