"""Real daily bars, put on a calendar that ends yesterday.

The bars are those of bokeh_sampledata (2000 to 2013). They are adjusted for splits, and re-dated
one to a calendar day, without gaps, so that the last falls on the day before the market was opened:
the simulated market trades around the clock, every day. From then on each day's shape is that of a
real day, drawn by seed, so that a market that is left running goes on.
"""

import csv
import gzip
import io
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from trading_api.shared.market.instruments import instrument
from trading_api.shared.market.randomness import generator
from trading_api.shared.market.types import Range

# A split multiplies the ratio of adjusted to printed close by 1.5, 2, 3, 7...; the largest dividend
# of these series (MSFT, 2004) by 1.11.
_LEAST_SPLIT = 1.25
# How far back the shapes of coming days are drawn from: a year of sessions, the latest manner.
_RECENT_DAYS = 250


class MarketDataMissingError(RuntimeError):
    """The package that ships the daily bars cannot be read."""

    def __init__(self, seen: str) -> None:
        super().__init__(
            f"the daily bars of bokeh_sampledata cannot be read: {seen}. "
            "Install what backend/pyproject.toml asks for (`make dev` and `make test` do)."
        )


class RawDay(NamedTuple):
    """One printed row: prices of that day, and the close as splits and dividends left it."""

    open: float
    high: float
    low: float
    close: float
    volume: int
    adjusted_close: float


@cache
def printed_days() -> dict[str, tuple[RawDay, ...]]:
    """The package's rows by symbol, oldest first. Read once in a process.

    Raises:
        MarketDataMissingError: The package or its file is missing.
    """
    found = find_spec("bokeh_sampledata")
    if found is None or not found.submodule_search_locations:
        raise MarketDataMissingError("the package is not installed")
    path = Path(found.submodule_search_locations[0]) / "_data" / "stocks.csv.gz"
    if not path.is_file():
        raise MarketDataMissingError(f"the installed package has no {path.name}")
    text = gzip.decompress(path.read_bytes()).decode("utf-8")
    days: dict[str, list[RawDay]] = {}
    for row in csv.DictReader(io.StringIO(text)):
        day = RawDay(
            open=float(row["Open"]),
            high=float(row["High"]),
            low=float(row["Low"]),
            close=float(row["Close"]),
            volume=int(row["Volume"]),
            adjusted_close=float(row["Adj Close"]),
        )
        days.setdefault(row["Ticker"], []).append(day)
    return {symbol: tuple(rows) for symbol, rows in days.items()}


def split_adjusted(days: tuple[RawDay, ...], price_scale: int) -> list[Range]:
    """The days in ticks, as if every split had always been in force; dividends are left in."""
    shares = 1.0
    adjusted: list[Range] = []
    later: float | None = None
    for day in reversed(days):
        ratio = day.adjusted_close / day.close
        if later is not None and later / ratio > _LEAST_SPLIT:
            shares *= round(2 * later / ratio) / 2
        later = ratio
        scale = price_scale / shares
        adjusted.append(
            Range(
                open=round(day.open * scale),
                high=round(day.high * scale),
                low=round(day.low * scale),
                close=round(day.close * scale),
                volume=round(day.volume * shares),
            )
        )
    adjusted.reverse()
    return adjusted


class DailySeries:
    """One symbol's day bars by day number (days since the Unix epoch, UTC).

    Guarantee: the same seed, symbol and first simulated day give the same days, in whatever order
    they are asked for.
    """

    def __init__(self, seed: str, symbol: str, first_simulated_day: int) -> None:
        self._seed = seed
        self._symbol = symbol
        self._days = split_adjusted(printed_days()[symbol], instrument(symbol).price_scale)
        self._recent = range(max(0, len(self._days) - _RECENT_DAYS), len(self._days))
        self.first_day = first_simulated_day - len(self._days)
        # Requests are computed in threads, and each day is drawn from the one before.
        self._growing = Lock()

    def __getitem__(self, day: int) -> Range:
        """The bar of a day, at or after `first_day`; later ones are drawn as they are asked for."""
        if day < self.first_day:
            raise IndexError(f"{self._symbol} begins on day {self.first_day}, not on day {day}")
        if day >= self.first_day + len(self._days):
            with self._growing:
                while day >= self.first_day + len(self._days):
                    self._days.append(self._next())
        return self._days[day - self.first_day]

    def _next(self) -> Range:
        """A real day's range and volume, begun at yesterday's close: this market knows no night."""
        draw = generator(self._seed, self._symbol, "day", self.first_day + len(self._days))
        shape = self._days[draw.choice(self._recent)]
        scale = self._days[-1].close / shape.open
        return Range(
            open=max(1, round(shape.open * scale)),
            high=max(1, round(shape.high * scale)),
            low=max(1, round(shape.low * scale)),
            close=max(1, round(shape.close * scale)),
            volume=shape.volume,
        )
