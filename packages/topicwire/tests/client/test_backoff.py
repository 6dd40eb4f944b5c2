"""When to connect again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from topicwire.client.backoff import Backoff, Reconnection

LOST = 1006
SLOW = 4008


def reconnection(drawn: float = 1.0) -> Reconnection:
    return Reconnection(Backoff(base_s=0.5, max_s=20), lambda: drawn)


def test_the_ceiling_doubles_and_has_an_end() -> None:
    ceilings = [Backoff().ceiling_s(failures) for failures in (0, 1, 5, 6, 1_000_000)]
    assert ceilings == [0.5, 1, 16, 20, 20]


@given(st.floats(0, 1, exclude_max=True), st.integers(1, 50))
def test_a_delay_is_anywhere_between_zero_and_the_ceiling(drawn: float, losses: int) -> None:
    one = reconnection(drawn)
    delays = [one.delay_s(0, LOST, lasted_s=0) for _ in range(losses)]
    assert delays == [drawn * Backoff().ceiling_s(failures) for failures in range(losses)]


def test_what_a_closing_server_asks_for_is_added() -> None:
    assert reconnection(0.5).delay_s(0, 1001, lasted_s=5, retry_after_s=3) == 3.25


def test_the_third_time_within_a_minute_is_slow() -> None:
    one = reconnection()
    told = []
    for now_s in (0, 20, 40, 60, 80):
        one.delay_s(now_s, SLOW, lasted_s=10)
        told.append(one.is_slow)
    assert told == [False, False, True, True, True]


def test_three_times_within_more_than_a_minute_are_not() -> None:
    one = reconnection()
    for now_s in (0, 40, 80, 120, 160):
        one.delay_s(now_s, SLOW, lasted_s=35)
        assert not one.is_slow


def test_another_loss_is_not_slow() -> None:
    one = reconnection()
    for now_s in (0, 1, 2):
        one.delay_s(now_s, SLOW, lasted_s=1)
    assert one.is_slow
    one.delay_s(3, LOST, lasted_s=1)
    assert not one.is_slow


def test_longer_waits_do_not_make_it_look_like_the_first_time() -> None:
    """trap: a client that can never keep up (no endless reconnect loop)"""
    one = Reconnection(Backoff(base_s=0.5, max_s=64), lambda: 0.0)
    now_s, delays = 0.0, []
    for _ in range(12):
        now_s += 1
        delays.append(one.delay_s(now_s, SLOW, lasted_s=1))
        now_s += delays[-1]
    assert delays == [0, 0, 4, 8, 16, 32, 64, 64, 64, 64, 64, 64]
    one.delay_s(now_s + 100, SLOW, lasted_s=100)
    assert not one.is_slow
