"""Token buckets, against a naive count."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from topicwire.core.rate import CommandRate, Pace, TokenBucket

STEPS = st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0, 8.0]), max_size=60)


@given(STEPS, st.sampled_from([1.0, 2.0, 4.0]), st.integers(1, 8))
def test_no_stretch_of_time_lets_more_pass_than_burst_and_rate(
    steps: list[float], rate: float, burst: int
) -> None:
    bucket = TokenBucket(rate, burst)
    now, taken = 0.0, []
    for step in steps:
        now += step
        if bucket.take(now):
            taken.append(now)
    for first, began in enumerate(taken):
        for last in range(first, len(taken)):
            assert last - first + 1 <= burst + rate * (taken[last] - began)


@given(STEPS, st.sampled_from([1.0, 2.0, 4.0]), st.integers(1, 8))
def test_it_is_what_a_naive_count_says(steps: list[float], rate: float, burst: int) -> None:
    bucket = TokenBucket(rate, burst)
    now, tokens = 0.0, float(burst)
    for step in steps:
        now += step
        tokens = min(float(burst), tokens + step * rate)
        passes = tokens >= 1
        tokens -= passes
        assert bucket.take(now) is passes


def test_who_keeps_to_the_rate_is_never_refused() -> None:
    rate = CommandRate(4, 2)
    assert {rate.take(number / 4) for number in range(200)} == {Pace.FINE}


def test_who_is_too_fast_is_refused_and_a_flood_is_told_apart() -> None:
    rate = CommandRate(1, 3)
    assert [rate.take(5.0) for _ in range(8)] == [
        *[Pace.FINE] * 3,
        *[Pace.TOO_FAST] * 3,
        *[Pace.FLOOD] * 2,
    ]


def test_twice_the_rate_is_no_flood_however_long() -> None:
    rate = CommandRate(4, 2)
    seen = [rate.take(number / 8) for number in range(400)]
    assert Pace.FLOOD not in seen
    assert Pace.TOO_FAST in seen


def test_after_a_rest_it_is_full_again() -> None:
    rate = CommandRate(1, 2)
    assert [rate.take(0.0) for _ in range(3)][-1] is Pace.TOO_FAST
    assert [rate.take(100.0) for _ in range(3)] == [Pace.FINE, Pace.FINE, Pace.TOO_FAST]
