from __future__ import annotations

import time

import pytest

from trading_api.shared.clock import SystemClock


def test_never_goes_backwards(monkeypatch: pytest.MonkeyPatch) -> None:
    instants = iter([5_000_000, 3_000_000, 7_000_000])
    monkeypatch.setattr(time, "time_ns", lambda: next(instants))
    clock = SystemClock()
    assert [clock.now_ms(), clock.now_ms(), clock.now_ms()] == [5, 5, 7]


async def test_sleeps_until_the_instant_has_come() -> None:
    clock = SystemClock()
    instant_ms = clock.now_ms() + 3
    await clock.sleep_until_ms(instant_ms)
    assert clock.now_ms() >= instant_ms
    await clock.sleep_until_ms(instant_ms - 1000)
