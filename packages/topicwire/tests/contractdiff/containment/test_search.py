"""What the search finds, construct by construct, and where it says that it does not know."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from packages.topicwire.tests.contractdiff.schemas import validator

from topicwire.asyncapi.errors import DocumentError
from topicwire.contractdiff.containment.answers import NOTHING, Answer, Found, Unknown
from topicwire.contractdiff.containment.nodes import Universe
from topicwire.contractdiff.containment.search import Search

Schema = Any

TEXT, WHOLE, NUMBER, NULL = ({"type": one} for one in ("string", "integer", "number", "null"))


def ask(one: Schema, other: Schema, *, exact: bool = False, **components: Any) -> Answer:
    documents = [
        {"components": {"schemas": {name: pair[side] for name, pair in components.items()}}}
        for side in (0, 1)
    ]
    universe = Universe(*documents)
    search = Search(universe)
    return search.counterexample(
        universe.node(one, "old"), universe.node(other, "new"), exact=exact
    )


def to(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def record(*required: str, **properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "required": list(required)}


def pattern(text: str) -> Schema:
    return {"type": "string", "pattern": text}


CAT = record("kind", kind={"const": "cat"}, lives=WHOLE)
DOG = record("kind", kind={"enum": ["dog", "wolf"]}, name=TEXT)
WOLF = record("kind", kind={"const": "wolf"}, name=TEXT)
JUST_DOG = record("kind", kind={"const": "dog"}, name=TEXT)
DECIMAL = pattern(r"^(?!^[-+.]*$)[+-]?0*\d*\.?\d*$")

WITHIN: list[tuple[Schema, Schema]] = [
    (WHOLE, NUMBER),
    ({"enum": ["a"]}, TEXT),
    ({"enum": [1.0]}, WHOLE),
    (WHOLE, {"anyOf": [WHOLE, NULL]}),
    ({"type": "boolean"}, {"enum": [True, False]}),
    ({"type": ["string", "null"]}, {"anyOf": [TEXT, NULL]}),
    (
        {"type": "integer", "minimum": 1, "maximum": 5},
        {"anyOf": [{"type": "integer", "maximum": 2}, {"type": "integer", "minimum": 3}]},
    ),
    ({"type": "integer", "minimum": 1}, {"type": "integer", "exclusiveMinimum": 0}),
    ({"type": "number", "multipleOf": 0.5}, {"type": "number", "multipleOf": 0.25}),
    ({"type": "integer", "multipleOf": 12}, {"type": "integer", "multipleOf": 4}),
    (pattern("^[0-9]+$"), pattern(r"^\d+$")),
    (pattern("^a{3}$"), {"type": "string", "minLength": 3, "maxLength": 3}),
    ({**TEXT, "minLength": 2, "maxLength": 4}, pattern("^.{1,9}|\n|\n$")),
    (pattern(r"^-?\d+(\.\d+)?$"), DECIMAL),
    (pattern("^[+-]?[0-9]{1,4300}$"), pattern("^[+-]?[0-9]*$")),
    (pattern("^(ab?){2,3}$"), pattern("^a(b|ab?){1,4}$|^aa$")),
    ({"type": "string", "format": "uuid"}, {**TEXT, "minLength": 32}),
    ({"type": "string", "format": "password"}, TEXT),
    (TEXT, {"type": "string", "format": "binary"}),
    ({"oneOf": [CAT, DOG]}, {"oneOf": [CAT, JUST_DOG, WOLF]}),
    ({"oneOf": [CAT, JUST_DOG, WOLF]}, {"oneOf": [DOG, CAT]}),
    (
        {"allOf": [record(a=TEXT), {"type": "object", "required": ["a"]}]},
        record("a", a={"type": ["string", "integer"]}),
    ),
    (
        {"type": "array", "items": [WHOLE, TEXT], "additionalItems": False, "minItems": 2},
        {"type": "array", "items": {"type": ["integer", "string"]}, "maxItems": 2},
    ),
    ({"type": "array", "maxItems": 0}, {"type": "array", "items": False}),
    ({"type": "array", "items": {"enum": [1, 2]}, "uniqueItems": True}, {"maxItems": 2}),
    (
        {"type": "object", "additionalProperties": WHOLE, "propertyNames": pattern("^a")},
        {"type": "object", "patternProperties": {"^[ab]": NUMBER}, "additionalProperties": False},
    ),
    ({"if": WHOLE, "then": {"minimum": 3}, "else": TEXT}, {"type": ["integer", "string"]}),
    ({"not": {"type": ["object", "array"]}}, {"not": {"type": "object"}}),
    ({"type": "object", "dependencies": {"a": ["b"]}, "required": ["a"]}, {"required": ["b"]}),
]


@pytest.mark.parametrize(("one", "other"), WITHIN)
def test_what_is_within_is_proved(one: Schema, other: Schema) -> None:
    assert ask(one, other) == NOTHING


WITNESSES: list[tuple[Schema, Schema, Any]] = [
    (NUMBER, WHOLE, 0.5),
    (TEXT, {"enum": ["", "a"]}, "b"),
    ({"enum": [1, True]}, WHOLE, True),
    ({"anyOf": [WHOLE, NULL]}, WHOLE, None),
    (WHOLE, {"type": "integer", "minimum": 0}, -1),
    ({"type": "number", "minimum": 1}, {"type": "number", "exclusiveMinimum": 1}, 1),
    (
        {"type": "number", "minimum": 0.1, "maximum": 0.2},
        {"anyOf": [{"type": "number", "maximum": 0.1}, {"type": "number", "minimum": 0.2}]},
        0.125,
    ),
    ({"type": "integer", "multipleOf": 6}, {"type": "integer", "multipleOf": 4}, 6),
    (TEXT, {**TEXT, "maxLength": 2}, "aaa"),
    (pattern(r"^\d+$"), pattern("^[0-9]+$"), "٣"),
    (DECIMAL, pattern(r"^-?\d+(\.\d+)?$"), "0."),
    (pattern("b"), pattern("abc"), "b"),
    (
        {"type": "string", "format": "date-time"},
        {"type": "string", "format": "date"},
        "2000-01-01T00:00:00Z",
    ),
    (TEXT, {"type": "string", "format": "uuid"}, ""),
    ({"oneOf": [CAT, DOG]}, {"oneOf": [CAT, JUST_DOG]}, {"kind": "wolf"}),
    ({"anyOf": [WHOLE, NUMBER]}, {"oneOf": [WHOLE, NUMBER]}, 0),
    (record(), record("a", a=TEXT), {}),
    (record("a", a=TEXT), {**record("b"), "required": []} | {"additionalProperties": False}, ...),
    (
        {"type": "object", "additionalProperties": WHOLE},
        {"type": "object", "additionalProperties": WHOLE, "propertyNames": pattern("^x")},
        {"": 0},
    ),
    (
        {"type": "object", "patternProperties": {"^ab": WHOLE}, "additionalProperties": False},
        {"type": "object", "patternProperties": {"^a": {"minimum": 1}}},
        {"ab": 0},
    ),
    ({"type": "object"}, {"type": "object", "maxProperties": 1}, ...),
    ({"type": "object", "minProperties": 1}, {"type": "object", "minProperties": 2}, {"": ""}),
    ({"type": "array", "items": WHOLE}, {"type": "array", "uniqueItems": True}, [0, 0]),
    ({"type": "array", "contains": {"const": 7}}, {"type": "array", "maxItems": 0}, [7]),
    ({"type": "array"}, {"type": "array", "contains": {"const": 7}}, []),
    (
        {"type": "array", "items": [WHOLE, TEXT], "additionalItems": False},
        {"type": "array", "items": [WHOLE], "additionalItems": False},
        [0, ""],
    ),
    (  # one item twice, beside two others that are asked for
        {"type": "array", "items": {"enum": [1, 2]}, "contains": {"const": 1}},
        {
            "anyOf": [
                {"type": "array", "items": {"const": 1}},
                {"type": "array", "uniqueItems": True},
            ]
        },
        [1, 2, 1],
    ),
]


@pytest.mark.parametrize(("one", "other", "expected"), WITNESSES)
def test_what_is_not_within_has_a_witness(one: Schema, other: Schema, expected: Any) -> None:
    answer = ask(one, other)
    assert isinstance(answer, Found)
    assert expected is ... or answer.value == expected
    assert validator(one).is_valid(answer.value)
    assert not validator(other).is_valid(answer.value)


def tree(value: Schema, name: str = "Tree") -> Schema:
    return record("value", value=value, children={"type": "array", "items": to(name)})


def test_recursion() -> None:
    wider = (tree(WHOLE), tree(NUMBER))
    assert ask(to("Tree"), to("Tree"), Tree=wider) == NOTHING
    assert ask(to("Tree"), to("Tree"), Tree=wider[::-1]) == Found({"value": 0.5})
    deep = (tree(WHOLE), record("value", value=WHOLE, children={"type": "array", "items": CAT}))
    answer = ask(to("Tree"), to("Tree"), Tree=deep)
    assert answer == Found({"value": 0, "children": [{"value": 0}]})


def test_recursion_through_two_types_under_other_names() -> None:
    chicken = {"Chicken": record(egg=to("Egg")), "Egg": record(chicken=to("Chicken"))}
    hen = {"Hen": record(egg=to("Ovum")), "Ovum": record(chicken=to("Hen"))}
    both: Any = {name: (one, one) for name, one in {**chicken, **hen}.items()}
    assert ask(to("Chicken"), to("Hen"), **both) == NOTHING
    assert ask(to("Egg"), to("Ovum"), **both) == NOTHING


def test_a_type_without_values_is_within_all() -> None:
    endless = record("next", next=to("Endless"))
    assert ask(to("Endless"), WHOLE, Endless=(endless, endless)) == NOTHING


def test_an_exact_sender_sends_what_it_names() -> None:
    one, other = record(a=TEXT), record(a=TEXT, b=WHOLE)
    assert ask(one, other, exact=True) == NOTHING
    assert ask(one, other) == Found({"b": ""})
    opened = {**one, "additionalProperties": True}
    assert isinstance(ask(opened, other, exact=True), Found)
    anything = {"type": "object"}
    assert isinstance(ask(anything, other, exact=True), Found)


def test_an_exact_sender_of_several_parts_names_what_they_name_together() -> None:
    parts = {"allOf": [record(a=TEXT), record("kind", kind=TEXT)]}
    closed = {**record(a=TEXT, kind=TEXT), "additionalProperties": False}
    assert ask(parts, closed, exact=True) == NOTHING
    assert isinstance(ask(parts, closed), Found)


def test_what_stands_below_a_not_or_an_if_names_nothing_that_is_sent() -> None:
    closed = {**record(a=TEXT), "additionalProperties": False}
    for one in (
        {"not": {"not": record(a=TEXT)}},
        {"type": "object", "if": record(a=TEXT), "else": False},
    ):
        answer = ask(one, closed, exact=True)
        assert isinstance(answer, Found)
        assert validator(one).is_valid(answer.value)
        assert not validator(closed).is_valid(answer.value)
        assert ask(one, record(a=TEXT), exact=True) == NOTHING


@pytest.mark.parametrize(
    ("one", "other", "why"),
    [
        (TEXT, {"type": "string", "format": "stock-symbol"}, "format 'stock-symbol'"),
        (pattern(r"^(a)\1$"), pattern("^aa$"), r"\1"),
        (pattern(r"\bword\b"), pattern("word"), r"\b"),
        (pattern("(?<=a)b"), pattern("b"), "group"),
        (pattern("^a{6000}$"), pattern("^a+$"), "5000"),
    ],
)
def test_what_cannot_be_told_is_said(one: Schema, other: Schema, why: str) -> None:
    answer = ask(one, other)
    assert isinstance(answer, Unknown)
    assert why in answer.why


def test_an_unreadable_pattern_that_has_not_changed_is_no_matter() -> None:
    odd = pattern(r"^(a)\1$")
    assert ask(odd, odd) == NOTHING
    assert ask(odd, TEXT) == NOTHING
    assert ask(record("a", a=odd, b=WHOLE), record("a", a=odd, b=NUMBER)) == NOTHING


def test_a_search_that_is_too_large_is_given_up() -> None:
    members = [
        record(*"abcdefgh", **{name: {"enum": [number, name]} for name in "abcdefgh"})
        for number in range(12)
    ]
    one = record(*"abcdefgh", **{name: {"enum": [*range(12), *"abcdefgh"]} for name in "abcdefgh"})
    answer = ask(one, {"anyOf": members})
    assert isinstance(answer, (Found, Unknown))


def test_what_many_types_hold_together_is_proved_or_given_up() -> None:
    """Each has another half of every number: together they have all, and no one alone does."""

    def halves(names: str) -> tuple[Schema, Schema]:
        parts = [{"type": "integer", "minimum": 0}, {"type": "integer", "maximum": -1}]
        ways = product(parts, repeat=len(names))
        members = [record(**dict(zip(names, way, strict=True))) for way in ways]
        return record(*names, **dict.fromkeys(names, WHOLE)), {"anyOf": members}

    assert ask(*halves("abcd")) == NOTHING
    assert ask(*halves("abcdefg")) == Unknown("the schemas are too large to compare")


def test_a_text_that_is_too_long_is_not_made() -> None:
    most = 2_147_483_647
    answer = ask(TEXT, {**TEXT, "maxLength": most})
    assert answer == Unknown(f"a text of {most + 1} characters is too long to be made")
    assert ask({**TEXT, "maxLength": most}, {**TEXT, "maxLength": most + 1}) == NOTHING


def test_a_reference_that_leads_nowhere_is_refused() -> None:
    with pytest.raises(DocumentError, match="'#/components/schemas/Gone' of the new document"):
        ask(WHOLE, to("Gone"))
