"""Whether two applications write to the same place."""

from __future__ import annotations

import fnmatch

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from topicwire.codegen.overlaps import Place, overlap

NAMES = st.text("ab*?", max_size=5)
PARTS = st.lists(st.sampled_from(["a", "b", "ab", "*", "a*", "?b", "**"]), max_size=4)
PATHS = st.lists(st.sampled_from(["a", "b", "ab", "bb"]), max_size=5)


def place(text: str, *, is_file: bool = False) -> Place:
    return Place(("output",), tuple(text.split("/")), is_file)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a/b", "a/b"),
        ("a/b", "A/B"),
        ("a/b", "a/b/c"),
        ("a", "a/b/c"),
        ("a/*/out", "a/b/out"),
        ("a/*/out", "a/b/*"),
        ("a/**/out", "a/b/c/out"),
        ("a/**/out", "a/out"),
        ("a/*/out", "a/b/out/types"),
        ("a/*/out", "a"),
        ("a/*/out", "a/out"),  # by a/out/out
        ("a/m_*/out", "a/*_m/out"),
        ("a/[bc]/out", "a/c/out"),
        ("a/[!b]/out", "a/c/out"),
        ("a/[*]", "a/[*]"),
    ],
)
def test_one_place_within_another(one: str, other: str) -> None:
    assert overlap(place(one), place(other))
    assert overlap(place(other), place(one))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a/b", "a/c"),
        ("a/b", "a/bc"),
        ("a/*/out", "a/b/in"),
        ("a/m_*/out", "a/n_*/out"),
        ("a/[bc]/out", "a/d/out"),
        ("a/[!b]/out", "a/b/out"),
        ("a/[*]", "a/b"),
        ("a/**/out", "b/c/out"),
    ],
)
def test_places_apart(one: str, other: str) -> None:
    assert not overlap(place(one), place(other))
    assert not overlap(place(other), place(one))


def test_nothing_is_below_a_file() -> None:
    assert not overlap(place("a/one.json", is_file=True), place("a/two.json", is_file=True))
    assert overlap(place("a/one.json", is_file=True), place("a/one.json", is_file=True))
    assert overlap(place("a/one.json", is_file=True), place("a"))
    assert not overlap(place("a", is_file=True), place("a/b"))


@given(NAMES, NAMES, st.text("ab", max_size=5))
@example("a*", "*b", "ab")
def test_a_name_that_both_match_is_enough(one: str, other: str, name: str) -> None:
    if fnmatch.fnmatchcase(name, one) and fnmatch.fnmatchcase(name, other):
        assert overlap(Place((), ("x", one)), Place((), ("x", other)))


@given(PARTS, PARTS, PATHS)
@example(["**", "a"], ["a", "*"], ["a", "a"])
def test_a_path_that_both_match_or_hold_is_enough(
    one: list[str], other: list[str], path: list[str]
) -> None:
    def holds(parts: list[str]) -> bool:
        return any(matches(parts, path[:count]) for count in range(len(path) + 1))

    if holds(one) and holds(other):
        assert overlap(Place((), tuple(one)), Place((), tuple(other)))


@given(PATHS, PATHS)
def test_plain_paths_overlap_only_where_one_is_within_the_other(
    one: list[str], other: list[str]
) -> None:
    shorter = min(len(one), len(other))
    is_within = one[:shorter] == other[:shorter]
    assert overlap(Place((), tuple(one)), Place((), tuple(other))) == is_within


def matches(parts: list[str], path: list[str]) -> bool:
    """The plainest way to say it."""
    if not parts:
        return not path
    if parts[0] == "**":
        return any(matches(parts[1:], path[count:]) for count in range(len(path) + 1))
    return bool(path) and fnmatch.fnmatchcase(path[0], parts[0]) and matches(parts[1:], path[1:])
