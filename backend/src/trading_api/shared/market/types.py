"""The market's plain values. Prices are integers in ticks of the symbol, sizes in shares."""

from typing import NamedTuple

from trading_api.models.market import Resolution

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
MINUTES_PER_DAY = 1440

RESOLUTION_MS: dict[Resolution, int] = {
    "1": MINUTE_MS,
    "5": 5 * MINUTE_MS,
    "15": 15 * MINUTE_MS,
    "60": HOUR_MS,
    "1D": DAY_MS,
}


class Tick(NamedTuple):
    """One execution on the market, and the best bid and ask that it leaves behind."""

    id: int
    """One higher with each tick of the symbol."""
    time: int
    """ms since the Unix epoch."""
    price: int
    size: int
    bid: int
    ask: int
    bid_size: int
    ask_size: int


class Range(NamedTuple):
    """What a period traded, without its place in time."""

    open: int
    high: int
    low: int
    close: int
    volume: int


class Candle(NamedTuple):
    """A bar. Of two with the same `time` the one with the higher `revision` is the newer."""

    time: int
    """Its opening instant, ms since the Unix epoch."""
    open: int
    high: int
    low: int
    close: int
    volume: int
    closed: bool
    revision: int
    """Ticks it holds, and one more when it is closed: history and live number alike."""
    last_tick_id: int
