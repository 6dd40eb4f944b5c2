"""What an update carries between hubs beside its payload."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from topicwire.wire.frames import json_bytes
from topicwire.wire.marks import NO_MARK, Mark, mark, read_mark, split_mark

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda some: st.lists(some, max_size=2)
)


@given(JSON, st.booleans(), JSON)
def test_a_mark_comes_back_and_so_does_the_payload(
    key: object,
    is_marked: bool,  # noqa: FBT001 - hypothesis gives it
    data: object,
) -> None:
    payload = json_bytes(data)
    first, rest = split_mark(mark(json_bytes(key), is_marked=is_marked) + payload)
    assert (read_mark(first), rest) == (Mark(json_bytes(key), is_marked), payload)


@given(JSON)
def test_a_payload_without_a_mark_is_left_alone(data: object) -> None:
    payload = json_bytes(data)
    assert split_mark(payload) == (b"", payload)
    assert read_mark(b"") == NO_MARK
