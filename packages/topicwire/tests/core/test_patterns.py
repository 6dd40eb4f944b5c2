from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from topicwire.core.patterns import PatternIndex, is_pattern
from topicwire.types import TopicId
from topicwire.wire.topics import topic_key

SEGMENTS = st.sampled_from(["*", "", "a", "b", "a*", "**", "\u00e9"])
KEYS = st.lists(SEGMENTS, min_size=1, max_size=4).map(":".join)
LITERALS = KEYS.filter(lambda key: not is_pattern(key))


def matches(pattern: str, key: str) -> bool:
    """Say it as the protocol does: segment by segment."""
    wanted, given_ = pattern.split(":"), key.split(":")
    return len(wanted) == len(given_) and all(
        one in {"*", other} for one, other in zip(wanted, given_, strict=True)
    )


@given(st.lists(st.tuples(st.booleans(), KEYS.filter(is_pattern)), max_size=20), st.lists(LITERALS))
@example([(True, "*:a")], ["*a:a", "b:a", "a"])
def test_the_index_finds_what_a_scan_finds(
    changes: list[tuple[bool, str]], keys: list[str]
) -> None:
    """checklist 18"""
    index, known = PatternIndex(), set[str]()
    for is_added, pattern in changes:
        topic = TopicId("news", pattern)
        if is_added:
            index.add(topic)
            known.add(pattern)
        else:
            index.remove(topic)
            known.discard(pattern)
        assert bool(index) is bool(known)
    for key in keys:
        found = [one.key for one in index.matching(key)]
        assert len(found) == len(set(found))
        assert set(found) == {pattern for pattern in known if matches(pattern, key)}


def test_a_star_is_a_wildcard_as_a_whole_segment_alone() -> None:
    assert is_pattern("news:sports:*")
    assert is_pattern("news:*:AAPL")
    assert not is_pattern("news:sports:A*")
    assert not is_pattern("news:sports")


@given(st.recursive(st.text("*:a"), st.lists, max_leaves=4))
def test_what_the_default_builder_makes_is_never_a_pattern(request_: object) -> None:
    assert not is_pattern(topic_key("news", request_))
    assert not is_pattern(topic_key("news", {"symbol": request_}))


def test_finding_costs_a_look_for_each_shape_and_none_for_each_pattern() -> None:
    index = PatternIndex()
    for number in range(1_000):
        index.add(TopicId("news", f"news:{number}:*"))
    [shapes] = index._by_length.values()
    assert len(shapes) == 1
    assert index.matching("news:7:AAPL") == [TopicId("news", "news:7:*")]
