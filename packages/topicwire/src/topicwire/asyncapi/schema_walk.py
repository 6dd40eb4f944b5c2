"""Every schema of a document, with the place where it stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from topicwire.asyncapi.draft07 import ANNOTATIONS
from topicwire.asyncapi.pointers import escaped

# Mappings of names to schemas; lists and mappings that hold values, not schemas.
_NAMED = frozenset({"$defs", "definitions", "dependentSchemas", "patternProperties", "properties"})
_VALUE_LISTS = ANNOTATIONS | {"enum", "required", "type"}
_VALUES = ANNOTATIONS | {"const", "discriminator"}


def every_schema(document: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the pointer of each schema, and the schema: the outer ones first."""
    components = document.get("components", {})
    # A stack: with a generator in a generator, each schema would go through all around it.
    left = [
        (f"#/components/schemas/{escaped(name)}", schema)
        for name, schema in components.get("schemas", {}).items()
    ]
    left += [
        (f"#/components/messages/{escaped(name)}/payload", message.get("payload"))
        for name, message in components.get("messages", {}).items()
    ]
    left.reverse()
    while left:
        where, schema = left.pop()
        if isinstance(schema, dict):
            yield where, schema
            inside: list[tuple[str, Any]] = []
            for key, value in schema.items():
                if isinstance(value, (dict, list)):
                    inside += _inside(f"{where}/", key, value)
            inside.reverse()
            left += inside


def _inside(before: str, key: str, value: dict[str, Any] | list[Any]) -> list[tuple[str, Any]]:
    if isinstance(value, list):
        if key in _VALUE_LISTS:
            return []
        return [(f"{before}{escaped(key)}/{at}", one) for at, one in enumerate(value)]
    if key in _NAMED:
        return [(f"{before}{key}/{escaped(name)}", one) for name, one in value.items()]
    return [] if key in _VALUES else [(f"{before}{escaped(key)}", value)]
