"""A watch has one alarm, however many steps it watches."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from topicwire.hub.clock import Watch
from topicwire.testing import ManualClock

LIMIT_S = 10.0


@given(st.lists(st.tuples(st.floats(0, 9.9), st.floats(0, 25)), max_size=20))
def test_steps_that_are_short_enough_are_never_late(steps: list[tuple[float, float]]) -> None:
    clock = ManualClock()
    late: list[float] = []
    watch = Watch(clock, LIMIT_S, lambda: late.append(clock.now_s()))
    for step_s, pause_s in steps:
        watch.begin()
        assert clock.alarms == 1
        clock.advance(step_s)
        watch.end()
        clock.advance(pause_s)
    assert late == []
    began_s = clock.now_s()
    watch.begin()
    clock.advance(3 * LIMIT_S)
    assert [round(at_s - began_s, 6) for at_s in late] == [LIMIT_S]


def test_a_closed_watch_leaves_no_alarm() -> None:
    clock = ManualClock()
    watch = Watch(clock, LIMIT_S, lambda: None)
    watch.begin()
    watch.close()
    watch.close()
    assert clock.alarms == 0
