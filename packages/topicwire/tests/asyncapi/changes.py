"""What a hand does to a document: each function returns a change of a document."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from topicwire.asyncapi.pointers import resolve

Document = dict[str, Any]
Change = Callable[[Document], None]


def _place(document: Document, pointer: str) -> tuple[Any, Any]:
    parent, _, last = pointer.rpartition("/")
    found = resolve(document, parent)
    return found, int(last) if isinstance(found, list) else last.replace("~1", "/")


def gone(pointer: str) -> Change:
    """Delete what stands there."""

    def change(document: Document) -> None:
        parent, key = _place(document, pointer)
        del parent[key]

    return change


def put(pointer: str, value: Any) -> Change:
    """Put a value there, over another one or new."""

    def change(document: Document) -> None:
        parent, key = _place(document, pointer)
        parent[key] = copy.deepcopy(value)

    return change


def moved(old: str, new: str) -> Change:
    """Give something another key."""

    def change(document: Document) -> None:
        parent, key = _place(document, old)
        value = parent.pop(key)
        put(new, value)(document)

    return change


def added(pointer: str, value: Any) -> Change:
    """Add a value to the list there."""
    return lambda document: resolve(document, pointer).append(copy.deepcopy(value))


def without(pointer: str, value: Any) -> Change:
    """Take a value out of the list there."""
    return lambda document: resolve(document, pointer).remove(value)


def both(*changes: Change) -> Change:
    """Change several things that only together are this fault."""

    def change(document: Document) -> None:
        for one in changes:
            one(document)

    return change
