"""The document's text is what the standard library would write, and its values come outer first."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topicwire.asyncapi.document import dumps
from topicwire.asyncapi.pointers import pointer as pointer_of
from topicwire.asyncapi.pointers import resolve, walk

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


@given(documents)
def test_every_value_comes_once_and_after_what_holds_it(document: dict[str, Any]) -> None:
    seen: set[tuple[str | int, ...]] = set()
    for path, value in walk(document):
        assert path not in seen
        assert not path or path[:-1] in seen
        assert resolve(document, pointer_of(path)) is value
        seen.add(path)
    assert len(seen) == 1 + sum(map(_count, document.values()))


def _count(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + sum(map(_count, inner))
