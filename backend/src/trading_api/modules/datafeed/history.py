"""Which bars a history request means. Pure."""

from typing import NamedTuple

from trading_api.models import Resolution
from trading_api.shared.errors import RefusedError
from trading_api.shared.market import RESOLUTION_MS, Candle, Market

MAX_BARS = 2000
"""Most bars of one answer: a page asks for older ones as its user scrolls."""


class Period(NamedTuple):
    """Bars that open in `[from_ms, to_ms)`, or the `countback` newest that open before `to_ms`."""

    from_ms: int | None
    to_ms: int
    countback: int | None = None


class Stretch(NamedTuple):
    """The bars of a period, oldest first, and where there are none, the newest before it."""

    candles: list[Candle]
    next_ms: int | None


def candles_of(
    market: Market, symbol: str, resolution: Resolution, period: Period, now_ms: int
) -> Stretch:
    """The bars of a period as they are at `now_ms`, the forming one included.

    `countback` goes before `from_ms`, as TradingView's Datafeed API has it.

    Raises:
        UnknownSymbolError: There is no such symbol.
        RefusedError: The period is empty by its own bounds, or holds more than `MAX_BARS`.
    """
    step_ms = RESOLUTION_MS[resolution]
    first_ms = market.first_ms(symbol)
    end_ms = min(period.to_ms, now_ms + 1)
    begin_ms = _begin(period, end_ms, step_ms)
    opening = max(-(-begin_ms // step_ms) * step_ms, first_ms)
    asked = max(0, -(-(end_ms - opening) // step_ms))
    if asked > MAX_BARS:
        raise RefusedError(
            "too_many_bars",
            f"{asked} bars of resolution {resolution} lie in the asked period, and one answer has "
            f"at most {MAX_BARS}: ask for a shorter one, then go back with `to` at the oldest",
        )
    opens = range(opening, end_ms, step_ms)
    found = [market.candle(symbol, resolution, time_ms, now_ms) for time_ms in opens]
    candles = [candle for candle in found if candle is not None]
    next_ms = None
    if not candles and end_ms > first_ms:
        next_ms = (min(opening, end_ms) - 1) // step_ms * step_ms
    return Stretch(candles, next_ms if next_ms is None or next_ms >= first_ms else None)


def _begin(period: Period, end_ms: int, step_ms: int) -> int:
    if period.countback is not None:
        return (-(-end_ms // step_ms) - period.countback) * step_ms
    if period.from_ms is None:
        raise RefusedError(
            "no_beginning",
            "`from` or `countback` is needed: where the period begins, or its number of bars",
        )
    if period.from_ms >= period.to_ms:
        raise RefusedError(
            "empty_period",
            f"`from` ({period.from_ms // 1000}) is not before `to` ({period.to_ms // 1000}): both "
            "are seconds since the Unix epoch, and a bar that opens at `to` is not included",
        )
    return period.from_ms
