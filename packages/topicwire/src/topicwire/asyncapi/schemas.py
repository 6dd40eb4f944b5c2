"""The payload types of an adapter as schemas, each in the direction in which it travels.

What the client sends is described by Pydantic's validation schema, what it receives by the
serialization schema. A type that goes both ways and looks alike in both has one schema, under
its plain name; where the two differ (a default, a Decimal), the plain name is what the server
sends and `XInput` is what the client sends.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import TypeAdapter
from pydantic.errors import (
    PydanticInvalidForJsonSchema,
    PydanticSchemaGenerationError,
    PydanticUserError,
)
from pydantic.json_schema import JsonSchemaMode

from topicwire.asyncapi.draft07 import Schema, map_subschemas, subschemas, to_draft07
from topicwire.asyncapi.errors import DocumentError
from topicwire.asyncapi.generator import LOCAL, SchemaGenerator
from topicwire.asyncapi.names import TypeIdentity
from topicwire.types import Direction

_MODES: dict[Direction, JsonSchemaMode] = {"to_server": "validation", "to_client": "serialization"}
_REFUSALS = (PydanticInvalidForJsonSchema, PydanticSchemaGenerationError, PydanticUserError)
_SHARED = "#/components/schemas/"


@dataclass(frozen=True, slots=True)
class PayloadUse:
    """One place of the document where a Python type travels."""

    key: str
    """The message's name: errors say it."""

    direction: Direction
    payload_type: Any


@dataclass(frozen=True, slots=True)
class PayloadSchemas:
    """The schemas of every payload."""

    payloads: Mapping[str, Any]
    """By the key of the use. Named types are references into `components`."""

    components: Mapping[str, Schema]
    """Named types, sorted by name."""


def payload_schemas(uses: Sequence[PayloadUse], reserved: Iterable[str] = ()) -> PayloadSchemas:
    """Describe every use, in the order given: the first to want a name gets it.

    Args:
        uses: what travels where.
        reserved: names that are the protocol's own.

    Raises:
        DocumentError: a type has no JSON Schema, or no JSON form.
    """
    keys: dict[str, str] = {}
    sides: dict[Direction, _Side] = {
        direction: _generate(direction, uses, keys) for direction in _MODES
    }
    table = _NameTable(sides, reserved)
    payloads = {
        use.key: table.resolve(use.direction, sides[use.direction].payloads[use.key])
        for use in uses
    }
    return PayloadSchemas(payloads, table.components())


@dataclass(slots=True)
class _Side:
    """One direction: schemas that refer to each other by `#/$defs/{key}`."""

    payloads: dict[str, Any] = field(default_factory=dict)
    definitions: dict[str, Schema] = field(default_factory=dict)
    identities: dict[str, TypeIdentity] = field(default_factory=dict)


def _generate(direction: Direction, uses: Sequence[PayloadUse], keys: dict[str, str]) -> _Side:
    generator = SchemaGenerator(keys, direction)
    uses = [use for use in uses if use.direction == direction]
    try:
        payloads, definitions = generator.generate_definitions(_inputs(uses))
    except _REFUSALS:
        for use in uses:
            _refuse_if_indescribable(use)
        raise
    local = {f"{LOCAL}{key}": one for key, one in definitions.items()}
    side = _Side(identities=generator.identities)
    for key, definition in definitions.items():
        plain = to_draft07(definition, local)
        side.definitions[key] = _tidy(plain, generator.identities[key], direction)
    for (use_key, _), schema in payloads.items():
        side.payloads[use_key] = _tidy_inside(to_draft07(schema, local), direction)
    return side


def _inputs(uses: Sequence[PayloadUse]) -> list[tuple[str, JsonSchemaMode, Any]]:
    return [
        (use.key, _MODES[use.direction], TypeAdapter(use.payload_type).core_schema) for use in uses
    ]


def _refuse_if_indescribable(use: PayloadUse) -> None:
    try:
        SchemaGenerator({}, use.direction).generate_definitions(_inputs([use]))
    except _REFUSALS as exc:
        raise DocumentError(
            f"{use.key}: the payload type {use.payload_type!r} cannot be described in the "
            f"document. Pydantic says: {exc}. Use a type that has a JSON form, or annotate it "
            "with `pydantic.WithJsonSchema`."
        ) from exc


def _tidy(schema: Any, identity: TypeIdentity, direction: Direction) -> Any:
    schema = _tidy_inside(schema, direction)
    title = schema.get("title", "")
    if title == identity.class_name or title.startswith(f"{identity.class_name}["):
        del schema["title"]  # the component's own name says it
    return schema


def _tidy_inside(schema: Any, direction: Direction) -> Any:
    if not isinstance(schema, dict):
        return schema
    schema = map_subschemas(schema, lambda one: _tidy_inside(one, direction))
    if direction == "to_client" and "properties" in schema:
        properties = schema["properties"]
        for name in schema.get("required", ()):
            if isinstance(properties.get(name), dict):
                # What the server always sends needs no default.
                properties[name] = _without_default(properties[name])
    return schema


def _without_default(schema: Schema) -> Schema:
    schema = {key: value for key, value in schema.items() if key != "default"}
    if list(schema) == ["allOf"] and len(schema["allOf"]) == 1:
        return dict(schema["allOf"][0])
    return schema


def references(schema: Any) -> Iterable[str]:
    """Yield every `$ref` in a schema, in the order in which they stand."""
    if isinstance(schema, dict):
        if isinstance(schema.get("$ref"), str):
            yield schema["$ref"]
        for one in subschemas(schema):
            yield from references(one)


class _NameTable:
    """Gives each type its names, and decides which types need two."""

    def __init__(self, sides: Mapping[Direction, _Side], reserved: Iterable[str]) -> None:
        self._sides = sides
        self._reserved = frozenset(reserved)
        self._merged = self._merge()
        self._differ = self._differing()
        self._names: dict[tuple[Direction, str], str] = {}
        self._taken: dict[str, tuple[Direction, str]] = {}

    def resolve(self, direction: Direction, schema: Any) -> Any:
        """Return `schema` with its references pointing into `components`."""
        if not isinstance(schema, dict):
            return schema
        schema = map_subschemas(schema, lambda one: self.resolve(direction, one))
        if str(schema.get("$ref", "")).startswith(LOCAL):
            schema["$ref"] = _SHARED + self._name(direction, schema["$ref"].removeprefix(LOCAL))
        return schema

    def components(self) -> dict[str, Schema]:
        """Return the definitions of every name given out so far and of what they refer to."""
        done: dict[str, Schema] = {}
        while pending := [name for name in self._taken if name not in done]:
            for name in pending:
                direction, key = self._taken[name]
                done[name] = self.resolve(direction, self._sides[direction].definitions[key])
        return dict(sorted(done.items()))

    def _name(self, direction: Direction, key: str) -> str:
        key = self._merged.get(key, key)
        if (direction, key) not in self._names:
            self._claim(key)
        return self._names[direction, key]

    def _claim(self, key: str) -> None:
        """Name a type in both its directions at once, so that neither name is lost later."""
        present: list[Direction] = [side for side in _MODES if key in self._sides[side].definitions]
        identity = self._sides[present[0]].identities[key]
        name = next(one for one in identity.candidates() if self._is_free(one, key))
        for side in present:
            own = f"{name}Input" if key in self._differ and side == "to_server" else name
            self._names[side, key] = own
            self._taken.setdefault(own, (side, key))

    def _is_free(self, name: str, key: str) -> bool:
        wanted = {name, f"{name}Input"} if key in self._differ else {name}
        return not wanted & (self._taken.keys() | self._reserved)

    def _merge(self) -> dict[str, str]:
        """Find types that Python made twice: the same name, arguments and schema."""
        merged: dict[str, str] = {}
        seen: dict[tuple[Any, ...], str] = {}
        keys = {key: one for side in self._sides.values() for key, one in side.identities.items()}
        for key, identity in keys.items():
            form = [self._by_path(side, side.definitions.get(key)) for side in self._sides.values()]
            signature = (identity.path, identity.arguments, repr(form))
            merged[key] = seen.setdefault(signature, key)
        return {key: first for key, first in merged.items() if key != first}

    def _by_path(self, side: _Side, schema: Any) -> Any:
        if not isinstance(schema, dict):
            return schema
        schema = map_subschemas(schema, lambda one: self._by_path(side, one))
        if "$ref" in schema:
            schema["$ref"] = repr(side.identities.get(schema["$ref"].removeprefix(LOCAL)))
        return schema

    def _differing(self) -> set[str]:
        """Types whose schema, or that of a type inside it, depends on the direction."""
        sent, received = self._sides["to_server"], self._sides["to_client"]
        both = sent.definitions.keys() & received.definitions.keys()
        differ = {key for key in both if sent.definitions[key] != received.definitions[key]}
        grown = True
        while grown:
            more = {
                key
                for key in both - differ
                for ref in references(sent.definitions[key])
                if ref.removeprefix(LOCAL) in differ
            }
            grown = bool(more)
            differ |= more
        return differ
