"""Turns: one for each in a round, wherever it begins."""

from __future__ import annotations

import statistics

from hypothesis import given, settings
from hypothesis import strategies as st

from topicwire.core.roster import NOWHERE, Roster, Round


class Member:
    """Who has turns."""

    def __init__(self, berth: int, kind: str = "one") -> None:
        self.berth = berth
        self.kind = kind


def roster(size: int) -> Roster[Member]:
    return Roster(Member(7 * number) for number in range(size))


@settings(deadline=None)
@given(
    size=st.integers(0, 600),
    number=st.integers(0, 1_000),
    counts=st.lists(st.integers(50, 300), min_size=1),
    late=st.integers(0, 3),
)
def test_everybody_has_one_turn_and_who_comes_late_none(
    size: int, number: int, counts: list[int], late: int
) -> None:
    all_of = roster(size)
    round_ = Round(all_of, number)
    members = list(all_of.members)
    for _ in range(late):
        all_of.append(Member(1))
    had: list[Member] = []
    while not round_.is_over:
        count = counts[len(had) % len(counts)]
        begin, end = round_.next(count)
        assert 0 < end - begin <= count
        had += all_of.members[begin:end]
        round_.had(end - begin)
        assert {one for one in members if round_.has_had_turn(one)} == {*had}
    assert len(had) == size
    assert {*had} == {*members}


def test_berths_are_beside_their_members() -> None:
    all_of = roster(3)
    all_of.append(Member(5))
    assert [one.berth for one in all_of.members] == [*all_of.berths] == [0, 7, 14, 5]


@settings(deadline=None)
@given(st.text("abc", max_size=30), st.text("abc", max_size=30), st.booleans())
def test_where_another_kind_begins_is_known(kinds: str, late: str, is_mixed: bool) -> None:  # noqa: FBT001
    all_of = Roster(
        (Member(berth, kind) for berth, kind in enumerate(kinds) if is_mixed or kind == kinds[0]),
        is_mixed=is_mixed,
    )
    for kind in late:
        all_of.append(Member(0, kind))
    members = all_of.members
    size = len(members)
    assert all_of.is_mixed == (len({one.kind for one in members}) > 1)
    begins = [at for at in range(1, size) if members[at].kind != members[at - 1].kind]
    for begin in range(size):
        for end in range(begin + 1, size + 1):
            expected = min([at for at in begins if begin < at < end], default=end)
            assert all_of.alike(begin, end) == expected


@given(berths=st.lists(st.sampled_from([0, 1, 2, 255, 256, 257, 65_536, 1 << 24]), max_size=40))
def test_where_a_member_is_though_others_have_numbers_that_look_alike(berths: list[int]) -> None:
    members = [Member(berth) for berth in berths]
    all_of = Roster(members)
    assert [all_of.index(one) for one in members] == [*range(len(members))]
    assert all_of.index(Member(256)) == NOWHERE


def test_in_a_few_rounds_everybody_waits_about_as_long() -> None:
    size, rounds = 1_000, 20
    all_of = roster(size)
    places: list[list[int]] = [[] for _ in range(size)]
    for number in range(rounds):
        begin, _ = Round(all_of, number).next(size)
        for place in range(size):
            places[(begin + place) % size].append(place)
    assert all(0.4 * size < statistics.mean(one) < 0.6 * size for one in places)


def test_few_are_not_told_apart() -> None:
    all_of = roster(100)
    assert {Round(all_of, number).next(100) for number in range(20)} == {(0, 100)}
