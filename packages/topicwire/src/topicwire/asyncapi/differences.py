"""A schema held against the one that the protocol has there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from topicwire.asyncapi.draft07 import ANNOTATIONS
from topicwire.asyncapi.fault import Fault
from topicwire.asyncapi.pointers import pointer

Path = tuple[str | int, ...]


def differences(wanted: Any, found: Any, path: Path) -> Iterator[Fault]:
    """Where `found`, which stands at `path`, is not what the protocol says.

    It may describe more properties and list more values, since a newer version may, and its
    comments may say anything.
    """
    if isinstance(wanted, dict) and isinstance(found, dict):
        for key in sorted({*wanted, *found} - ANNOTATIONS):
            yield from _at(key, wanted, found, path)
    elif isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        for at, (one, other) in enumerate(zip(wanted, found, strict=True)):
            yield from differences(one, other, (*path, at))
    elif wanted != found or type(wanted) is not type(found):
        yield Fault(pointer(path), f"the protocol says {wanted!r} here, and this {found!r}.")


def _at(
    key: str, wanted: Mapping[str, Any], found: Mapping[str, Any], path: Path
) -> Iterator[Fault]:
    here = (*path, key)
    if key not in found:
        yield Fault(pointer(path), f"`{key}` is missing here: {wanted[key]!r}.")
    elif key not in wanted:
        yield Fault(pointer(here), f"the protocol has no `{key}` here.")
    elif key == "properties":
        for name, one in wanted[key].items():
            if name in found[key]:
                yield from differences(one, found[key][name], (*here, name))
            else:
                yield Fault(pointer(here), f"`{name}` is not described.")
    elif key == "enum":
        if gone := [one for one in wanted[key] if one not in found[key]]:
            yield Fault(pointer(here), f"the protocol's {gone} are not listed.")
    else:
        yield from differences(wanted[key], found[key], here)
