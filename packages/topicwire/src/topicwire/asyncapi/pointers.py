"""JSON pointers (RFC 6901): how a fault says where it is."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any


def pointer(parts: Iterable[str | int]) -> str:
    """Return `#/a/b~1c/0` for the parts `a`, `b/c` and 0."""
    return "/".join(["#", *(escaped(str(part)) for part in parts)])


def escaped(part: str) -> str:
    """Return a key as it stands in a pointer."""
    return part.replace("~", "~0").replace("/", "~1")


def unescaped(part: str) -> str:
    """Return the key that a part of a pointer stands for."""
    return part.replace("~1", "/").replace("~0", "~")


def resolve(document: Any, reference: str) -> Any:
    """Return what `#/…` points at inside `document`.

    Raises:
        LookupError: there is nothing, or the reference leads out of the document.
    """
    if not reference.startswith("#"):
        raise LookupError(reference)
    found = document
    for part in reference.split("/")[1:]:
        name = unescaped(part)
        if isinstance(found, dict) and name in found:
            found = found[name]
        elif isinstance(found, list) and name.isdecimal() and int(name) < len(found):
            found = found[int(name)]
        else:
            raise LookupError(reference)
    return found


def follow(document: Any, value: Any) -> Any:
    """Return `value`, or what it refers to when it is a `$ref`, to the end of the chain.

    Raises:
        LookupError: a reference leads nowhere, or in a circle.
    """
    seen: set[str] = set()
    while isinstance(value, dict) and isinstance(value.get("$ref"), str):
        reference = value["$ref"]
        if reference in seen:
            raise LookupError(reference)
        seen.add(reference)
        value = resolve(document, reference)
    return value


def objects(
    value: Any, *, outside: Collection[str] = ()
) -> Iterator[tuple[tuple[str | int, ...], dict[str, Any]]]:
    """Yield every object of a JSON document with its path, the outer ones first.

    Args:
        value: the document.
        outside: keys whose values are not looked into.
    """
    # A stack: a generator for each value would be passed through all around it.
    left: list[tuple[tuple[str | int, ...], Any]] = [((), value)]
    while left:
        path, one = left.pop()
        if isinstance(one, dict):
            yield path, one
            inside = [
                ((*path, key), inner)
                for key, inner in one.items()
                if isinstance(inner, (dict, list)) and key not in outside
            ]
        else:
            inside = [
                ((*path, index), inner)
                for index, inner in enumerate(one)
                if isinstance(inner, (dict, list))
            ]
        inside.reverse()
        left += inside
