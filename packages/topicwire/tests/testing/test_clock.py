"""The clock of the test kit."""

from __future__ import annotations

from functools import partial

from topicwire.testing import ManualClock


def test_calls_what_is_due_in_order() -> None:
    clock = ManualClock()
    called: list[tuple[str, float]] = []

    def note(name: str) -> None:
        called.append((name, clock.now_s()))

    for name, delay_s in (("late", 3.0), ("first", 1.0), ("same", 1.0)):
        clock.call_later(delay_s, partial(note, name))
    clock.advance(0.5)
    assert called == []
    clock.advance(1.5)
    assert called == [("first", 1.0), ("same", 1.0)]
    assert clock.now_s() == 2.0
    assert clock.alarms == 1


def test_a_cancelled_call_is_not_made() -> None:
    clock = ManualClock()
    called: list[int] = []
    clock.call_later(1, lambda: called.append(1)).cancel()
    assert clock.alarms == 0
    clock.advance(2)
    assert called == []


def test_a_delay_that_is_lost_in_rounding_ends() -> None:
    clock = ManualClock()
    clock.advance(100.1)
    until_s = clock.now_s() + 3e-14
    calls: list[float] = []

    def look() -> None:
        calls.append(clock.now_s())
        left_s = until_s - clock.now_s()
        if left_s > 0:
            clock.call_later(min(left_s, 1e-15), look)

    clock.call_later(1e-15, look)
    clock.advance(1)
    assert calls == sorted(set(calls))
    assert clock.now_s() == 101.1


def test_what_a_call_asks_for_may_be_due_at_once() -> None:
    clock = ManualClock()
    called: list[float] = []

    def again() -> None:
        called.append(clock.now_s())
        clock.call_later(1, again)

    clock.call_later(1, again)
    clock.advance(3)
    assert called == [1.0, 2.0, 3.0]
