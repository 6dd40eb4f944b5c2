"""Made-up values: what their schemas allow, what their names say, and the same for one seed."""

from __future__ import annotations

import re
from datetime import datetime
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packages.topicwire.tests.corpus.routes import corpus_adapter

from topicwire.asyncapi.errors import DocumentError
from topicwire.mock.document import read
from topicwire.mock.moment import Topic
from topicwire.mock.pattern import propose
from topicwire.mock.service import MockService
from topicwire.mock.values import Values

START_MS = 1_767_225_600_000


def topic(seed: object = 0, **request: Any) -> Topic:
    return Topic(Random(str(seed)), request, START_MS, 1000)  # noqa: S311


def made(schema: Any, count: int = 50, **request: Any) -> list[Any]:
    """So many updates of one topic."""
    values, state = Values({"components": {"schemas": {}}}), topic(**request)
    several = []
    for _ in range(count):
        state.advance()
        several.append(values.make(schema, state, "test"))
    return several


def field(name: str, schema: Any, count: int = 50, **request: Any) -> list[Any]:
    whole = {"type": "object", "properties": {name: schema}, "required": [name]}
    return [one[name] for one in made(whole, count, **request)]


def test_every_construct_of_the_corpus_has_values() -> None:
    """Twenty of each, every one allowed by its schema, and the same in a second run."""
    content = corpus_adapter().asyncapi()
    document, values = read(content), Values(content)
    runs = []
    for _ in range(2):
        run = {}
        for route in document.routes:
            service = MockService(route, values, seed=7, rate_hz=1, start_ms=START_MS)
            state = service.new("one", {})
            run[route.name] = [service.next(state) for _ in range(20)]
            assert all(values.allows(route.data, one) for one in run[route.name])
        runs.append(run)
    assert runs[0] == runs[1]
    assert len(runs[0]) > 40


def test_another_seed_or_topic_makes_other_values() -> None:
    values = Values({})
    schema = {"type": "object", "properties": {"price": {"type": "number"}}, "required": ["price"]}
    several = [values.make(schema, topic(seed), "test")["price"] for seed in range(20)]
    assert len(set(several)) > 15


LIMITS = [
    {"type": "integer", "minimum": 3, "maximum": 5},
    {"type": "integer", "exclusiveMinimum": 3, "exclusiveMaximum": 5},
    {"type": "integer", "multipleOf": 7, "minimum": 10},
    {"type": "integer", "maximum": -100},
    {"type": "number", "minimum": 0.5, "maximum": 0.6},
    {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 0.001},
    {"type": "number", "multipleOf": 0.5},
    {"type": "string", "minLength": 30, "maxLength": 31},
    {"type": "string", "maxLength": 2},
    {"type": "string", "pattern": "^[A-Z]{3}-\\d{4}$"},
    {"type": "string", "pattern": "^(?!^[-+.]*$)[+-]?0*\\d*\\.?\\d*$"},
    {"type": "string", "pattern": "^(buy|sell)(_all)?$"},
    {"type": "array", "items": {"type": "integer"}, "minItems": 5, "maxItems": 6},
    {"type": "array", "items": {"type": "integer"}, "uniqueItems": True, "minItems": 4},
    {"type": "array", "items": [{"type": "string"}, {"const": 1}], "additionalItems": False,
     "minItems": 2},
    {"type": "object", "additionalProperties": {"type": "integer"}, "minProperties": 4},
    {"type": "object", "patternProperties": {"^x-\\d$": True}, "additionalProperties": False},
    {"type": "object", "propertyNames": {"enum": ["a", "b"]}, "additionalProperties": True},
    {"enum": ["a", 2, None]},
    {"anyOf": [{"type": "integer"}, {"type": "null"}]},
    {"allOf": [{"type": "integer"}, {"minimum": 1000}]},
    {"type": ["string", "null"]},
    {"type": "string", "format": "uuid"},
    True,
    {},
]  # fmt: skip


@pytest.mark.parametrize("schema", LIMITS, ids=str)
@pytest.mark.parametrize("name", ["price", "id", "time", "symbol", "note"])
def test_limits_hold_whatever_the_name_says(schema: Any, name: str) -> None:
    values = Values({})
    assert all(values.allows(schema, one) for one in field(name, schema, 10))


@given(
    st.integers(-1000, 1000),
    st.integers(0, 1000),
    st.sampled_from(["price", "seq", "qty", "time", "x"]),
    st.sampled_from(["integer", "number"]),
)
def test_any_range_holds(low: int, width: int, name: str, kind: str) -> None:
    schema = {"type": kind, "minimum": low, "maximum": low + width}
    for value in field(name, schema, 3):
        assert low <= value <= low + width


def test_prices_walk() -> None:
    prices = field("price", {"type": "number"}, 200)
    steps = [abs(after / before - 1) for before, after in pairwise(prices)]
    assert 0 < max(steps) < 0.02
    assert len(set(prices)) > 100


def test_prices_of_one_update_belong_together() -> None:
    names = ["bid", "ask", "low", "high", "last"]
    schema = {
        "type": "object",
        "properties": {name: {"type": "number"} for name in names},
        "required": names,
    }
    for one in made(schema):
        assert one["low"] <= one["bid"] <= one["last"] <= one["ask"] <= one["high"]


def test_times_advance_and_ids_count() -> None:
    assert field("time", {"type": "integer"}, 3) == [START_MS + 1000 * n for n in (1, 2, 3)]
    seconds = {"type": "integer", "description": "Unix seconds"}
    assert field("created_at", seconds, 2) == [START_MS // 1000 + n for n in (1, 2)]
    instants = field("at", {"type": "string", "format": "date-time"})
    assert sorted(instants) == instants
    assert datetime.fromisoformat(instants[0]).timestamp() * 1000 == START_MS + 1000
    assert field("order_id", {"type": "string"}, 2) == ["order-1", "order-2"]
    assert field("seq", {"type": "integer"}, 3) == [1, 2, 3]


def test_enums_vary_and_examples_are_followed() -> None:
    assert set(field("side", {"enum": ["buy", "sell"]})) == {"buy", "sell"}
    assert set(field("venue", {"type": "string", "examples": ["XNAS", "XLON"]})) == {"XNAS", "XLON"}
    first = field("price", {"type": "number", "examples": [9.5]}, 1)
    assert first == [9.5]
    texts = field("limit", {"type": "string", "examples": ["189.50"]}, 30)
    assert all(170 < float(one) < 210 for one in texts)


def test_what_was_asked_for_is_repeated() -> None:
    text = {"type": "string"}
    assert set(field("symbol", text, symbol="IBM")) == {"IBM"}
    assert field("symbol", text, 4, symbols=["A", "B"]) == ["A", "B", "A", "B"]
    # one that the schema does not allow is not
    assert all(isinstance(one, int) for one in field("depth", {"type": "integer"}, depth="deep"))


def test_what_no_value_fits_is_refused_with_the_cure() -> None:
    with pytest.raises(DocumentError, match=r"trades\.update: .*Field\(examples"):
        Values({}).make(
            {"allOf": [{"type": "string"}, {"type": "integer"}]}, topic(), "trades.update"
        )
    odd = {"type": "string", "pattern": r"^(?=.*z)(?!z)\w+9$"}
    assert Values({}).make({**odd, "examples": ["az9"]}, topic(), "x") == "az9"


@pytest.mark.parametrize(
    "pattern",
    [
        r"^[a-z]+$", r"^\d{3,5}$", r"a|bb|c", r"^(?:x|y){2}z?$", r"^[^a-z]$",
        r"^\w+@\w+\.(com|org)$", r"^#[0-9a-fA-F]{6}$", r"^(?P<year>\d{4})-\d\d$", r"^\s*$",
        r"^[\w.-]+$", r"^.{3}$", r"^a{2,}b$", r"^\$\d+\.\d{2}$", r"^[]a]$", r"^[a-]$",
    ],
)  # fmt: skip
def test_patterns_are_matched(pattern: str) -> None:
    random = Random(1)  # noqa: S311
    assert all(re.search(pattern, propose(pattern, random)) for _ in range(50))
