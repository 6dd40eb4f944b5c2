"""Frames are JSON, whatever is in them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topicwire.types import Position, TopicId
from topicwire.wire.frames import (
    Frame,
    closed_frame,
    json_bytes,
    message_frame,
    reset_frame,
    update_frame,
    update_prefix,
)

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
IDS = st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=64) | st.integers()


@given(topic=TEXT, seq=st.integers(0, 2**53 - 1), data=st.dictionaries(TEXT, TEXT, max_size=3))
def test_an_update_is_put_together_from_bytes(topic: str, seq: int, data: dict[str, str]) -> None:
    frame = update_frame(update_prefix("trades", topic), seq, json_bytes(data))
    assert json.loads(frame.data) == {
        "type": "trades.update",
        "payload": {"topic": topic, "seq": seq, "payload": data},
    }
    assert frame.size == len(frame.data)
    assert frame.text.encode() == frame.data
    assert b"\n" not in frame.data


@given(type_name=TEXT, message_id=IDS, payload=st.none() | st.lists(st.integers(), max_size=2))
def test_a_message_has_what_it_was_given(
    type_name: str, message_id: str | int | None, payload: list[int] | None
) -> None:
    encoded = None if payload is None else json_bytes(payload)
    message = json.loads(message_frame(type_name, encoded, message_id).data)
    expected: dict[str, object] = {"type": type_name}
    if message_id is not None:
        expected["id"] = message_id
    if payload is not None:
        expected["payload"] = payload
    assert message == expected


def test_text_is_decoded_once() -> None:
    frame = Frame("é".encode())
    assert frame.text is frame.text
    assert frame.size == 2


def test_refuses_numbers_that_json_does_not_have() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        json_bytes(float("nan"))


def test_a_topic_that_has_ended_is_named_with_the_reason() -> None:
    frame = closed_frame(TopicId("trades", 'a"b'), "forbidden", "é", retry=False)
    payload = {"topic": 'a"b', "code": "forbidden", "message": "é", "retry": False}
    assert json.loads(frame.text) == {"type": "trades.closed", "payload": payload}


def test_a_reset_names_the_place_where_a_topic_goes_on() -> None:
    topic, position = TopicId("trades", 'a"b'), Position("e", 3)
    payload = {"topic": 'a"b', "epoch": "e", "seq": 3, "reason": "why"}
    assert json.loads(reset_frame(topic, position, "why").text) == {
        "type": "trades.reset",
        "payload": payload,
    }
    frame = reset_frame(topic, position, "why", has_snapshot=True)
    assert json.loads(frame.text)["payload"] == {**payload, "snapshot": True}
