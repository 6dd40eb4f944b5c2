"""The market's data by REST."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from trading_api.models import (
    DatafeedConfig,
    History,
    QuoteData,
    Resolution,
    SymbolInfo,
    SymbolMatch,
)
from trading_api.modules.datafeed.history import MAX_BARS, Period
from trading_api.modules.datafeed.service import DatafeedService
from trading_api.shared.errors import RefusedError, problem_responses
from trading_api.shared.market import INSTRUMENTS

# Far beyond every instant of the market, and safe to multiply by 1000.
_LAST_SECOND = 10**11
Seconds = Annotated[int, Query(ge=-_LAST_SECOND, le=_LAST_SECOND)]


def api_router(service: DatafeedService) -> APIRouter:
    """The routes of the datafeed, served by `service`.

    Handlers are plain functions: they compute for some milliseconds, off the event loop.
    """
    router = APIRouter(tags=["datafeed"])

    @router.get("/config")
    def get_datafeed_config() -> DatafeedConfig:
        """What the datafeed offers, and that its market is simulated, and on what."""
        return service.config()

    @router.get("/time")
    def get_time() -> int:
        """The server's time, whole seconds since the Unix epoch."""
        return service.time_s()

    @router.get("/symbols/search", responses=problem_responses(422))
    def search_symbols(
        query: Annotated[str, Query(max_length=100)] = "",
        limit: Annotated[int, Query(ge=1, le=100)] = 30,
    ) -> list[SymbolMatch]:
        """Symbols by symbol or name, best first; all for an empty query."""
        return service.search_symbols(query, limit)

    @router.get("/symbols/{symbol}", responses=problem_responses(404, 422))
    def get_symbol(symbol: Annotated[str, Path(max_length=100)]) -> SymbolInfo:
        """How a symbol is traded and written."""
        return service.symbol(symbol)

    @router.get("/history", responses=problem_responses(404, 422))
    def get_history(
        symbol: str,
        to: Annotated[Seconds, Query(description="Seconds; bars open before it")] = _LAST_SECOND,
        from_: Annotated[
            Seconds | None, Query(alias="from", description="Seconds; bars open at or after it")
        ] = None,
        resolution: Resolution = "1",
        countback: Annotated[
            int | None,
            Query(
                ge=1, le=MAX_BARS, description="How many bars, ending at `to`; goes before `from`"
            ),
        ] = None,
    ) -> History:
        """Bars from oldest to newest, the forming one included."""
        from_ms = None if from_ is None else from_ * 1000
        return service.history(symbol, resolution, Period(from_ms, to * 1000, countback))

    @router.get("/quotes", responses=problem_responses(404, 422))
    def get_quotes(
        symbols: Annotated[
            str | None, Query(description="Symbols, separated by commas; all when left out")
        ] = None,
    ) -> list[QuoteData]:
        """The present quotes, in the order asked for."""
        if symbols is None:
            return service.quotes(list(INSTRUMENTS))
        names = [name.strip() for name in symbols.split(",")]
        if not all(names):
            raise RefusedError(
                "empty_symbol",
                f"`symbols` is {symbols[:80]!r}: name at least one, like `symbols=AAPL,IBM`",
            )
        return service.quotes(list(dict.fromkeys(names)))

    return router
