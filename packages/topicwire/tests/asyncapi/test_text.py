"""The document's text is what the standard library would write, and its values come outer first."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topicwire.asyncapi.document import dumps
from topicwire.asyncapi.pointers import objects, resolve
from topicwire.asyncapi.pointers import pointer as pointer_of

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
values = st.recursive(
    scalars.filter(lambda one: one not in (float("inf"), float("-inf"))),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)
documents = st.dictionaries(st.text(), values, max_size=5)


@given(documents)
def test_the_text_is_indented_json(document: dict[str, Any]) -> None:
    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)
    assert dumps(document) == f"{text}\n"


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_what_is_no_json_is_not_written(number: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        dumps({"default": number})


@given(documents, st.sets(st.text(max_size=3), max_size=3))
def test_every_object_comes_once_and_after_what_holds_it(
    document: dict[str, Any], outside: set[str]
) -> None:
    seen: list[tuple[str | int, ...]] = []
    for path, value in objects(document, outside=outside):
        assert isinstance(value, dict)
        assert resolve(document, pointer_of(path)) is value
        assert not any(path == other[: len(path)] for other in seen)
        assert outside.isdisjoint(path)
        seen.append(path)
    assert len(seen) == _count(document, outside)


def _count(value: Any, outside: set[str]) -> int:
    if isinstance(value, dict):
        return 1 + sum(_count(one, outside) for key, one in value.items() if key not in outside)
    return sum(_count(one, outside) for one in value) if isinstance(value, list) else 0
