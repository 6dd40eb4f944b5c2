"""What the search answers is what a real validator says, for any two schemas."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from packages.topicwire.tests.contractdiff.schemas import (
    RECURSIVE,
    changed,
    changed_tree,
    near,
    schemas,
    validator,
)

from topicwire.contractdiff.containment.answers import NOTHING, Found, Unknown
from topicwire.contractdiff.containment.nodes import Universe
from topicwire.contractdiff.containment.search import Search

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Any, Any, dict[str, Any], dict[str, Any]]:
    """Two schemas, most of them near each other, each with its own `Tree`."""
    inner = schemas(recursive=True)
    one = draw(inner)
    other = draw(changed(one, inner)) if draw(st.integers(0, 3)) else draw(inner)
    tree = draw(inner)
    tree = {"type": "object", "properties": {"a": tree, "b": {"type": "array", "items": tree}}}
    return one, other, {RECURSIVE: tree}, {RECURSIVE: draw(changed_tree(tree, inner))}


def check(data: st.DataObject) -> None:
    one, other, olds, news = data.draw(pairs())
    universe = Universe({"components": {"schemas": olds}}, {"components": {"schemas": news}})
    search = Search(universe)
    answer = search.counterexample(universe.node(one, "old"), universe.node(other, "new"))
    note(f"{one!r}\n{other!r}\n{olds!r}\n{news!r}\n{answer!r}")
    sends, takes = validator(one, olds), validator(other, news)
    if isinstance(answer, Found):
        assert sends.is_valid(answer.value)
        assert not takes.is_valid(answer.value)
    elif answer == NOTHING:
        for _ in range(5):
            value = data.draw(near(one, olds))
            if sends.is_valid(value):
                assert takes.is_valid(value), value
    else:
        assert isinstance(answer, Unknown)


@settings(max_examples=300, deadline=None, suppress_health_check=SLOW)
@given(st.data())
def test_a_value_is_a_witness_and_nothing_is_a_proof(data: st.DataObject) -> None:
    check(data)


@pytest.mark.long
@settings(max_examples=10_000, deadline=None, suppress_health_check=SLOW)
@given(st.data())
def test_ten_thousand_times(data: st.DataObject) -> None:
    check(data)
