"""The module of models: a class for each object of the document, an alias for each other type."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from topicwire.asyncapi.shapes import (
    NEVER,
    NULL,
    UNKNOWN,
    Constant,
    Docs,
    Field,
    ListOf,
    ObjectOf,
    Primitive,
    RecordOf,
    Reference,
    Shape,
    Told,
    UnionOf,
    references_in,
)
from topicwire.codegen.client_python.annotations import (
    FORMATS,
    Annotator,
    engine_of,
    format_of,
)
from topicwire.codegen.client_python.names import field_names
from topicwire.codegen.client_python.source import call, described, docstring, import_blocks
from topicwire.codegen.client_python.types import Place, Types, is_class

SOURCES: Final = {
    "Annotated": ("typing", "Annotated"),
    "AnyFloat": ("topicwire.client.generated", "AnyFloat"),
    "Base64Bytes": ("topicwire.client.generated", "Base64Bytes"),
    "BigInt": ("topicwire.client.generated", "BigInt"),
    "ConfigDict": ("pydantic", "ConfigDict"),
    "Decimal": ("decimal", "Decimal"),
    "Field": ("pydantic", "Field"),
    "JsonValue": ("pydantic", "JsonValue"),
    "Literal": ("typing", "Literal"),
    "Never": ("typing", "Never"),
    "Payload": ("topicwire.client.generated", "Payload"),
    "TYPE_CHECKING": ("typing", "TYPE_CHECKING"),
    "TypeAlias": ("typing", "TypeAlias"),
    "TypeAliasType": ("typing_extensions", "TypeAliasType"),
    "UUID": ("uuid", "UUID"),
    "absent": ("topicwire.client.generated", "absent"),
    "dt": ("datetime", "as dt"),
}
"""Where each name that annotations use comes from."""


class _Unsayable(Exception):  # noqa: N818 - caught here
    """A default that has no short expression of its type."""


def models(types: Types) -> str:
    """Return the text of the module, below its header and docstring."""
    annotator = Annotator(types)
    parts: dict[str, str] = {}
    for one in types.named.values():
        name = types.names[one.name]
        place = Place(name, one.is_sent)
        shape = one.shape.shape if isinstance(one.shape, Told) else one.shape
        if is_class(shape):
            parts[name] = _model(annotator, name, shape, one.docs, place)
        else:
            parts[name] = _alias(annotator, one.shape, name, one.docs, place)
    done = 0
    while done < len(types.anonymous):  # a class may need others
        own = types.anonymous[done]
        parts[own.name] = _model(annotator, own.name, own.shape, Docs(), own.place, own.base)
        done += 1
    # a class is defined before those that extend it
    bases = {one.name: one.base for one in types.anonymous if one.base}
    order = sorted(parts, key=lambda name: (name in bases, name))
    body = "\n\n".join(parts[name] for name in order)
    wanted = [SOURCES[name] for name in types.used if name in SOURCES]
    return f"{import_blocks(wanted)}\n\n{body}"


def _alias(annotator: Annotator, shape: Shape, name: str, docs: Docs, place: Place) -> str:
    text = annotator.text(shape, place)
    named = {*annotator.types.names.values(), *(one.name for one in annotator.types.anonymous)}
    words = {*"".join(c if c.isidentifier() or c.isdigit() else " " for c in text).split()}
    # what is defined later, or refers to itself, is quoted
    value = repr(text) if words & named else text
    annotator.types.used.add("TypeAliasType")
    told = described(docs)
    if not _is_recursive(annotator.types, shape, name):
        return f"{name} = TypeAliasType({name!r}, {value})\n{docstring(told)}"
    # pyright follows no `TypeAliasType` that refers to itself; Pydantic follows nothing else
    annotator.types.used |= {"TYPE_CHECKING", "TypeAlias"}
    return (
        f"if TYPE_CHECKING:\n    {name}: TypeAlias = {value}\n{docstring(told, chr(32) * 4)}"
        f"else:\n    {name} = TypeAliasType({name!r}, {value})\n"
    )


def _is_recursive(types: Types, shape: Shape, name: str) -> bool:
    """Say whether an alias leads to itself through aliases alone: a class ends that."""
    seen: set[str] = set()
    pending = [*_aliases_in(types, shape)]
    while pending:
        one = pending.pop()
        if types.names[one] == name:
            return True
        if one not in seen:
            seen.add(one)
            pending += _aliases_in(types, types.named[one].shape)
    return False


def _aliases_in(types: Types, shape: Shape) -> Iterator[str]:
    for one in references_in(shape):
        if not types.names_class(Reference(one)):
            yield one


def _model(  # noqa: PLR0917 - one after the other
    annotator: Annotator, name: str, shape: Shape, docs: Docs, place: Place, base: str = ""
) -> str:
    fields = shape.fields if isinstance(shape, ObjectOf) else ()
    others = shape.others if isinstance(shape, ObjectOf) else None
    names = field_names(one.name for one in fields)
    names = annotator.types.attributes[name] = _unhidden(annotator, names, fields, place)
    body = docstring(described(docs), "    ")
    settings = []
    if others is not None:
        settings.append('extra="allow"')
    if any(_needs_python_patterns(one.shape) for one in fields) and place.is_sent:
        settings.append('regex_engine="python-re"')
    if settings:
        annotator.types.used.add("ConfigDict")
        body += f"\n    model_config = {call('ConfigDict', settings)}\n"
    if others is not None and others != UNKNOWN:
        extra = annotator.text(others, place.inside("Extra"))
        annotator.types.used.add("Field")
        body += (
            f"    __pydantic_extra__: dict[str, {extra}] = Field(init=False)"
            "  # pyright: ignore[reportIncompatibleVariableOverride]  # as Pydantic has it\n"
        )
    if fields:
        body += "\n"
    for one in fields:
        body += _field(annotator, one, names[one.name], place)
    if not base:
        annotator.types.used.add("Payload")
    return f"class {name}({base or 'Payload'}):\n{body or '    pass' + chr(10)}"


def _unhidden(
    annotator: Annotator, names: dict[str, str], fields: tuple[Field, ...], place: Place
) -> dict[str, str]:
    """Rename a field that has the name of a class which its own class refers to."""
    outer = annotator.types.used
    annotator.types.used = set()
    for one in fields:
        annotator.text(one.shape, place.inside(one.name))
    hidden = annotator.types.used
    annotator.types.used = outer | hidden
    taken = {*names.values(), *hidden}
    done = {}
    for name, attribute in names.items():
        new = attribute
        if attribute in hidden:
            while new in taken:
                new += "_"
            taken.add(new)
        done[name] = new
    return done


def _needs_python_patterns(shape: Shape) -> bool:
    pattern = shape.fact("pattern") if isinstance(shape, Told) else None
    return pattern is not None and engine_of(pattern) == "python-re"


def _field(annotator: Annotator, one: Field, name: str, place: Place) -> str:
    made = annotator.annotation(one.shape, place.inside(one.name))
    text, arguments = _value(annotator.types, one, made.text)
    if name != one.name:
        arguments += [f"validation_alias={one.name!r}", f"serialization_alias={one.name!r}"]
    arguments += [f"{key}={value!r}" for key, value in made.checks]
    examples = dict(one.docs.facts).get("examples")
    if isinstance(examples, list):
        arguments.append(f"examples={examples!r}")
    if one.docs.deprecated:
        arguments.append("deprecated=True")
    line = f"    {name}: {text}"
    if len(arguments) == 1 and arguments[0].startswith("default="):
        line += f" = {arguments[0].removeprefix('default=')}"
    elif arguments:
        annotator.types.used.add("Field")
        line += f" = {call('Field', arguments)}"
    told = _told(one, is_said="default=None" not in arguments)
    return f"{line}\n{docstring(told, '    ')}{chr(10) if told else ''}"


def _value(types: Types, one: Field, text: str) -> tuple[str, list[str]]:
    """Return the annotation of a field, and what `Field` is told of its absence."""
    if one.required:
        return text, []
    default = _default(types, one)
    if default is None:
        if _takes_null(types, one.shape):
            return text, ["default=None"]
        types.used.add("absent")
        return _or_none(text), ["default=None", "exclude_if=absent"]
    is_constant = isinstance(types.resolved(one.shape), Constant)
    return text, [f"default={default}", *(["frozen=True"] if is_constant else [])]


def _told(one: Field, *, is_said: bool) -> str:
    facts = dict(one.docs.facts)
    format_ = facts.get("format")
    more = [f"Format: {format_}."] if isinstance(format_, str) and format_ not in FORMATS else []
    members = one.shape.members if isinstance(one.shape, UnionOf) else (one.shape,)
    values = [each.literal for each in members if isinstance(each, Constant)]
    if any(isinstance(json.loads(each), float | list | dict) for each in values):
        more.append(f"One of: {', '.join(values)}.")  # which `Literal` cannot say
    if not one.required and not is_said and facts.get("default") is not None:
        more.append(f"Default: {json.dumps(facts['default'], ensure_ascii=False)}.")
    return described(replace(one.docs, deprecated=False), *more)


def _or_none(text: str) -> str:
    return text if text == "None" or text.endswith("| None") else f"{text} | None"


def _takes_null(types: Types, shape: Shape) -> bool:
    shape = types.resolved(shape)
    if isinstance(shape, UnionOf):
        return any(_takes_null(types, one) for one in shape.members)
    return shape in (NULL, Constant("null"), UNKNOWN)


def _default(types: Types, one: Field) -> str | None:
    """Return the default of a field as source text; None where it has none that is short."""
    facts = dict(one.docs.facts)
    if "default" not in facts:
        return None
    try:
        return _sayable(types, one.shape, facts["default"])
    except _Unsayable:
        return None


def _sayable(types: Types, shape: Shape, value: Any) -> str:  # noqa: C901, PLR0911, PLR0912 - one a kind
    if isinstance(shape, Told) and shape.fact("format") in FORMATS:
        if value is None or not isinstance(value, str) or shape.fact("format") != "decimal":
            raise _Unsayable
        return f"Decimal({value!r})"
    resolved = types.resolved(shape)
    match resolved:
        case Primitive("unknown"):
            return repr(value)
        case Primitive(kind):
            if type(value) is int and kind == "number":
                return repr(float(value))
            if _KINDS.get(kind) is type(value):
                return repr(value)
        case Constant(literal):
            if json.loads(literal) == value and type(json.loads(literal)) is type(value):
                return repr(value)
        case ListOf() if value == [] and not _is_set(shape):
            return "[]"
        case ListOf(item) if isinstance(value, list) and not _is_set(shape):
            return f"[{', '.join(_sayable(types, item, each) for each in value)}]"
        case RecordOf() if value == {} and resolved.value != NEVER:
            return "{}"
        case UnionOf(members):
            if value is not None and any(format_of(one) == "decimal" for one in members):
                return f"Decimal({str(value)!r})"
            return _first_sayable(types, members, value)
        case _:
            pass
    raise _Unsayable


_KINDS: Final = {
    "string": str,
    "integer": int,
    "number": float,
    "boolean": bool,
    "null": type(None),
}


def _is_set(shape: Shape) -> bool:
    return isinstance(shape, Told) and shape.fact("uniqueItems") is True


def _first_sayable(types: Types, members: tuple[Shape, ...], value: Any) -> str:
    for text in _attempts(types, members, value):
        return text
    raise _Unsayable


def _attempts(types: Types, members: tuple[Shape, ...], value: Any) -> Iterator[str]:
    for one in members:
        try:
            yield _sayable(types, one, value)
        except _Unsayable:
            continue
