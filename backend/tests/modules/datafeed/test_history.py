from __future__ import annotations

import pytest
from backend.tests.conftest import NOW_MS
from backend.tests.strategies import resolutions, symbols
from hypothesis import given, settings
from hypothesis import strategies as st

from trading_api.models import Resolution
from trading_api.modules.datafeed.history import MAX_BARS, Period, Stretch, candles_of
from trading_api.shared.errors import RefusedError
from trading_api.shared.market import RESOLUTION_MS, Market, fold
from trading_api.shared.market.types import DAY_MS, MINUTE_MS

MARKET = Market("test", NOW_MS)


def history(period: Period, resolution: Resolution = "1", symbol: str = "AAPL") -> Stretch:
    return candles_of(MARKET, symbol, resolution, period, NOW_MS)


@settings(deadline=None, max_examples=40)
@given(
    symbol=symbols,
    resolution=resolutions,
    from_ms=st.integers(NOW_MS - 2 * DAY_MS, NOW_MS + DAY_MS),
    length_ms=st.integers(1, 4 * 3_600_000),
)
def test_bars_are_those_that_open_in_the_period(
    symbol: str, resolution: Resolution, from_ms: int, length_ms: int
) -> None:
    step_ms, to_ms = RESOLUTION_MS[resolution], from_ms + length_ms
    found = history(Period(from_ms, to_ms), resolution, symbol).candles
    first = -(-from_ms // step_ms) * step_ms
    opens = list(range(first, min(to_ms, NOW_MS + 1), step_ms))
    assert [candle.time for candle in found] == opens
    assert [c.closed for c in found] == [t + step_ms <= NOW_MS for t in opens]


def test_countback_goes_before_from() -> None:
    found = history(Period(NOW_MS - 60_000, NOW_MS + 1, countback=300)).candles
    assert len(found) == 300
    assert found[-1].time == NOW_MS // MINUTE_MS * MINUTE_MS
    assert not found[-1].closed
    assert all(candle.closed for candle in found[:-1])


def test_asking_twice_gives_the_same_bars() -> None:
    period = Period(None, NOW_MS, countback=500)
    assert history(period) == history(period)


def test_pages_join() -> None:
    whole = history(Period(None, NOW_MS, countback=200), "5").candles
    newer = history(Period(None, NOW_MS, countback=80), "5").candles
    older = history(Period(None, newer[0].time, countback=120), "5").candles
    assert older + newer == whole


def test_a_day_is_the_fold_of_its_hours() -> None:
    midnight = NOW_MS // DAY_MS * DAY_MS
    [day] = history(Period(midnight, NOW_MS + 1), "1D").candles
    hours = history(Period(midnight, NOW_MS + 1), "60").candles
    assert tuple(fold(hours)) == day[1:6]
    assert day.last_tick_id == hours[-1].last_tick_id


def test_before_the_beginning_there_is_nothing() -> None:
    first_ms = MARKET.first_ms("FB")
    found = history(Period(None, first_ms + 3 * DAY_MS, countback=10), "1D", "FB")
    assert [candle.time for candle in found.candles] == [first_ms + i * DAY_MS for i in range(3)]
    assert history(Period(0, first_ms), "1D", "FB") == Stretch([], None)


def test_after_now_there_is_nothing_yet() -> None:
    minute_ms = NOW_MS // MINUTE_MS * MINUTE_MS
    found = history(Period(NOW_MS + 1, NOW_MS + DAY_MS))
    assert found == Stretch([], minute_ms)


def test_between_two_openings_there_is_no_bar() -> None:
    minute_ms = NOW_MS // MINUTE_MS * MINUTE_MS - 10 * MINUTE_MS
    assert history(Period(minute_ms + 1, minute_ms + 2)) == Stretch([], minute_ms)


@pytest.mark.parametrize(
    ("period", "code", "told"),
    [
        (Period(2000, 1000), "empty_period", r"`from` \(2\) is not before `to` \(1\)"),
        (Period(None, 1000), "no_beginning", "`from` or `countback` is needed"),
        (Period(NOW_MS - 3 * DAY_MS, NOW_MS), "too_many_bars", f"at most {MAX_BARS}"),
    ],
)
def test_a_period_that_means_nothing_is_refused(period: Period, code: str, told: str) -> None:
    with pytest.raises(RefusedError, match=told) as caught:
        history(period)
    assert caught.value.code == code
