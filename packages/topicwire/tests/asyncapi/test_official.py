"""The quick judge accepts only what the official schema accepts."""

from __future__ import annotations

import copy
import json
from importlib import resources
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator
from packages.topicwire.tests.corpus.models import Described
from packages.topicwire.tests.corpus.routes import adapter_of

from topicwire.asyncapi.document import build
from topicwire.asyncapi.official import are_allowed, official_error

DOCUMENT = build(adapter_of({"trades": (Described, Described)}))
OFFICIAL = Draft7Validator(
    json.loads((resources.files("topicwire.asyncapi") / "schema/asyncapi-3.1.0.json").read_text())
)
VALUES: list[Any] = [None, True, 1, "", [], {}, ["a"], {"$ref": "#/info"}, {"type": "object"}]


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every key and index in a document."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    found: list[tuple[Any, ...]] = []
    for key, one in inner:
        found.append((*path, key))
        if isinstance(one, dict | list):
            found += places(one, (*path, key))
    return found


def test_it_accepts_the_document() -> None:
    assert official_error(DOCUMENT) is None


@settings(deadline=None, max_examples=15)
@given(st.sampled_from(places(DOCUMENT)), st.sampled_from(["drop", "add", *VALUES]))
def test_it_says_what_the_official_schema_says(path: tuple[Any, ...], change: Any) -> None:
    mutant = copy.deepcopy(DOCUMENT)
    holder: Any = mutant
    for key in path[:-1]:
        holder = holder[key]
    if change == "drop":
        del holder[path[-1]]
    elif change == "add" and isinstance(holder, dict):
        holder["unheardOf"] = 1
    else:
        holder[path[-1]] = change
    assert (official_error(mutant) is None) == OFFICIAL.is_valid(mutant)


def test_bindings_are_judged_by_the_whole_schema() -> None:
    document = copy.deepcopy(DOCUMENT)
    document["channels"]["trades"]["bindings"] = {"ws": {"method": "GET"}}
    assert official_error(document) is None
    document["channels"]["trades"]["bindings"] = {"ws": {"method": 1}}
    assert official_error(document) is not None


def test_values_are_held_against_the_schema_they_stand_in() -> None:
    document = {"components": {"schemas": {"A": {"$ref": "#/components/schemas/B"}, "B": {}}}}
    document["components"]["schemas"]["B"] = {"type": "integer"}
    assert are_allowed(document, [("#/components/schemas/A", 1), ("#/components/schemas/B", 2)])
    assert not are_allowed(
        document, [("#/components/schemas/A", 1), ("#/components/schemas/B", "")]
    )
    assert not are_allowed(document, [("#/components/schemas/C", 1)])


def test_a_value_is_held_against_all_that_its_schema_leads_to() -> None:
    schemas = {
        "Outer": {"type": "object", "properties": {"inner": {"$ref": "#/components/schemas/a~1b"}}},
        "a/b": {"type": "object", "properties": {"deep": {"$ref": "#/components/schemas/Deep"}}},
        "Deep": {"type": "integer"},
        "Self": {"properties": {"next": {"$ref": "#/components/schemas/Self"}}, "type": "object"},
    }
    document = {"components": {"schemas": schemas}, "info": {"type": "integer"}}
    outer = "#/components/schemas/Outer"
    assert are_allowed(document, [(outer, {"inner": {"deep": 1}})])
    assert not are_allowed(document, [(outer, {"inner": {"deep": "one"}})])
    assert not are_allowed(document, [(f"{outer}/properties/inner", {"deep": "one"})])
    assert are_allowed(document, [("#/components/schemas/Self", {"next": {"next": {}}})])
    assert not are_allowed(document, [("#/components/schemas/Self", {"next": {"next": 1}})])
    for nowhere in ("#/components/schemas/None", "#/info", "elsewhere.json"):
        assert not are_allowed(document, [(nowhere, 1)])
