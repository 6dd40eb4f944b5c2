from __future__ import annotations

import pytest

from trading_api.modules.datafeed.search import search


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["AAPL", "FB", "GOOG", "IBM", "MSFT"]),
        ("aapl", ["AAPL"]),
        (" i ", ["IBM", "AAPL", "FB", "GOOG", "MSFT"]),
        ("machines", ["IBM"]),
        ("soft", ["MSFT"]),
        ("zzz", []),
    ],
)
def test_best_first(query: str, found: list[str]) -> None:
    assert [instrument.symbol for instrument in search(query, 30)] == found


def test_no_more_than_asked_for() -> None:
    assert len(search("", 2)) == 2
