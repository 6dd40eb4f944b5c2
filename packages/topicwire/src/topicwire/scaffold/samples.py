"""Expressions for values of a type: what a new route sends until its real source is there."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from topicwire.scaffold.fields import IMPORTED, Field
from topicwire.scaffold.names import singular

_TIME_NAMES = frozenset({"time", "timestamp", "ts", "at"})


@dataclass(frozen=True, slots=True)
class Samples:
    """How a service makes one update.

    Attributes:
        arguments: the model's keyword arguments, as Python; `number` counts the updates.
        imports: the names that they need.
        each: the request's field whose items take turns, if there is one, and what one is called.
        echoes: whether the arguments use `request`.
    """

    arguments: tuple[str, ...]
    imports: Mapping[str, str]
    each: tuple[str, str] | None
    echoes: bool


def samples(request: Sequence[Field], payload: Sequence[Field]) -> Samples | None:
    """Return how to make updates, or None where a field's type has no obvious value."""
    asked = {one.name: one for one in request}
    arguments: list[str] = []
    imports: dict[str, str] = {}
    each: tuple[str, str] | None = None
    echoes = False
    for field in payload:
        same = asked.get(field.name)
        if same is not None and same.type_text == field.type_text:
            arguments.append(f"{field.name}=request.{field.name}")
            echoes = True
            continue
        plural = next(
            (
                one
                for one in request
                if singular(one.name) == field.name != one.name
                and one.type_text == f"list[{field.type_text}]"
            ),
            None,
        )
        if plural is not None and each is None and field.type_text in {"str", "int"}:
            each = (plural.name, field.name)
            arguments.append(f"{field.name}={field.name}")
            continue
        if field.default is not None:
            continue
        value = _value(field.tree, field.name, imports)
        if value is None:
            return None
        arguments.append(f"{field.name}={value}")
    return Samples(tuple(arguments), imports, each, echoes)


def first(field: Field) -> str:
    """Return what stands for an empty list of such values: `["AAPL"]` of `symbols`."""
    name = singular(field.name)
    return "[1]" if field.type_text == "list[int]" else f'["{name}"]'


def _value(node: ast.expr, name: str, imports: dict[str, str]) -> str | None:
    if isinstance(node, ast.Name):
        return _named(node.id, name, imports)
    if isinstance(node, ast.BinOp):
        return _value(node.left, name, imports)
    if isinstance(node, ast.Subscript):
        items = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        return _generic(ast.unparse(node.value), items, name, imports)
    return "None" if isinstance(node, ast.Constant) and node.value is None else None


def _generic(
    kind: str, items: Sequence[ast.expr], name: str, imports: dict[str, str]
) -> str | None:
    if kind == "Literal":
        return ast.unparse(items[0])
    if kind == "Annotated":
        return None  # its constraint may refuse what we would choose
    values = [str(one) for one in (_value(item, name, imports) for item in items) if one]
    if len(values) < len(items):
        return None
    return {
        "list": f"[{values[0]}]",
        "set": f"{{{values[0]}}}",
        "frozenset": f"frozenset({{{values[0]}}})",
        "tuple": f"({', '.join(values)},)",
        "dict": f"{{{': '.join(values)}}}",
    }.get(kind)


def _named(type_name: str, name: str, imports: dict[str, str]) -> str | None:
    if type_name == "int" and name.rpartition("_")[2] in _TIME_NAMES:
        imports["time_ns"] = "time"
        return "time_ns() // 1_000_000"
    simple = {
        "bool": "number % 2 == 0",
        "bytes": f'b"{name}"',
        "float": "100.0 + number % 10",
        "int": "number",
        "str": f'f"{name} {{number}}"',
    }
    if type_name in simple:
        return simple[type_name]
    known = {
        "Decimal": ("Decimal(100 + number % 10)", {"Decimal": "decimal"}),
        "UUID": ("UUID(int=number)", {"UUID": "uuid"}),
        "date": ("datetime.now(UTC).date()", {"UTC": "datetime", "datetime": "datetime"}),
        "datetime": ("datetime.now(UTC)", {"UTC": "datetime", "datetime": "datetime"}),
        "timedelta": ("timedelta(seconds=number)", {"timedelta": "datetime"}),
    }
    if type_name not in known or type_name not in IMPORTED:
        return None
    value, needed = known[type_name]
    imports.update(needed)
    return value
