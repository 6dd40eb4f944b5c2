"""The market as it happens."""

from collections.abc import AsyncIterator
from typing import NamedTuple

from trading_api.shared.clock import Clock
from trading_api.shared.market.simulation import Market
from trading_api.shared.market.types import MINUTE_MS, Tick


class Passage(NamedTuple):
    """A stretch of time that has passed: its ticks, and until when they are complete."""

    ticks: tuple[Tick, ...]
    until_ms: int


async def follow(
    market: Market, clock: Clock, symbol: str, after_ms: int
) -> AsyncIterator[Passage]:
    """Every tick after `after_ms`, once, in order, when its time has come.

    Yields at each tick and at each full minute (so that a bar ends on time, not with the next
    tick). Whoever falls behind gets what it missed together, a minute at a time.
    """
    reached_ms = after_ms
    while True:
        end_ms = ((reached_ms + 1) // MINUTE_MS + 1) * MINUTE_MS
        due_ms = min(market.next_tick(symbol, reached_ms).time, end_ms)
        await clock.sleep_until_ms(due_ms)
        now_ms = clock.now_ms()
        # What falls on `end_ms` is the next minute's.
        until_ms = min(now_ms, end_ms - 1)
        ticks = tuple(market.ticks_between(symbol, reached_ms, until_ms))
        reached_ms = until_ms
        yield Passage(ticks, end_ms if now_ms >= end_ms else until_ms)
