"""`resume` as clients send it, rightly and wrongly."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topicwire.errors import CommandError
from topicwire.types import Position
from topicwire.wire.resume import decode_resume

GOOD = {"epoch": "e", "seq": 3}


def test_one_position_is_that_of_the_only_topic() -> None:
    resume = decode_resume({**GOOD, "more": "ignored"})
    assert resume.of(["a"]) == {"a": Position("e", 3)}
    assert resume.of([]) == {}


def test_positions_by_topic() -> None:
    resume = decode_resume({"a": GOOD, "epoch": {"epoch": "f", "seq": 0}, "gone": GOOD})
    assert resume.of(["a", "b", "epoch"]) == {"a": Position("e", 3), "epoch": Position("f", 0)}


def test_one_position_cannot_be_that_of_two_topics() -> None:
    with pytest.raises(CommandError, match="one position for 2 topics") as caught:
        decode_resume(GOOD).of(["a", "b"])
    assert caught.value.code == "validation_error"


@pytest.mark.parametrize(
    ("value", "path"),
    [
        *(({}, "resume"), ([], "resume"), ("e", "resume"), (3, "resume"), (True, "resume")),
        ({"epoch": "e"}, "resume.seq"),
        ({"seq": 1}, "resume.epoch"),
        ({"epoch": 1, "seq": 1}, "resume.epoch"),
        ({"epoch": "x" * 65, "seq": 1}, "resume.epoch"),
        ({"epoch": None, "seq": 1}, "resume.epoch"),
        *(({"epoch": "e", "seq": seq}, "resume.seq") for seq in (-1, 2**53, True, 1.5, "1", None)),
        ({"secret": {"epoch": "e"}}, "resume.a topic.seq"),
        ({"secret": GOOD, "b": {"seq": 1}}, "resume.a topic.epoch"),
        ({"secret": GOOD, "b": 1}, "resume.epoch"),
    ],
)
def test_anything_else_is_refused_and_not_repeated(value: Any, path: str) -> None:
    with pytest.raises(CommandError) as caught:
        decode_resume(value)
    assert caught.value.code == "validation_error"
    [detail] = caught.value.details
    assert detail.path == path
    assert "secret" not in f"{caught.value}{detail}"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.just("epoch"), inner),
)


@given(JSON)
def test_whatever_comes_is_read_or_refused(value: Any) -> None:
    try:
        decode_resume(value)
    except CommandError as error:
        assert error.details  # noqa: PT017 - it may also be read
