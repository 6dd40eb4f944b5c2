"""The pauses before a producer is started again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from topicwire.core.restart import RestartPauses


def test_doubles_up_to_the_limit() -> None:
    pauses = RestartPauses(0.5, 3.0, 30.0)
    assert [pauses.next_s(1.0) for _ in range(5)] == [0.5, 1.0, 2.0, 3.0, 3.0]


@given(st.lists(st.floats(0, 1, exclude_max=True), max_size=20))
def test_is_at_least_half_of_what_it_has_grown_to(chances: list[float]) -> None:
    longest_s = 0.5
    pauses = RestartPauses(0.5, 30.0, 30.0)
    for chance in chances:
        assert longest_s / 2 <= pauses.next_s(chance) <= longest_s
        longest_s = min(2 * longest_s, 30.0)


def test_begins_anew_after_a_steady_run() -> None:
    pauses = RestartPauses(0.5, 30.0, 10.0)
    pauses.next_s(1.0)
    pauses.began(100.0)
    pauses.ended(109.0)
    assert pauses.next_s(1.0) == 1.0
    pauses.began(200.0)
    pauses.ended(210.0)
    assert pauses.next_s(1.0) == 0.5


def test_who_never_began_was_not_steady() -> None:
    pauses = RestartPauses(0.5, 30.0, 10.0)
    pauses.began(0.0)
    pauses.ended(1.0)
    assert pauses.next_s(1.0) == 0.5
    pauses.ended(100.0)
    assert pauses.next_s(1.0) == 1.0
