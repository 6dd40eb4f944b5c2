from __future__ import annotations

from datetime import UTC, datetime
from importlib.machinery import ModuleSpec
from itertools import pairwise
from pathlib import Path

import pytest
from backend.tests.conftest import NOW_MS

from trading_api.shared.market import INSTRUMENTS, daily
from trading_api.shared.market.daily import (
    DailySeries,
    MarketDataMissingError,
    RawDay,
    printed_days,
    split_adjusted,
)
from trading_api.shared.market.types import DAY_MS, Range

TODAY = NOW_MS // DAY_MS


def test_reads_every_row_of_the_package() -> None:
    days = printed_days()
    assert {symbol: len(rows) for symbol, rows in days.items()} == {
        "AAPL": 3270,
        "FB": 196,
        "GOOG": 2148,
        "IBM": 3270,
        "MSFT": 3270,
    }
    assert set(days) == set(INSTRUMENTS)
    assert days["AAPL"][-1].close == 430.47


def test_the_last_real_day_falls_on_yesterday() -> None:
    series = DailySeries("test", "AAPL", TODAY)
    assert series[TODAY - 1] == Range(43800, 43818, 42998, 43047, 19_730_300)
    assert series.first_day == TODAY - 3270
    with pytest.raises(IndexError, match=f"AAPL begins on day {series.first_day}"):
        _ = series[series.first_day - 1]


def test_splits_leave_no_cliff() -> None:
    """AAPL was split 2:1 on 2000-06-21 and 2005-02-28: unadjusted, its close halves overnight."""
    printed = printed_days()["AAPL"]
    days = split_adjusted(printed, 100)
    halved = [i for i, (a, b) in enumerate(pairwise(printed)) if 0.4 < b.open / a.close < 0.52]
    assert len(halved) == 2
    assert all(0.9 < days[i + 1].open / days[i].close < 1.1 for i in halved)
    assert days[0].close == round(130.31 * 100 / 4)
    assert days[0].volume == 4 * 9_616_100


def test_a_dividend_is_no_split() -> None:
    days = (
        RawDay(30.0, 30.0, 29.0, 29.97, 100, adjusted_close=20.0),
        RawDay(27.0, 28.0, 27.0, 27.39, 100, adjusted_close=20.33),
    )
    assert split_adjusted(days, 100)[0] == Range(3000, 3000, 2900, 2997, 100)


def test_days_to_come_do_not_depend_on_when_they_are_asked_for() -> None:
    one, other = DailySeries("test", "IBM", TODAY), DailySeries("test", "IBM", TODAY)
    ahead = [one[TODAY + i] for i in range(30)]
    assert [other[TODAY + i] for i in reversed(range(30))] == ahead[::-1]
    assert DailySeries("another seed", "IBM", TODAY)[TODAY] != ahead[0]


def test_days_to_come_begin_where_the_last_one_ended() -> None:
    series = DailySeries("test", "FB", TODAY)
    for day in range(TODAY, TODAY + 50):
        assert series[day].open == series[day - 1].close
        assert series[day].low <= series[day].close <= series[day].high


@pytest.mark.parametrize(
    ("spec", "cause"), [(None, "not installed"), ("elsewhere", "has no stocks.csv.gz")]
)
def test_missing_data_says_what_to_install(
    spec: str | None, cause: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = None if spec is None else ModuleSpec(spec, None, is_package=True)
    if found is not None:
        found.submodule_search_locations = [str(tmp_path)]
    monkeypatch.setattr(daily, "find_spec", lambda _: found)
    with pytest.raises(MarketDataMissingError, match=rf"{cause}.*Install"):
        printed_days.__wrapped__()


def test_the_date_of_the_fixture_is_what_it_says() -> None:
    assert datetime.fromtimestamp(NOW_MS / 1000, UTC).isoformat() == "2026-03-04T15:10:15+00:00"
