"""What a schema means, free of dialects: the neutral model that emitters write types from.

Only this module knows how JSON Schema (draft-07, as in an AsyncAPI document) spells a tuple, a
nullable field or a record.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from topicwire.asyncapi.draft07 import ANNOTATIONS

COMPONENTS = "#/components/schemas/"


@dataclass(frozen=True, slots=True)
class Primitive:
    """Any value of one JSON type; `unknown` is any JSON value, `never` none."""

    kind: Literal["string", "number", "integer", "boolean", "null", "unknown", "never"]


@dataclass(frozen=True, slots=True)
class Constant:
    """Exactly one value."""

    literal: str
    """As JSON text: Python takes `1`, `1.0` and `True` for equal."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A named type of the contract."""

    name: str


@dataclass(frozen=True, slots=True)
class ListOf:
    """Any number of items of one shape."""

    item: Shape


@dataclass(frozen=True, slots=True)
class TupleOf:
    """Items by position, the first `required` of them always there, then any number of `rest`."""

    items: tuple[Shape, ...]
    required: int
    rest: Shape | None


@dataclass(frozen=True, slots=True)
class RecordOf:
    """An object whose keys are not known beforehand."""

    key: Shape
    value: Shape


@dataclass(frozen=True, slots=True)
class Field:
    """A property of an object. Optional means that it may be absent, not that it may be null."""

    name: str
    shape: Shape
    required: bool
    docs: Docs = field(compare=False)


@dataclass(frozen=True, slots=True)
class ObjectOf:
    """An object with known properties, and others of the shape `others` where it allows them."""

    fields: tuple[Field, ...]
    others: Shape | None = None


@dataclass(frozen=True, slots=True)
class UnionOf:
    """One of several shapes."""

    members: tuple[Shape, ...]


@dataclass(frozen=True, slots=True)
class AllOf:
    """All of several shapes at once."""

    members: tuple[Shape, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """A shape with what else its schema says of its values. Only where facts were asked for."""

    shape: Shape
    facts: tuple[tuple[str, str], ...]
    """By keyword, as JSON text: `("minimum", "0")`, `("format", '"date-time"')`."""

    def fact(self, keyword: str) -> Any:
        """Return what one keyword says; None where it says nothing."""
        return next((json.loads(text) for key, text in self.facts if key == keyword), None)


Shape: TypeAlias = (
    Primitive
    | Constant
    | Reference
    | ListOf
    | TupleOf
    | RecordOf
    | ObjectOf
    | UnionOf
    | AllOf
    | Told
)


@dataclass(frozen=True, slots=True)
class Docs:
    """What a reader is told about a type or a field."""

    text: str = ""
    deprecated: bool = False
    facts: tuple[tuple[str, Any], ...] = ()
    """Constraints that a type cannot say: `("minimum", 0)`, `("format", "date-time")`."""


@dataclass(frozen=True, slots=True)
class NamedShape:
    """A type with a name of its own."""

    name: str
    shape: Shape
    docs: Docs
    is_sent: bool
    """The client sends it: what the server checks in it is worth telling."""


UNKNOWN = Primitive("unknown")
NEVER = Primitive("never")
NULL = Primitive("null")
STRING = Primitive("string")

_FACTS = (
    "format", "contentEncoding", "contentMediaType", "default", "examples", "minimum",
    "exclusiveMinimum", "maximum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength",
    "pattern", "minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties",
)  # fmt: skip
_OF_A_FIELD = frozenset({"default", "examples"})


def read_docs(schema: Any) -> Docs:
    """Read what a schema says about itself, the facts in one fixed order."""
    if not isinstance(schema, dict):
        return Docs()
    text = str(schema.get("description", ""))
    title = schema.get("title")
    if title:
        text = f"{title}\n\n{text}" if text else str(title)
    tuple_like = isinstance(schema.get("items"), list) or schema.get("maxItems") == 0
    facts = tuple(
        (key, schema[key])
        for key in _FACTS
        if key in schema and not (tuple_like and key in {"minItems", "maxItems"})
    )
    return Docs(text.strip(), schema.get("deprecated") is True, facts)


def read_shape(schema: Any, *, facts: bool = False) -> Shape:
    """Read the values that a schema allows.

    Constraints that have no place in a type (ranges, patterns, lengths) widen to the type, unless
    the facts are asked for: then each shape that something is said of is inside of a `Told`.
    """
    return (_WITH_FACTS if facts else _BARE).read(schema)


def union(*members: Shape) -> Shape:
    """Return the shape of any of `members`, flattened and without repetitions."""
    flat: dict[Shape, None] = {}
    for member in members:
        for one in member.members if isinstance(member, UnionOf) else (member,):
            flat[one] = None
    if UNKNOWN in flat:
        return UNKNOWN
    flat.pop(NEVER, None)
    if not flat:
        return NEVER
    return next(iter(flat)) if len(flat) == 1 else UnionOf(tuple(flat))


def inner_shapes(shape: Shape) -> Iterator[Shape]:
    """Yield the shapes directly inside `shape`."""
    match shape:
        case ListOf(item):
            yield item
        case TupleOf(items, _, rest):
            yield from items
            if rest is not None:
                yield rest
        case RecordOf(key, value):
            yield from (key, value)
        case ObjectOf(fields, others):
            yield from (one.shape for one in fields)
            if others is not None:
                yield others
        case UnionOf(members) | AllOf(members):
            yield from members
        case Told(inner):
            yield inner
        case _:
            return


def references_in(shape: Shape) -> Iterator[str]:
    """Yield the names that `shape` refers to, in order, with repetitions."""
    if isinstance(shape, Reference):
        yield shape.name
    for inner in inner_shapes(shape):
        yield from references_in(inner)


class _Reader:
    """Reads schemas.

    Args:
        with_facts: keep what a type cannot say.
    """

    def __init__(self, *, with_facts: bool) -> None:
        self.with_facts = with_facts

    def read(self, schema: Any) -> Shape:
        if not isinstance(schema, dict):
            return UNKNOWN if schema is True else NEVER
        shape = self._bare(schema)
        facts = read_docs(schema).facts if self.with_facts else ()
        # a default or an example is of the field, whose docs have it
        told = tuple((key, json.dumps(one)) for key, one in facts if key not in _OF_A_FIELD)
        return Told(shape, told) if told else shape

    def _bare(self, schema: dict[str, Any]) -> Shape:
        if "$ref" in schema:
            return Reference(str(schema["$ref"]).removeprefix(COMPONENTS))
        values = [schema["const"]] if "const" in schema else schema.get("enum")
        if values is not None:
            return union(*(Constant(json.dumps(value)) for value in values))
        parts = [self._own_shape(schema)]
        parts += [
            union(*(self.read(one) for one in schema[key]))
            for key in ("oneOf", "anyOf")
            if isinstance(schema.get(key), list)
        ]
        parts += [self.read(one) for one in schema.get("allOf", ())]
        parts = [part for part in dict.fromkeys(parts) if part != UNKNOWN]
        if len(parts) > 1:
            return AllOf(tuple(parts))
        return parts[0] if parts else UNKNOWN

    def _own_shape(self, schema: dict[str, Any]) -> Shape:
        kind = schema.get("type")
        if isinstance(kind, list):
            return union(*(self._typed(one, schema) for one in kind))
        if kind is None:
            if "properties" in schema or "required" in schema:
                return self._object(schema)
            return self._array(schema) if "items" in schema else UNKNOWN
        return self._typed(kind, schema)

    def _typed(self, kind: str, schema: dict[str, Any]) -> Shape:
        if kind == "object":
            return self._object(schema)
        if kind == "array":
            return self._array(schema)
        if kind in {"string", "number", "integer", "boolean", "null"}:
            return Primitive(kind)  # type: ignore[arg-type]  # one of its literals, checked above
        return UNKNOWN

    def _array(self, schema: dict[str, Any]) -> Shape:
        items = [] if schema.get("maxItems") == 0 else schema.get("items", True)
        if not isinstance(items, list):
            return ListOf(self.read(items))
        rest = self.read(schema.get("additionalItems", True)) if items else NEVER
        required = min(int(schema.get("minItems", 0)), len(items))
        return TupleOf(
            tuple(self.read(one) for one in items), required, None if rest == NEVER else rest
        )

    def _object(self, schema: dict[str, Any]) -> Shape:
        required = schema.get("required", [])
        properties = dict(schema.get("properties", {}))
        for name in required:
            properties.setdefault(name, True)
        fields = tuple(
            Field(name, self.read(one), name in required, read_docs(one))
            for name, one in properties.items()
        )
        others = schema.get("additionalProperties")
        patterns = schema.get("patternProperties", {})
        if fields:
            extra = [] if others is None or others is False else [self.read(others)]
            extra += [self.read(one) for one in patterns.values()]
            return ObjectOf(fields, union(*extra) if extra else None)
        values = [self.read(one) for one in patterns.values()]
        if isinstance(others, dict) or others is True:
            values.append(self.read(others))
        elif others is None and "properties" not in schema and not patterns:
            values.append(UNKNOWN)
        keys = schema.get("propertyNames")
        key = self.read({**keys, "type": "string"} if _plain(keys) else keys) if keys else STRING
        return RecordOf(key, union(*values))


_BARE = _Reader(with_facts=False)
_WITH_FACTS = _Reader(with_facts=True)


def _plain(schema: Any) -> bool:
    return (
        isinstance(schema, dict)
        and not {"$ref", "enum", "const", "anyOf"} & schema.keys() - ANNOTATIONS
    )
