from __future__ import annotations

import asyncio

from backend.tests.conftest import NOW_MS
from backend.tests.manual_clock import ManualClock
from hypothesis import given, settings
from hypothesis import strategies as st

from trading_api.shared.market import Market, Passage, follow
from trading_api.shared.market.types import MINUTE_MS

MARKET = Market("test", NOW_MS)


async def collect(clock: ManualClock, into: list[Passage]) -> None:
    async for passage in follow(MARKET, clock, "AAPL", clock.now_ms()):
        into.append(passage)  # noqa: PERF401 what came before a cancel is kept


@settings(deadline=None, max_examples=30)
@given(steps=st.lists(st.tuples(st.booleans(), st.integers(0, 200_000)), max_size=6))
def test_every_tick_once_in_order_however_time_passes(steps: list[tuple[bool, int]]) -> None:
    async def run() -> None:
        clock, seen = ManualClock(NOW_MS), list[Passage]()
        following = asyncio.create_task(collect(clock, seen))
        await clock.advance(0)
        for standstill, ms in steps:
            if standstill:
                clock.jump(ms)
            await clock.advance(0 if standstill else ms)
        await clock.advance(0)
        following.cancel()
        told = [tick for passage in seen for tick in passage.ticks]
        assert told == list(MARKET.ticks_between("AAPL", NOW_MS, clock.now_ms()))
        for passage in seen:
            assert all(tick.time <= passage.until_ms for tick in passage.ticks)
        assert [p.until_ms for p in seen] == sorted(p.until_ms for p in seen)

    asyncio.run(run())


async def test_a_full_minute_is_told_at_its_end() -> None:
    clock, seen = ManualClock(NOW_MS), list[Passage]()
    following = asyncio.create_task(collect(clock, seen))
    end_ms = (NOW_MS // MINUTE_MS + 1) * MINUTE_MS
    await clock.advance(end_ms - NOW_MS)
    assert end_ms in {passage.until_ms for passage in seen}
    following.cancel()


async def test_a_standstill_is_caught_up_a_minute_at_a_time() -> None:
    clock, seen = ManualClock(NOW_MS), list[Passage]()
    following = asyncio.create_task(collect(clock, seen))
    await clock.advance(0)
    clock.jump(10 * MINUTE_MS)
    await clock.advance(60_000)
    following.cancel()
    assert max(len(passage.ticks) for passage in seen) <= 150
