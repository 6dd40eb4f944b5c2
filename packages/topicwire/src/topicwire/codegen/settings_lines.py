"""Which line of a TOML file says what: for refusals that name it, since the parser keeps no lines.

A file that is cut after a line is TOML itself where a statement ends there. So the line of a value
is the first of the statement after which the value is there.
"""

from __future__ import annotations

import tomllib
from bisect import bisect_left
from collections.abc import Sequence
from typing import Any

Key = str | int
"""The name of a value in a table, or the place of one in an array, from 0."""


def line_of(text: str, path: Sequence[Key]) -> int:
    """Return the line where a value is given, from 1; of what holds it, where it is not given.

    Args:
        text: right TOML.
        path: of the value: names of tables and keys, numbers of an array's entries.
    """
    whole = tomllib.loads(text)
    while path and not _has(whole, path):
        path = path[:-1]
    lines = text.splitlines(keepends=True)
    counts = range(len(lines) + 1)
    first = bisect_left(counts, True, key=lambda count: _has(_before(lines, count)[1], path))
    return _before(lines, max(first - 1, 0))[0] + 1


def _before(lines: Sequence[str], count: int) -> tuple[int, Any]:
    """Return how many of the first lines are whole statements, and what those say."""
    while True:
        try:
            return count, tomllib.loads("".join(lines[:count]))
        except tomllib.TOMLDecodeError:
            count -= 1


def _has(value: Any, path: Sequence[Key]) -> bool:
    for key in path:
        try:
            value = value[key]
        except (LookupError, TypeError):  # it is not there, or is no table and no array
            return False
    return True
