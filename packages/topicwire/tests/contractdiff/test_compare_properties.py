"""What the report calls compatible is so, and what it calls breaking is shown, for any change."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from packages.topicwire.tests.contractdiff.documents import (
    Document,
    bare_document,
    compared,
    messages_of,
)
from packages.topicwire.tests.contractdiff.schemas import (
    RECURSIVE,
    changed,
    changed_tree,
    near,
    schemas,
)

from topicwire.contractdiff.compare import Comparison
from topicwire.types import Direction

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


def frame_of(direction: Direction, payload: Any) -> dict[str, Any]:
    if direction == "to_server":
        return {"type": "things.subscribe", "payload": payload}
    update = {"topic": "things", "seq": 1, "payload": payload}
    return {"type": "things.update", "payload": update}


def known_alone(schema: Any, value: Any, components: Any) -> Any:
    """`value` as its sender sends it: without properties that no part of `schema` names."""
    if isinstance(value, list):
        parts = _inside(schema, components)
        items = [one for part in parts for one in _items(part)]
        return [known_alone({"allOf": items}, one, components) for one in value]
    if not isinstance(value, dict):
        return value
    parts = _inside(schema, components)
    is_closed = any("properties" in one or "patternProperties" in one for one in parts)
    is_open = any("additionalProperties" in one for one in parts) or not is_closed
    found = {}
    for name, one in value.items():
        named = [part["properties"][name] for part in parts if name in part.get("properties", {})]
        others = [part.get("additionalProperties", True) for part in parts]
        patterned = [each for part in parts for each in part.get("patternProperties", {}).values()]
        if named or patterned or is_open:
            found[name] = known_alone({"allOf": named or [*patterned, *others]}, one, components)
    return found


def _items(part: dict[str, Any]) -> list[Any]:
    items = part.get("items", True)
    return [*items, part.get("additionalItems", True)] if isinstance(items, list) else [items]


def _inside(schema: Any, components: Any) -> list[dict[str, Any]]:
    """Every object that `schema` combines, references followed."""
    if not isinstance(schema, dict):
        return []
    if "$ref" in schema:
        return _inside(components[schema["$ref"].rpartition("/")[2]], components)
    members = [one for key in ("allOf", "anyOf", "oneOf") for one in schema.get(key, ())]
    return [schema, *(part for one in members for part in _inside(one, components))]


def check(data: st.DataObject) -> None:
    inner = schemas(recursive=True)
    sent, received = data.draw(inner), data.draw(inner)
    many = {"type": "array", "items": {"$ref": f"#/components/schemas/{RECURSIVE}"}}
    tree = {
        "type": "object",
        "properties": {"a": data.draw(schemas()), "b": many},
        "required": ["a"],
    }
    trees = tree, data.draw(changed_tree(tree, inner))
    old = bare_document(sent, received, {RECURSIVE: trees[0]})
    new = bare_document(
        data.draw(changed(sent, inner)), data.draw(changed(received, inner)), {RECURSIVE: trees[1]}
    )
    report = compared(old, new)
    note(f"{report}")
    hold_compatible(data, report, old, new)


def hold_compatible(data: st.DataObject, report: Comparison, old: Document, new: Document) -> None:
    """Where nothing of a message breaks, what one side sends the other takes."""
    breaking = {name for one in report.of("breaking") for name in one.messages}
    directions: list[tuple[str, Direction, Document, Document]] = [
        ("things.subscribe", "to_server", old, new),
        ("things.update", "to_client", new, old),
    ]
    for name, direction, sender, taker in directions:
        if name in breaking:
            continue
        payload = sender["components"]["messages"][name]["payload"]["properties"]["payload"]
        schema = payload if direction == "to_server" else payload["properties"]["payload"]
        components = sender["components"]["schemas"]
        for _ in range(3):
            value = known_alone(schema, data.draw(near(schema, components)), components)
            frame = frame_of(direction, value)
            if messages_of(sender, frame, direction):
                assert messages_of(taker, frame, direction), frame


@settings(max_examples=100, deadline=None, suppress_health_check=SLOW)
@given(st.data())
def test_a_report_is_true(data: st.DataObject) -> None:
    check(data)


@pytest.mark.long
@settings(max_examples=10_000, deadline=None, suppress_health_check=SLOW)
@given(st.data())
def test_ten_thousand_reports_are_true(data: st.DataObject) -> None:
    check(data)
