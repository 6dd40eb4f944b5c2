"""Step 8: the lines of a page that subscribe to a new route."""

from __future__ import annotations

import ast
import json
from collections.abc import Sequence

from topicwire.scaffold.fields import Field
from topicwire.scaffold.names import RouteNames


def snippet(
    names: RouteNames,
    request: Sequence[Field],
    payload: Sequence[Field],
    *,
    adapter: str = "@/plugins/wsAdapter",
    types: str = "@/clients/ws-types-generated",
) -> str:
    """Return TypeScript that subscribes with example values and prints each update.

    Args:
        names: of the route.
        request: its fields.
        payload: its fields.
        adapter: the module that exports `WsAdapter`.
        types: the module of the generated types.
    """
    variable = names.model[:1].lower() + names.model[1:]
    shown = ", ".join(f"{variable}.{one.name}" for one in payload[:3])
    values = ", ".join(
        f"{one.name}: {_example(one.tree, one.name)}" for one in request if one.default is None
    )
    asked = f"{{ {values} }}" if values else "{}"
    return (
        f"import {{ WsAdapter }} from '{adapter}'\n"
        f"import type {{ {names.model} }} from '{types}'\n\n"
        "const wsAdapter = new WsAdapter()\n\n"
        f"await wsAdapter.{names.route}.subscribe('{names.file.replace('_', '-')}-listener', "
        f"{asked}, ({variable}: {names.model}) => {{\n"
        f"  console.log('{names.route}', {shown})\n"
        "})\n"
    )


def _example(node: ast.expr, name: str) -> str:
    """Return a value of a type as TypeScript: a guess that a person replaces."""
    if isinstance(node, ast.BinOp):
        return _example(node.left, name)
    if isinstance(node, ast.Subscript):
        items = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        return _generic(ast.unparse(node.value), items, name)
    kind = ast.unparse(node)
    text = "AAPL" if name in {"symbol", "symbols"} else name
    return {
        "None": "null",
        "bool": "true",
        "date": "'2030-01-01'",
        "datetime": "'2030-01-01T00:00:00Z'",
        "Decimal": "'1.00'",
        "dict": "{}",
        "float": "1",
        "frozenset": "[]",
        "int": "1",
        "list": "[]",
        "set": "[]",
        "time": "'12:00:00'",
        "timedelta": "'PT1S'",
        "UUID": "'00000000-0000-4000-8000-000000000000'",
    }.get(kind, f"'{text}'")


def _generic(kind: str, items: list[ast.expr], name: str) -> str:
    if kind == "Literal":
        value = items[0].value if isinstance(items[0], ast.Constant) else None
        return f"'{value}'" if isinstance(value, str) else json.dumps(value)
    if kind in {"list", "set", "frozenset"}:
        return f"[{_example(items[0], name)}]"
    if kind == "tuple":
        return "[" + ", ".join(_example(one, name) for one in items) + "]"
    if kind == "Annotated":
        return _example(items[0], name)
    return "{}"
