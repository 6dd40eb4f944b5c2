"""Shapes as Python annotations, with what Pydantic is to check of each value."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from pydantic_core import SchemaError, SchemaValidator, core_schema

from topicwire.asyncapi.shapes import (
    NULL,
    STRING,
    UNKNOWN,
    AllOf,
    Constant,
    Field,
    ListOf,
    ObjectOf,
    Primitive,
    RecordOf,
    Reference,
    Shape,
    Told,
    TupleOf,
    UnionOf,
    union,
)
from topicwire.codegen.client_python.names import field_names, free
from topicwire.codegen.client_python.types import Annotation, Anonymous, Place, Types, is_class

FORMATS: Final[Mapping[str, str]] = {
    "date": "dt.date",
    "date-time": "dt.datetime",
    "time": "dt.time",
    "duration": "dt.timedelta",
    "uuid": "UUID",
    "decimal": "Decimal",
    "bigint": "BigInt",
    "binary": "bytes",
    "base64url": "Base64Bytes",
}
"""What a string of a format is in Python. Any other format stays a string."""

_PRIMITIVES: Final = {
    "string": "str",
    "number": "float",
    "integer": "int",
    "boolean": "bool",
    "null": "None",
    "unknown": "JsonValue",
    "never": "Never",
}
_NOT_FINITE: Final = frozenset(
    Constant(json.dumps(one)) for one in ("NaN", "Infinity", "-Infinity")
)
_CHECKS: Final[Mapping[str, Mapping[str, str]]] = {
    "number": {
        "minimum": "ge",
        "exclusiveMinimum": "gt",
        "maximum": "le",
        "exclusiveMaximum": "lt",
        "multipleOf": "multiple_of",
    },
    "string": {"minLength": "min_length", "maxLength": "max_length", "pattern": "pattern"},
    "array": {"minItems": "min_length", "maxItems": "max_length"},
    "object": {"minProperties": "min_length", "maxProperties": "max_length"},
}


class Annotator:
    """Writes annotations.

    Args:
        types: what they may refer to; told what they use.
    """

    def __init__(self, types: Types) -> None:
        self.types = types

    def text(self, shape: Shape, place: Place) -> str:
        """Return the annotation of a value, its checks included."""
        made = self.annotation(shape, place)
        if not made.checks:
            return made.text
        arguments = ", ".join(f"{key}={value!r}" for key, value in made.checks)
        return f"{self._use('Annotated')}[{made.text}, {self._use('Field')}({arguments})]"

    def annotation(self, shape: Shape, place: Place) -> Annotation:  # noqa: C901, PLR0911 - one a kind
        """Return the annotation of a value and what is checked of it."""
        match shape:
            case Told():
                return self._told(shape, place)
            case Primitive(kind):
                return Annotation(self._primitive(kind))
            case Constant(literal):
                text = _literal(shape)
                made = _widened(literal) if text is None else f"{self._use('Literal')}[{text}]"
                if "JsonValue" in made:
                    self._use("JsonValue")
                return Annotation(made)
            case Reference(name):
                return Annotation(self.types.prefix + self._use(self.types.names[name]))
            case ListOf(item):
                return Annotation(f"list[{self.text(item, place.inside('Item'))}]")
            case TupleOf():
                return Annotation(self._tuple(shape, place))
            case RecordOf() | ObjectOf() if is_class(shape):
                return Annotation(self._class(shape, place))
            case RecordOf(key, value):
                keys = self.text(key, place.inside("Key"))
                return Annotation(f"dict[{keys}, {self.text(value, place.inside('Value'))}]")
            case UnionOf(members):
                return self._one_of(members, place)
            case AllOf(members):
                return self._all_of(members, place)
            case _:
                raise AssertionError(shape)

    # What a schema says beside the type

    def _told(self, told: Told, place: Place) -> Annotation:
        inner = self.types.resolved(told)
        if inner == STRING and (known := FORMATS.get(str(told.fact("format")))) is not None:
            # a pattern or a length is of the text, which nobody sees
            return Annotation(self._format(known))
        made = self.annotation(told.shape, place)
        item = told.shape.item if isinstance(told.shape, ListOf) else UNKNOWN
        if told.fact("uniqueItems") and self._is_hashable(item):
            made = Annotation(f"set{made.text.removeprefix('list')}", made.checks)
        return replace(made, checks=(*made.checks, *self._checks(told, inner, place)))

    def _format(self, known: str) -> str:
        self._use(known.partition(".")[0])
        return known

    def _checks(self, told: Told, inner: Shape, place: Place) -> tuple[tuple[str, Any], ...]:
        kinds = _CHECKS.get(_kind(inner), {})
        if not place.is_sent:
            return ()
        found = []
        for key, name in kinds.items():
            value = told.fact(key)
            if value is None or (key == "pattern" and engine_of(value) is None):
                continue
            is_whole = isinstance(value, float) and value.is_integer()
            found.append((name, int(value) if is_whole else value))
        return tuple(found)

    # Several types in one

    def _one_of(self, members: Sequence[Shape], place: Place) -> Annotation:
        decimals = [one for one in members if format_of(one) == "decimal"]
        if decimals:
            # the same number, written as a JSON number or as a string
            rest = [one for one in members if one not in decimals and not _is_number(one)]
            numbers = (one for one in members if isinstance(one, Told) and _is_number(one))
            number = next(numbers, None)
            checks = () if number is None else self._checks(number, Primitive("number"), place)
            decimal = Annotation(self._format("Decimal"), checks)
            if not rest:
                return decimal
            if rest == [NULL]:
                return Annotation(f"{decimal.text} | None", checks)
            members = [decimals[0], *rest]
        if {*members} >= _NOT_FINITE and any(_is_number(one) for one in members):
            rest = [one for one in members if one not in _NOT_FINITE and not _is_number(one)]
            parts = [self._use("AnyFloat"), *([self._union(rest, place)] if rest else [])]
            return Annotation(" | ".join(parts))
        return Annotation(self._union(members, place))

    def _union(self, members: Sequence[Shape], place: Place) -> str:
        literals = [text for one in members if (text := _literal(one)) is not None]
        others = [one for one in members if _literal(one) is None and one != NULL]
        tag = self._tag(others)
        parts = [] if not literals else [f"{self._use('Literal')}[{', '.join(literals)}]"]
        variants = [
            self.text(one, place.inside("" if len(others) == 1 else f"Option{number}"))
            for number, one in enumerate(others, 1)
        ]
        if tag is not None:
            together = " | ".join(variants)
            field = self._use("Field")
            parts.append(f'{self._use("Annotated")}[{together}, {field}(discriminator="{tag}")]')
        else:
            parts += variants
        if NULL in members or Constant("null") in members:
            parts.append("None")
        return " | ".join(dict.fromkeys(parts))

    def _tag(self, members: Sequence[Shape]) -> str | None:
        """Return the property that tells the members apart, if one does in each of them."""
        shapes = [self.types.resolved(one) for one in members]
        objects = [one for one in shapes if isinstance(one, ObjectOf)]
        if len(objects) < 2 or len(objects) != len(members):  # noqa: PLR2004 - to be told apart
            return None
        for one in objects[0].fields:
            values = [_constants(self.types, other, one.name) for other in objects]
            together = [value for several in values for value in several]
            if (
                all(values)
                and len({*together}) == len(together)
                and field_names([one.name])[one.name] == one.name
            ):
                return one.name
        return None

    def _all_of(self, members: Sequence[Shape], place: Place) -> Annotation:
        objects = [self.types.resolved(one) for one in members]
        if all(isinstance(one, ObjectOf) for one in objects):
            first = members[0]
            extra = union_of_fields(one for one in objects[1:] if isinstance(one, ObjectOf))
            if isinstance(first, Reference) and isinstance(objects[0], ObjectOf):
                return Annotation(self._extended(first, objects[0], extra, place))
            whole = union_of_fields(one for one in objects if isinstance(one, ObjectOf))
            return self.annotation(whole, place)
        # anything else is described by its narrowest part, as far as Python can say it
        narrow = [one for one in members if not isinstance(self.types.resolved(one), Primitive)]
        return self.annotation((narrow or [*members])[0], place)

    def _extended(self, base: Reference, known: ObjectOf, extra: ObjectOf, place: Place) -> str:
        """Return a class that demands more than its base; the base where it demands nothing new."""
        has = {one.name: one for one in known.fields}
        # a constant is always sent
        new = [
            one
            for one in extra.fields
            if one.name not in has
            or not (has[one.name].required or isinstance(has[one.name].shape, Constant))
        ]
        name = self.types.names[base.name]
        if not new:
            return self.types.prefix + self._use(name)
        fields = [
            replace(has[one.name], shape=one.shape, required=one.required)
            if one.name in has
            else one
            for one in new
        ]
        return self._class(ObjectOf(tuple(fields)), place, base=self._use(name))

    # Parts

    def _class(self, shape: Shape, place: Place, base: str = "") -> str:
        for one in self.types.anonymous:
            if (one.shape, one.place, one.base) == (shape, place, base):
                return self.types.prefix + self._use(one.name)
        taken = {*self.types.names.values(), *(one.name for one in self.types.anonymous)}
        name = free(place.name, taken)
        self.types.anonymous.append(Anonymous(name, shape, place, base))
        return self.types.prefix + self._use(name)

    def _tuple(self, shape: TupleOf, place: Place) -> str:
        items = [self.text(one, place.inside(f"Item{i}")) for i, one in enumerate(shape.items, 1)]
        if shape.rest is not None:
            several = union(*shape.items, shape.rest)
            return f"list[{self.text(several, place.inside('Item'))}]"
        lengths = range(shape.required, len(items) + 1)
        return " | ".join(f"tuple[{', '.join(items[:length]) or '()'}]" for length in lengths)

    def _primitive(self, kind: str) -> str:
        text = _PRIMITIVES[kind]
        return self._use(text) if text in {"JsonValue", "Never"} else text

    def _is_hashable(self, shape: Shape, depth: int = 0) -> bool:  # noqa: PLR0911 - one a kind
        match shape:
            case Told(inner):
                return self._is_hashable(inner, depth)
            case Primitive(kind):
                return kind != "unknown"
            case Constant():
                return True
            case Reference(name):
                known = self.types.named[name].shape
                return depth < len(self.types.named) and self._is_hashable(known, depth + 1)
            case TupleOf(items, _, None):
                return all(self._is_hashable(one, depth) for one in items)
            case UnionOf(members):
                return all(self._is_hashable(one, depth) for one in members)
            case _:
                return False

    def _use(self, name: str) -> str:
        self.types.used.add(name)
        return name


def union_of_fields(objects: Iterable[ObjectOf]) -> ObjectOf:
    """Return an object with the fields of all; what one requires is required."""
    fields: dict[str, Field] = {}
    others: list[Shape] = []
    for one in objects:
        for each in one.fields:
            known = fields.get(each.name)
            is_required = each.required or (known is not None and known.required)
            fields[each.name] = replace(each, required=is_required)
        others += [] if one.others is None else [one.others]
    return ObjectOf(tuple(fields.values()), union(*others) if others else None)


def engine_of(pattern: str) -> str | None:
    """Return which engine of Pydantic's reads a pattern; None where neither does."""
    for engine in ("rust-regex", "python-re"):
        try:
            SchemaValidator(core_schema.str_schema(pattern=pattern, regex_engine=engine))
        except SchemaError:
            continue
        return engine
    return None


def _kind(shape: Shape) -> str:
    match shape:
        case Primitive("integer" | "number"):
            return "number"
        case Primitive(kind):
            return kind
        case ListOf():
            return "array"
        case RecordOf():
            return "object"
        case _:
            return ""


def format_of(shape: Shape) -> str:
    """Return the format of a string; "" where it has none."""
    return str(shape.fact("format")) if isinstance(shape, Told) and shape.shape == STRING else ""


def _is_number(shape: Shape) -> bool:
    return (shape.shape if isinstance(shape, Told) else shape) == Primitive("number")


def _literal(shape: Shape) -> str | None:
    if not isinstance(shape, Constant) or shape == Constant("null"):
        return None
    value = json.loads(shape.literal)
    return repr(value) if isinstance(value, str | int) else None


def _widened(literal: str) -> str:
    """Return the type of a constant that `Literal` cannot say."""
    value = json.loads(literal)
    kinds = {float: "float", list: "list[JsonValue]", dict: "dict[str, JsonValue]"}
    return kinds.get(type(value), "None")


def _constants(types: Types, of: ObjectOf, name: str) -> list[str]:
    """Return the values that a required property may have; none where it may have any."""
    for one in of.fields:
        if one.name == name:
            shape = types.resolved(one.shape)
            members = shape.members if isinstance(shape, UnionOf) else (shape,)
            values = [each.literal for each in members if isinstance(each, Constant)]
            return values if one.required and len(values) == len(members) else []
    return []
