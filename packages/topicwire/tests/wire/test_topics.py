"""pitfall 19: one key in every language. The vectors are run by TypeScript too."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from topicwire.errors import CommandError, TopicKeyError, TopicTooLongError
from topicwire.routing.topic_builders import TopicBuilder
from topicwire.wire.topics import (
    MAX_TOPIC_BYTES,
    canonical_json,
    check_topic,
    topic_key,
    topic_request,
)

VECTORS = json.loads(
    (Path(__file__).parent.parent / "vectors" / "topic_keys.json").read_text(encoding="utf-8")
)

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize("vector", VECTORS["keys"], ids=lambda vector: vector["name"])
def test_vector(vector: dict[str, Any]) -> None:
    """pitfall 19"""
    assert topic_key(vector["route"], json.loads(vector["request"])) == vector["topic"]


@pytest.mark.parametrize("vector", VECTORS["refused"], ids=lambda vector: vector["name"])
def test_refused_vector(vector: dict[str, Any]) -> None:
    """pitfall 19"""
    with pytest.raises(TopicKeyError) as caught:
        topic_key("r", json.loads(vector["request"]))
    assert caught.value.code == "validation_error"


@given(VALUES)
def test_means_the_value_and_is_its_only_text(value: object) -> None:
    text = canonical_json(value)
    parsed = json.loads(text, parse_int=float)  # as in JavaScript, where all numbers are doubles
    assert parsed == value
    assert canonical_json(parsed) == text
    assert text == text.strip()


@given(st.dictionaries(TEXT, VALUES, max_size=5))
def test_the_order_of_keys_does_not_matter(value: dict[str, object]) -> None:
    assert canonical_json(dict(reversed(value.items()))) == canonical_json(value)


@pytest.mark.parametrize("value", [math.nan, math.inf, 2**53, -(2**53), "\ud800"])
def test_refuses_what_has_no_one_text(value: object) -> None:
    with pytest.raises(TopicKeyError):
        canonical_json([value])


class Request(BaseModel):
    symbol: str
    resolution: str = "1"
    venue: str | None = None
    lot: float = Field(default=1, serialization_alias="lotSize")


def test_a_default_and_its_absence_are_one_topic() -> None:
    """pitfall 19: None, as a default, is null; it is neither "" nor absent"""
    build: TopicBuilder[Request] = TopicBuilder("bars")
    key = 'bars:{"lotSize":1,"resolution":"1","symbol":"AAPL","venue":null}'
    assert build(Request(symbol="AAPL")) == key
    assert build(Request(symbol="AAPL", resolution="1", venue=None, lot=1.0)) == key
    assert build(Request(symbol="AAPL", venue="")) != key


def test_a_key_has_a_bound_in_bytes() -> None:
    assert check_topic("é" * (MAX_TOPIC_BYTES // 2))
    with pytest.raises(TopicTooLongError, match="1026 bytes; at most 1024") as caught:
        check_topic("é" * (MAX_TOPIC_BYTES // 2 + 1))
    assert isinstance(caught.value, CommandError)
    assert caught.value.code == "validation_error"


@pytest.mark.parametrize("topic", ["", "r:\ud800é"])
def test_refuses_what_cannot_be_a_topic(topic: str) -> None:
    with pytest.raises(TopicKeyError):
        check_topic(topic)


def test_a_service_reads_the_request_back() -> None:
    topic = topic_key("trades", {"symbol": "BTC/USD:x"})
    assert topic_request(topic) == {"symbol": "BTC/USD:x"}


@pytest.mark.parametrize("topic", ["trades:AAPL", "trades", "trades:[1]", "trades:1"])
def test_says_that_a_key_is_not_a_default_one(topic: str) -> None:
    with pytest.raises(TopicKeyError, match="is not a route, a colon and"):
        topic_request(topic)
