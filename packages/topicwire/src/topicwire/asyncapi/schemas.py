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

from pydantic import BaseModel, TypeAdapter
from pydantic.errors import (
    PydanticInvalidForJsonSchema,
    PydanticSchemaGenerationError,
    PydanticUserError,
)
from pydantic.json_schema import JsonSchemaMode

from topicwire.asyncapi.draft07 import Schema, map_subschemas, to_draft07
from topicwire.asyncapi.errors import DocumentError
from topicwire.asyncapi.generator import IndescribableError, SchemaGenerator
from topicwire.asyncapi.names import distinct_names, sent_names
from topicwire.asyncapi.same_types import LOCAL, references, same_types
from topicwire.types import Direction
from topicwire.wire.carried import place_of
from topicwire.wire.unreadable import ALLOWED

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
    """Describe every use. The order of the uses changes nothing.

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
    table = _NameTable(sides, {key: core_ref for core_ref, key in keys.items()}, reserved)
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


def _generate(direction: Direction, uses: Sequence[PayloadUse], keys: dict[str, str]) -> _Side:
    generator = SchemaGenerator(keys, direction)
    # Many messages carry one model: most routes answer alike. Other types may be equal in Python
    # and differ in what they mean, such as `int | str` and `str | int`.
    firsts: dict[Any, PayloadUse] = {}
    alike: dict[str, str] = {}
    for use in uses:
        if use.direction == direction:
            is_class = isinstance(use.payload_type, type)
            first = firsts.setdefault(use.payload_type if is_class else use.key, use)
            alike[use.key] = first.key
    described = [*firsts.values()]
    try:
        payloads, definitions = generator.generate_definitions(_inputs(described))
    except _REFUSALS:
        for use in described:
            _refuse_if_indescribable(use)
        raise
    local = {f"{LOCAL}{key}": one for key, one in definitions.items()}
    side = _Side()
    classes = {key: _class_name(core_ref) for core_ref, key in keys.items()}
    for key, definition in definitions.items():
        side.definitions[key] = _tidy(to_draft07(definition, local), classes[key], direction)
    found = {
        key: _tidy_inside(to_draft07(schema, local), direction)
        for (key, _), schema in payloads.items()
    }
    side.payloads = {key: found[first] for key, first in alike.items()}
    return side


def _inputs(uses: Sequence[PayloadUse]) -> list[tuple[str, JsonSchemaMode, Any]]:
    return [(use.key, _MODES[use.direction], _core_schema(use.payload_type)) for use in uses]


def _core_schema(payload_type: Any) -> Any:
    # A model that is built has it at hand; an adapter of its own takes longer than the rest.
    if isinstance(payload_type, type) and issubclass(payload_type, BaseModel):
        known = payload_type.__dict__.get("__pydantic_core_schema__")
        if isinstance(known, dict):
            return known
    return TypeAdapter(payload_type).core_schema


def _refuse_if_indescribable(use: PayloadUse) -> None:
    inputs = _inputs([use])
    try:
        SchemaGenerator({}, use.direction).generate_definitions(inputs)
    except IndescribableError as exc:
        ((_, _, core_schema),) = inputs
        place = place_of(core_schema, exc.part, use.direction)
        what = getattr(exc.part.get("cls"), "__qualname__", None) or exc.seen
        raise DocumentError(
            f"{use.key}: {place}{what} has no JSON form, and the document cannot describe it. "
            f"{ALLOWED}"
        ) from exc
    except _REFUSALS as exc:
        raise DocumentError(
            f"{use.key}: the payload type {use.payload_type!r} cannot be described in the "
            f"document. Pydantic says: {exc}. {ALLOWED}"
        ) from exc


def _class_name(core_ref: str) -> str:
    """Return `Page` of `app.models.Page:1[Trade:2]`."""
    return core_ref.partition("[")[0].partition(":")[0].rpartition(".")[2]


def _tidy(schema: Any, class_name: str, direction: Direction) -> Any:
    schema = _tidy_inside(schema, direction)
    title = schema.get("title", "")
    if title == class_name or title.startswith(f"{class_name}["):
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


class _NameTable:
    """Gives each type its names, and decides which types need two."""

    def __init__(
        self,
        sides: Mapping[Direction, _Side],
        core_refs: Mapping[str, str],
        reserved: Iterable[str],
    ) -> None:
        self._sides = sides
        found = same_types(core_refs, [one.definitions for one in sides.values()])
        self._types = found.types
        reserved = frozenset(reserved)
        self._names = distinct_names(found.identities, found.told_apart, reserved)
        self._definitions = self._by_type()
        self._differ = self._differing()
        self._sent_names = sent_names({*self._names.values()}, reserved)
        self._reached: dict[str, tuple[Direction, str]] = {}

    def resolve(self, direction: Direction, schema: Any) -> Any:
        """Return `schema` with its references pointing into `components`."""
        if not isinstance(schema, dict):
            return schema
        schema = map_subschemas(schema, lambda one: self.resolve(direction, one))
        if str(schema.get("$ref", "")).startswith(LOCAL):
            schema["$ref"] = _SHARED + self._name(direction, self._type_of(schema["$ref"]))
        return schema

    def components(self) -> dict[str, Schema]:
        """Return the definitions of every name given out so far and of what they refer to."""
        done: dict[str, Schema] = {}
        while pending := [name for name in self._reached if name not in done]:
            for name in pending:
                direction, one = self._reached[name]
                done[name] = self.resolve(direction, self._definitions[direction][one])
        return dict(sorted(done.items()))

    def _name(self, direction: Direction, one: str) -> str:
        name = self._names[one]
        if one in self._differ and direction == "to_server":
            name = self._sent_names[name]
        self._reached.setdefault(name, (direction, one))
        return name

    def _type_of(self, reference: str) -> str:
        return self._types[reference.removeprefix(LOCAL)]

    def _by_type(self) -> dict[Direction, dict[str, Schema]]:
        """Return the definitions of each type, one where Python made it twice."""
        found: dict[Direction, dict[str, Schema]] = {}
        for direction, side in self._sides.items():
            found[direction] = {}
            for key, schema in side.definitions.items():
                found[direction].setdefault(self._types[key], schema)
        return found

    def _differing(self) -> set[str]:
        """Types whose schema, or that of a type inside it, depends on the direction."""
        sent, received = self._definitions["to_server"], self._definitions["to_client"]
        both = sent.keys() & received.keys()
        differ = {
            one
            for one in both
            if self._by_reference(sent[one]) != self._by_reference(received[one])
        }
        inside = {one: {self._type_of(ref) for ref in references(sent[one])} for one in both}
        while more := {one for one in both - differ if inside[one] & differ}:
            differ |= more
        return differ

    def _by_reference(self, schema: Any) -> Any:
        if not isinstance(schema, dict):
            return schema
        schema = map_subschemas(schema, self._by_reference)
        if "$ref" in schema:
            schema["$ref"] = self._type_of(schema["$ref"])
        return schema
