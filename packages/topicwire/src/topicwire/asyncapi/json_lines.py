"""In which line of a JSON text a value stands."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

_SPACE = re.compile(r"[ \t\r\n]*")
_SCALAR = re.compile(r"[^\s,\]}]+")


def line_of(text: str, path: Sequence[str | int]) -> int:
    """Return the line, from 1, of the value at `path`, or of the innermost one around it.

    Args:
        text: valid JSON.
        path: keys and indexes, from the top.
    """
    return text.count("\n", 0, _find(text, _skip(text, 0), list(path))) + 1


def _find(text: str, at: int, path: list[str | int]) -> int:
    while path:
        start = at
        wanted = path.pop(0)
        closing = {"{": "}", "[": "]"}.get(text[at])
        if closing is None:
            return start
        at = _skip(text, at + 1)
        index = 0
        while text[at] != closing:
            key: str | int = index
            named = at
            if closing == "}":
                key, at = _string(text, at)
                at = _skip(text, _skip(text, at) + 1)
            if str(key) == str(wanted):
                if not path:
                    return named
                break
            at = _skip(text, _end(text, at))
            if text[at] == ",":
                at = _skip(text, at + 1)
            index += 1
        else:
            return start
    return at


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return at if match is None else match.end()


def _string(text: str, at: int) -> tuple[str, int]:
    value, end = json.JSONDecoder().raw_decode(text, at)
    return str(value), end


def _end(text: str, at: int) -> int:
    if text[at] in '"{[':
        return json.JSONDecoder().raw_decode(text, at)[1]
    match = _SCALAR.match(text, at)
    return at if match is None else match.end()
