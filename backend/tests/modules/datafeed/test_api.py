"""The datafeed by REST, asked of the real server."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from backend.tests.conftest import NOW_MS
from backend.tests.serving import Served

from trading_api.models import (
    DatafeedConfig,
    History,
    Problem,
    QuoteData,
    SymbolInfo,
    SymbolMatch,
)

NOW_S = NOW_MS // 1000


async def asked(served: Served, path: str, **params: Any) -> Any:
    response = await served.rest.get(f"/datafeed{path}", params=params)
    assert response.status_code == 200, response.text
    return response.json()


async def refused(served: Served, path: str, **params: Any) -> tuple[int, Problem]:
    response = await served.rest.get(f"/datafeed{path}", params=params)
    return response.status_code, Problem.model_validate_json(response.content)


async def test_config_says_that_the_market_is_simulated_and_on_what(served: Served) -> None:
    config = DatafeedConfig.model_validate(await asked(served, "/config"))
    assert config.simulated
    assert config.symbols == ["AAPL", "FB", "GOOG", "IBM", "MSFT"]
    assert config.supported_resolutions == ["1", "5", "15", "60", "1D"]
    assert "bokeh_sampledata" in config.anchor.source
    assert config.anchor.last_real_day == "2026-03-03"


async def test_time(served: Served) -> None:
    assert await asked(served, "/time") == NOW_S


async def test_search(served: Served) -> None:
    found = await asked(served, "/symbols/search", query="app", limit=1)
    assert SymbolMatch.model_validate(found[0]).symbol == "AAPL"
    assert len(await asked(served, "/symbols/search")) == 5
    status, problem = await refused(served, "/symbols/search", limit=0)
    assert (status, problem.details[0].path) == (422, "query.limit")


async def test_a_symbol(served: Served) -> None:
    info = SymbolInfo.model_validate(await asked(served, "/symbols/IBM"))
    assert (info.tick_size, info.lot_size, info.price_decimals) == ("0.01", "1", 2)
    assert info.simulated
    status, problem = await refused(served, "/symbols/IMB")
    assert (status, problem.code) == (404, "unknown_symbol")
    assert "did you mean 'IBM'" in problem.message


async def test_history_by_from_and_to(served: Served) -> None:
    params = {"symbol": "AAPL", "resolution": "5", "from": NOW_S - 3600, "to": NOW_S}
    history = History.model_validate(await asked(served, "/history", **params))
    assert not history.no_data
    assert [bar.closed for bar in history.bars] == [True] * 11 + [False]
    assert history == History.model_validate(await asked(served, "/history", **params))


async def test_history_by_countback(served: Served) -> None:
    found = await asked(served, "/history", symbol="MSFT", countback=2000)
    assert len(found["bars"]) == 2000
    times = [bar["time"] for bar in found["bars"]]
    assert times == list(range(times[0], NOW_MS, 60_000))


async def test_history_before_the_beginning(served: Served) -> None:
    found = await asked(served, "/history", symbol="FB", **{"from": 0, "to": 1000})
    assert found == {"bars": [], "no_data": True, "next_time": None}


async def test_history_names_the_newest_bar_before_an_empty_period(served: Served) -> None:
    asked_for = {"from": NOW_S + 60, "to": NOW_S + 120}
    found = await asked(served, "/history", symbol="AAPL", **asked_for)
    assert found == {"bars": [], "no_data": True, "next_time": NOW_S // 60 * 60}


@pytest.mark.parametrize(
    ("changed", "status", "code", "told"),
    [
        ({"symbol": "AAPPL"}, 404, "unknown_symbol", "did you mean 'AAPL'"),
        ({"resolution": "3"}, 422, "validation_error", "'1', '5', '15', '60' or '1D'"),
        ({"from": NOW_S + 1}, 422, "empty_period", "is not before `to`"),
        ({"from": "yesterday"}, 422, "validation_error", "query.from: Input should be a valid int"),
        ({"from": 10**18}, 422, "validation_error", "query.from"),
        ({"countback": 2001}, 422, "validation_error", "query.countback"),
        ({"from": 0, "resolution": "1"}, 422, "too_many_bars", "at most 2000"),
    ],
)
async def test_history_says_what_is_wrong(
    changed: dict[str, Any], status: int, code: str, told: str, served: Served
) -> None:
    params = {"symbol": "AAPL", "from": NOW_S - 600, "to": NOW_S} | changed
    seen, problem = await refused(served, "/history", **params)
    assert (seen, problem.code) == (status, code)
    assert told in problem.message


async def test_history_without_a_beginning(served: Served) -> None:
    status, problem = await refused(served, "/history", symbol="AAPL", to=NOW_S)
    assert (status, problem.code) == (422, "no_beginning")


async def test_quotes(served: Served) -> None:
    found = await asked(served, "/quotes", symbols="GOOG, AAPL,GOOG")
    quotes = [QuoteData.model_validate(quote) for quote in found]
    assert [quote.symbol for quote in quotes] == ["GOOG", "AAPL"]
    assert all(quote.bid < quote.ask and quote.time <= NOW_MS for quote in quotes)
    assert len(await asked(served, "/quotes")) == 5
    assert (await refused(served, "/quotes", symbols="AAPL,,"))[1].code == "empty_symbol"
    status, problem = await refused(served, "/quotes", symbols="AAPL,XYZ")
    assert (status, problem.code) == (404, "unknown_symbol")


async def test_many_at_once_get_the_same_answer(served: Served) -> None:
    """Requests are computed in threads that share one market."""
    served.clock.jump(40 * 86_400_000)
    params = {"symbol": "IBM", "resolution": "60", "countback": 100}
    answers = await asyncio.gather(*(asked(served, "/history", **params) for _ in range(8)))
    assert all(answer == answers[0] for answer in answers)


async def test_an_address_that_is_none(served: Served) -> None:
    status, problem = await refused(served, "/histroy")
    assert (status, problem.code) == (404, "http_error")
    assert "/api/v1/datafeed/histroy" in problem.message
