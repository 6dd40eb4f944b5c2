"""JSON values as TypeScript expressions, laid out as Prettier would."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from topicwire.codegen.typescript_syntax import WIDTH, property_key, string

_MAX_INTEGER = 2**53


class Source(str):
    """An expression that stands among JSON values as it is."""

    __slots__ = ()


def literal(value: Any, indent: str, column: int) -> str:
    """Return the value as an expression, on several lines where it would pass the width.

    Args:
        value: as `json.loads` gives it.
        indent: of the line that it begins in.
        column: where in that line it begins, and how much follows it there.
    """
    flat = _flat(value)
    if not _breaks(value) and column + len(flat) <= WIDTH:
        return flat
    deeper = f"{indent}  "
    if isinstance(value, dict) and value:
        lines = []
        for key, one in value.items():
            head = f"{deeper}{_key(key)}:"
            value = literal(one, deeper, len(head) + 2)
            too_long = isinstance(one, str) and len(head) + len(value) + 2 > WIDTH
            space = f"\n{deeper}  " if too_long else " "
            lines.append(f"{head}{space}{value},\n")
        return f"{{\n{''.join(lines)}{indent}}}"
    if isinstance(value, list) and value:
        if all(_is_number(one) for one in value):
            return f"[\n{_filled([_flat(one) for one in value], deeper)}{indent}]"
        items = (f"{deeper}{literal(one, deeper, len(deeper) + 1)},\n" for one in value)
        return f"[\n{''.join(items)}{indent}]"
    return flat


def _flat(value: Any) -> str:
    if isinstance(value, Source):
        return value
    if isinstance(value, str):
        return string(value)
    if isinstance(value, dict):
        members = ", ".join(f"{_key(key)}: {_flat(one)}" for key, one in value.items())
        return f"{{ {members} }}" if members else "{}"
    if isinstance(value, list):
        return f"[{', '.join(map(_flat, value))}]"
    return _number(value) if _is_number(value) else json.dumps(value)


def _key(name: str) -> str:
    # Not computed, it would be the object's prototype.
    return "['__proto__']" if name == "__proto__" else property_key(name)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _number(value: float) -> str:
    if abs(value) <= _MAX_INTEGER and float(value).is_integer():
        return str(int(value))
    # Of a larger integer, what ECMAScript makes of it anyway.
    return re.sub(r"e[+]?(-?)0*", r"e\1", repr(float(value)))


def _filled(items: Sequence[str], indent: str) -> str:
    """Return numbers, as many in a line as fit."""
    text, line = "", indent
    for item in items:
        one = f"{item},"
        if line != indent and len(line) + 1 + len(one) > WIDTH:
            text, line = f"{text}{line}\n", indent
        line += one if line == indent else f" {one}"
    return f"{text}{line}\n"


def _breaks(value: Any) -> bool:
    """Several objects, or lists, of more than one member each stand on lines of their own."""
    if isinstance(value, dict):
        return any(map(_breaks, value.values()))
    if not isinstance(value, list):
        return False
    alike = len(value) > 1 and any(
        all(isinstance(one, kind) and len(one) > 1 for one in value) for kind in (dict, list)
    )
    return alike or any(map(_breaks, value))
