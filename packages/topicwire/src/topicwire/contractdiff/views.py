"""Schemas as they are compared: references followed, written one way."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from topicwire.contractdiff.containment.nodes import (
    COMPONENTS,
    Side,
    Universe,
    frozen,
    is_annotation,
    stripped,
)

_MOST_SHOWN = 72
_OBJECT = {"type", "properties", "required", "additionalProperties"}


@dataclass(frozen=True, slots=True)
class View:
    """A schema at one place of one document."""

    side: Side
    schema: Any
    """As it stands there."""

    plain: Mapping[str, Any]
    """What it comes to: no reference at its top, no annotation; `{"not": {}}` for `false`."""

    notes: Mapping[str, Any]
    """Its annotations, of the reference's target too."""

    name: str = ""
    """Of the component that it is, if it is one."""


def view(universe: Universe, schema: Any, side: Side) -> View:
    """Look at a schema of one document."""
    notes: dict[str, Any] = {}
    name, whole = "", schema
    for _ in range(64):  # a circle of references is no schema; the validator says so
        if not isinstance(schema, Mapping):
            return View(side, whole, {} if schema else {"not": {}}, notes, name)
        if isinstance(schema.get("$ref"), str):
            name = name or schema["$ref"].removeprefix(COMPONENTS)
            schema = universe.follow(schema["$ref"], side)
            continue
        notes = {key: one for key, one in schema.items() if is_annotation(key)} | notes
        plain = {key: one for key, one in schema.items() if not is_annotation(key)}
        if list(plain) == ["allOf"] and len(plain["allOf"]) == 1:
            schema = plain["allOf"][0]
            continue
        if list(plain) == ["allOf"]:
            plain = _merged(universe, plain, side)
        return View(side, whole, plain, notes, name)
    return View(side, whole, {"not": {}}, notes, name)


def _merged(universe: Universe, plain: dict[str, Any], side: Side) -> dict[str, Any]:
    """Return an `allOf` of objects as one object, where that says the same."""
    parts = [view(universe, one, side).plain for one in plain["allOf"]]
    is_simple = all(one.get("type") == "object" and one.keys() <= _OBJECT for one in parts)
    if not is_simple or any("additionalProperties" in one for one in parts):
        return plain
    properties: dict[str, list[Any]] = {}
    for part in parts:
        for name, one in part.get("properties", {}).items():
            properties.setdefault(name, []).append(one)
    required = [name for part in parts for name in part.get("required", ())]
    return {
        "type": "object",
        "properties": {
            name: ones[0] if len(ones) == 1 else {"allOf": ones}
            for name, ones in properties.items()
        },
        "required": list(dict.fromkeys(required)),
    }


def _is_one(schemas: list[Any]) -> bool:
    """Say whether all say the same: the tag of a union's member is said twice."""
    return len({frozen(stripped(one)) for one in schemas}) == 1


def union_members(plain: Mapping[str, Any]) -> list[Any] | None:
    """Return the members of a union; None where it is none."""
    if len(plain) == 1 and isinstance(members := plain.get("anyOf", plain.get("oneOf")), list):
        return list(members)
    kinds = plain.get("type")
    if isinstance(kinds, list) and len(kinds) > 1:
        rest = {key: one for key, one in plain.items() if key != "type"}
        return [{**rest, "type": kind} for kind in kinds]
    return None


def listed_values(plain: Mapping[str, Any]) -> list[Any] | None:
    """Return the values of an enumeration; None where it is none."""
    if "const" in plain:
        return [plain["const"]]
    values = plain.get("enum")
    return list(values) if isinstance(values, list) else None


def described(schema: Any) -> str:
    """Return a schema in a few words: `integer, minimum 1`."""
    text = _described(schema)
    return text if len(text) <= _MOST_SHOWN else f"{text[: _MOST_SHOWN - 1]}…"


def shown(value: Any) -> str:
    """Return a value as JSON."""
    return json.dumps(value, ensure_ascii=False)


def _described(schema: Any) -> str:
    if not isinstance(schema, Mapping):
        return "anything" if schema else "nothing"
    if isinstance(schema.get("$ref"), str):
        return str(schema["$ref"]).removeprefix(COMPONENTS)
    values = listed_values(schema)
    if values is not None:
        return " | ".join(map(shown, values))
    for key, sign in (("anyOf", " | "), ("oneOf", " | "), ("allOf", " & ")):
        if isinstance(schema.get(key), list):
            return sign.join(_described(one) for one in schema[key])
    kind = schema.get("type")
    words = [" | ".join(kind) if isinstance(kind, list) else str(kind or "anything")]
    if kind == "array" and isinstance(schema.get("items"), list):
        words = [f"[{', '.join(map(_described, schema['items']))}]"]
    elif kind == "array" and "items" in schema:
        words = [f"array of {_described(schema['items'])}"]
    elif kind == "object" and "properties" in schema:
        words = [f"object of {', '.join(schema['properties']) or 'nothing'}"]
    elif kind == "object" and isinstance(schema.get("additionalProperties"), Mapping):
        words = [f"object of any name to {_described(schema['additionalProperties'])}"]
    said = {"$ref", "type", "items", "properties", "required", "additionalItems"}
    words += [
        f"{key} {shown(one)}"
        for key, one in schema.items()
        if key not in said and not is_annotation(key) and not isinstance(one, (Mapping, list))
    ]
    return ", ".join(words)
