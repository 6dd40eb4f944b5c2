"""What is read of a schema for those who write types from it."""

from __future__ import annotations

from typing import Any

from topicwire.asyncapi.shapes import (
    ListOf,
    ObjectOf,
    Primitive,
    Told,
    UnionOf,
    inner_shapes,
    read_shape,
    references_in,
)

PRICES: dict[str, Any] = {
    "type": "object",
    "required": ["at"],
    "properties": {
        "at": {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}]},
        "last": {
            "type": "array",
            "maxItems": 3,
            "default": [],
            "items": {"type": "number", "exclusiveMinimum": 0},
        },
        "of": {"$ref": "#/components/schemas/Trade", "minProperties": 1},
    },
}


def test_facts_are_kept_at_each_place_where_they_are_asked_for() -> None:
    shape = read_shape(PRICES, facts=True)
    assert isinstance(shape, ObjectOf)
    at, last, of = (one.shape for one in shape.fields)
    moment = Told(Primitive("string"), (("format", '"date-time"'),))
    assert at == UnionOf((moment, Primitive("null")))
    price = Told(Primitive("number"), (("exclusiveMinimum", "0"),))
    assert last == Told(ListOf(price), (("maxItems", "3"),))
    assert moment.fact("format") == "date-time"
    assert moment.fact("pattern") is None
    assert [*references_in(of)] == ["Trade"]
    assert [*inner_shapes(last)] == [ListOf(price)]


def test_without_them_only_types_are_left() -> None:
    shape = read_shape(PRICES)
    assert isinstance(shape, ObjectOf)
    at, last, _ = (one.shape for one in shape.fields)
    assert at == UnionOf((Primitive("string"), Primitive("null")))
    assert last == ListOf(Primitive("number"))
