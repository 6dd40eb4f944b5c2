"""Random JSON values of a schema, for the draft-07 that our documents use."""

from __future__ import annotations

import json
import string
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

SAFE = 2**53 - 1
_ATTEMPTS_DEEP = 3  # from here on, collections are empty and unions take their first member

_FORMATS: dict[str, st.SearchStrategy[str]] = {
    "base64": st.binary(max_size=8).map(lambda one: b64encode(one).decode()),
    "base64url": st.binary(max_size=8).map(lambda one: urlsafe_b64encode(one).decode()),
    "date": st.dates().map(str),
    "date-time": st.datetimes().map(lambda one: one.isoformat() + "Z"),
    "decimal": st.decimals(-(10**5), 10**5, places=2).map(str),
    "duration": st.integers(0, 10**6).map(lambda one: f"PT{one}S"),
    "fraction": st.fractions().map(str),
    "ipv4": st.ip_addresses(v=4).map(str),
    "ipv6": st.ip_addresses(v=6).map(str),
    "regex": st.sampled_from(["a+", "^[A-Z]*$"]),
    "time": st.times().map(str),
    "uri": st.sampled_from(["https://example.com/", "ws://localhost:1/a?b=c"]),
    "uuid": st.uuids().map(str),
}
_PATTERNS = {
    "^[A-Z]*$": st.text(string.ascii_uppercase, min_size=1, max_size=8),
    r"^[+-]?[0-9]{1,4300}$": st.integers().map(str),
}


def instances(  # noqa: PLR0911 - one return a keyword
    schema: Any, components: Mapping[str, Any], depth: int = 0
) -> st.SearchStrategy[Any]:
    """Values that `schema` allows, with references into `#/components/schemas`."""
    if schema is True or schema == {}:
        return st.none() | st.booleans() | st.text(max_size=5)
    if "$ref" in schema:
        target = components[schema["$ref"].rpartition("/")[2]]
        return st.deferred(lambda: instances(target, components, depth + 1))
    if "const" in schema:
        return st.just(schema["const"])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    for key in ("oneOf", "anyOf"):
        if key in schema:
            members = _shallow(schema[key]) if depth > _ATTEMPTS_DEEP else schema[key]
            return st.one_of([instances(one, components, depth) for one in members])
    if "allOf" in schema:
        parts = [instances(one, components, depth) for one in schema["allOf"]]
        return parts[0] if len(parts) == 1 else st.tuples(*parts).map(_together)
    return _typed(schema, components, depth)


def _shallow(members: list[Any]) -> list[Any]:
    """Prefer members that end a recursion."""
    plain = [one for one in members if one.get("type") not in {None, "array", "object"}]
    return plain or members[:1]


def _together(parts: tuple[Any, ...]) -> Any:
    merged: dict[str, Any] = {}
    for part in parts:
        merged.update(part)
    return merged


def _typed(  # noqa: PLR0911 - one return a type
    schema: Any, components: Mapping[str, Any], depth: int
) -> st.SearchStrategy[Any]:
    match schema.get("type"):
        case "string":
            return _string(schema)
        case "integer":
            return _integer(schema)
        case "number":
            return _number(schema)
        case "boolean":
            return st.booleans()
        case "null":
            return st.none()
        case "array":
            return _array(schema, components, depth)
        case "object":
            return _object(schema, components, depth)
        case _:
            return st.none() | st.booleans() | st.text(max_size=5)


def _integer(schema: Any) -> st.SearchStrategy[int]:
    low = schema.get("minimum", schema.get("exclusiveMinimum", -SAFE - 1) + 1)
    high = schema.get("maximum", schema.get("exclusiveMaximum", SAFE + 1) - 1)
    step = schema.get("multipleOf", 1)
    return st.integers(-(-low // step), high // step).map(lambda one: one * step)


def _number(schema: Any) -> st.SearchStrategy[float]:
    low, high = schema.get("minimum"), schema.get("maximum")
    whole = st.integers(-SAFE if low is None else low, SAFE if high is None else high)
    return st.floats(-1e9 if low is None else low, 1e9 if high is None else high) | whole


def _string(schema: Any) -> st.SearchStrategy[str]:
    if schema.get("format") in _FORMATS:
        return _FORMATS[schema["format"]]
    if "pattern" in schema and schema["pattern"] in _PATTERNS:
        return _PATTERNS[schema["pattern"]]
    if "pattern" in schema:
        return st.from_regex(schema["pattern"], fullmatch=True)
    least, most = schema.get("minLength", 0), schema.get("maxLength", 12)
    return st.text(st.characters(codec="utf-8"), min_size=least, max_size=most)


def _array(schema: Any, components: Mapping[str, Any], depth: int) -> st.SearchStrategy[Any]:
    items = schema.get("items", True)
    if isinstance(items, list):
        return st.tuples(*(instances(one, components, depth) for one in items)).map(list)
    least = schema.get("minItems", 0)
    most = least if depth > _ATTEMPTS_DEEP else min(3, schema.get("maxItems", 3))
    inner = instances(items, components, depth + 1)
    key = json.dumps if schema.get("uniqueItems", False) else None
    return st.lists(inner, min_size=least, max_size=most, unique_by=key)


def _object(schema: Any, components: Mapping[str, Any], depth: int) -> st.SearchStrategy[Any]:
    required = schema.get("required", [])
    properties = {
        name: instances(one, components, depth + 1)
        for name, one in schema.get("properties", {}).items()
    }
    optional = {name: one for name, one in properties.items() if name not in required}
    known = st.fixed_dictionaries(
        {name: one for name, one in properties.items() if name in required}, optional=optional
    )
    others, pattern = schema.get("additionalProperties", False), ""
    if "patternProperties" in schema:
        ((pattern, others),) = schema["patternProperties"].items()
    if others is False or (others is True and properties):
        return known
    keys = {"pattern": pattern} if pattern else schema.get("propertyNames")
    key = (
        st.from_regex("[0-9]{1,6}", fullmatch=True)
        if keys is None
        else instances({"type": "string", **keys}, components)
    )
    most = 0 if depth > _ATTEMPTS_DEEP else 3
    least = schema.get("minProperties", 0)
    extra = st.dictionaries(
        key, instances(others, components, depth + 1), min_size=least, max_size=max(least, most)
    )
    return st.tuples(extra, known).map(_together)
