"""The simulated market: what every symbol traded, and will trade, at any instant.

Pure: a function of the seed, the day on which it was opened, the symbol and the time. Nothing is
remembered between calls but results, so history and the live feed cannot disagree: the live feed is
this, uncovered as time passes.

From coarse to fine, each level keeps to the one above exactly: a day's bar (daily.py), its 1440
minutes, the ticks of a minute. So a minute of ten years ago costs a day's path and no more.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from math import cos, pi

from trading_api.models.market import Resolution
from trading_api.shared.market.bars import CandleBuilder, fold
from trading_api.shared.market.daily import DailySeries
from trading_api.shared.market.instruments import INSTRUMENTS, instrument
from trading_api.shared.market.path import path_within, shared_out
from trading_api.shared.market.randomness import NORMAL_OF_BYTE, generator
from trading_api.shared.market.types import (
    DAY_MS,
    MINUTE_MS,
    MINUTES_PER_DAY,
    RESOLUTION_MS,
    Candle,
    Range,
    Tick,
)

TICKS_PER_MINUTE = 150
"""2.5 a second: fixed, so that a tick's number is known without counting from the beginning."""

_SLOT_MS = MINUTE_MS // TICKS_PER_MINUTE
_POINTS_PER_MINUTE = 4
# Volume follows the sun a little: most in the afternoon of the symbols' home.
_BUSIEST_MINUTE = 18 * 60
_MINUTE_WEIGHTS = [
    1 + 0.6 * cos(2 * pi * (minute - _BUSIEST_MINUTE) / MINUTES_PER_DAY)
    for minute in range(MINUTES_PER_DAY)
]
# Lognormal with the given spread, by random byte.
_MINUTE_NOISE = [2.718 ** (0.5 * value) for value in NORMAL_OF_BYTE]
_SIZE_NOISE = [2.718**value for value in NORMAL_OF_BYTE]
# Bid to ask in ticks, by random byte: mostly the least possible.
_SPREADS = [1] * 150 + [2] * 70 + [3] * 36
_ROUND_LOT = 100
_KEPT_DAYS = 64
_KEPT_MINUTES = 256


class Market:
    """Every symbol's past and future, by time.

    Guarantee: the same arguments give the same values, in any process and any order of calls.

    Args:
        seed: Another seed is another market, over the same daily bars.
        opened_ms: The day of this instant (UTC) is the first that is wholly simulated; the real
            bars end with the day before.
    """

    def __init__(self, seed: str, opened_ms: int) -> None:
        self.seed = seed
        self.opened_ms = opened_ms
        self._series: dict[str, DailySeries] = {}
        self._minutes: Callable[[str, int], Sequence[Range]]
        self._minutes = lru_cache(_KEPT_DAYS)(self._minutes_of_day)
        self._ticks: Callable[[str, int], Sequence[Tick]]
        self._ticks = lru_cache(_KEPT_MINUTES)(self._ticks_of_minute)

    def warm(self, now_ms: int) -> None:
        """Compute what the present needs, so that whoever asks first need not wait for it."""
        for symbol in INSTRUMENTS:
            self.last_tick(symbol, now_ms)

    def first_ms(self, symbol: str) -> int:
        """When the symbol began to trade.

        Raises:
            UnknownSymbolError: There is no such symbol.
        """
        return self._daily(symbol).first_day * DAY_MS

    def day(self, symbol: str, day: int) -> Range:
        """What a whole day (days since the Unix epoch) trades."""
        return self._daily(symbol)[day]

    def minutes(self, symbol: str, day: int) -> Sequence[Range]:
        """What each of a day's 1440 minutes trades; together they are the day's bar."""
        return self._minutes(symbol, day)

    def ticks(self, symbol: str, minute: int) -> Sequence[Tick]:
        """The ticks of a whole minute (minutes since the Unix epoch); together they are its bar."""
        return self._ticks(symbol, minute)

    def last_tick(self, symbol: str, now_ms: int) -> Tick:
        """The latest tick at an instant: its bid and ask stand until the next."""
        minute = now_ms // MINUTE_MS
        past = [tick for tick in self.ticks(symbol, minute) if tick.time <= now_ms]
        return past[-1] if past else self.ticks(symbol, minute - 1)[-1]

    def ticks_between(self, symbol: str, after_ms: int, until_ms: int) -> Iterator[Tick]:
        """The ticks after one instant, up to and with another, in order."""
        for minute in range((after_ms + 1) // MINUTE_MS, until_ms // MINUTE_MS + 1):
            for tick in self.ticks(symbol, minute):
                if after_ms < tick.time <= until_ms:
                    yield tick

    def next_tick(self, symbol: str, after_ms: int) -> Tick:
        """The first tick after an instant."""
        minute = (after_ms + 1) // MINUTE_MS
        ahead = (tick for tick in self.ticks(symbol, minute) if tick.time > after_ms)
        return next(ahead, None) or self.ticks(symbol, minute + 1)[0]

    def candle(
        self, symbol: str, resolution: Resolution, time_ms: int, now_ms: int
    ) -> Candle | None:
        """The bar that opens at `time_ms`, as it is at `now_ms`; None before its first tick."""
        builder = self.builder(symbol, resolution, time_ms, now_ms)
        return builder.closed if builder.closed is not None else builder.forming

    def builder(
        self, symbol: str, resolution: Resolution, time_ms: int, now_ms: int
    ) -> CandleBuilder:
        """A builder that holds the bar that opens at `time_ms` as of `now_ms`, ready to go on."""
        step_ms = RESOLUTION_MS[resolution]
        if time_ms % step_ms:
            raise ValueError(f"no bar of resolution {resolution} opens at {time_ms} ms")
        whole_until_ms = min(time_ms + step_ms, now_ms // MINUTE_MS * MINUTE_MS)
        builder = CandleBuilder(step_ms)
        if whole_until_ms > time_ms:
            traded = self._traded(symbol, time_ms, whole_until_ms)
            count = (whole_until_ms - time_ms) // _SLOT_MS
            builder.begin(time_ms, traded, count, whole_until_ms // _SLOT_MS)
        if time_ms <= now_ms < time_ms + step_ms:
            for tick in self.ticks(symbol, now_ms // MINUTE_MS):
                if tick.time <= now_ms:
                    builder.add(tick)
        builder.advance(now_ms)
        return builder

    def _traded(self, symbol: str, from_ms: int, to_ms: int) -> Range:
        """What was traded from one minute to another of the same day."""
        day, start = divmod(from_ms // MINUTE_MS, MINUTES_PER_DAY)
        end = start + (to_ms - from_ms) // MINUTE_MS
        if (start, end) == (0, MINUTES_PER_DAY):
            return self.day(symbol, day)
        return fold(self.minutes(symbol, day)[start:end])

    def _daily(self, symbol: str) -> DailySeries:
        series = self._series.get(symbol)
        if series is None:
            instrument(symbol)
            series = DailySeries(self.seed, symbol, self.opened_ms // DAY_MS)
            self._series[symbol] = series
        return series

    def _minutes_of_day(self, symbol: str, day: int) -> Sequence[Range]:
        bar = self._daily(symbol)[day]
        draw = generator(self.seed, symbol, "minutes", day)
        path = path_within(bar, MINUTES_PER_DAY * _POINTS_PER_MINUTE, draw)
        noise = draw.randbytes(MINUTES_PER_DAY)
        weights = [
            weight * _MINUTE_NOISE[byte]
            for weight, byte in zip(_MINUTE_WEIGHTS, noise, strict=True)
        ]
        volumes = shared_out(bar.volume, weights, least=TICKS_PER_MINUTE)
        minutes: list[Range] = []
        for minute, volume in enumerate(volumes):
            start = minute * _POINTS_PER_MINUTE
            points = path[start : start + _POINTS_PER_MINUTE]
            minutes.append(Range(points[0], max(points), min(points), points[-1], volume))
        return tuple(minutes)

    def _ticks_of_minute(self, symbol: str, minute: int) -> Sequence[Tick]:
        day, index = divmod(minute, MINUTES_PER_DAY)
        bar = self.minutes(symbol, day)[index]
        draw = generator(self.seed, symbol, "ticks", minute)
        prices = path_within(bar, TICKS_PER_MINUTE, draw)
        count = TICKS_PER_MINUTE
        offsets, spreads, sides = (
            draw.randbytes(count),
            draw.randbytes(count),
            draw.randbytes(count),
        )
        weights = [_SIZE_NOISE[byte] for byte in draw.randbytes(count)]
        sizes = shared_out(bar.volume, weights, least=1)
        depth = [1 + int(3 * _SIZE_NOISE[byte]) for byte in draw.randbytes(2 * count)]
        start_ms, first_id = minute * MINUTE_MS, minute * count + 1
        ticks: list[Tick] = []
        for i, price in enumerate(prices):
            # A buyer takes the ask, a seller hits the bid: the spread lies on the other side.
            spread = _SPREADS[spreads[i]]
            bid = max(1, price - spread) if sides[i] & 1 else price
            time_ms = start_ms + i * _SLOT_MS + offsets[i] * _SLOT_MS // 256
            ticks.append(
                Tick(
                    id=first_id + i,
                    time=time_ms,
                    price=price,
                    size=sizes[i],
                    bid=bid,
                    ask=bid + spread,
                    bid_size=depth[2 * i] * _ROUND_LOT,
                    ask_size=depth[2 * i + 1] * _ROUND_LOT,
                )
            )
        return tuple(ticks)
