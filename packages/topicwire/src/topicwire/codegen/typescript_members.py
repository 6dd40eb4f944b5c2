"""What keeps the objects of a union apart, and what is refused where nothing does."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from topicwire.asyncapi.errors import DocumentError
from topicwire.asyncapi.pointers import pointer
from topicwire.asyncapi.shapes import Constant, Shape, UnionOf
from topicwire.codegen.typescript_data import Source

Codec = dict[str, Any] | Source
"""As `Codec` of `@topicwire/client/scalars`."""

Path = tuple[str | int, ...]
"""Keys and indexes in the document."""


class AmbiguousUnionError(DocumentError):
    """Nothing tells a mapped scalar from what else may stand there.

    Attributes:
        path: keys and indexes of the place in the document.
        cure: what to do.
    """

    def __init__(self, path: Path, message: str, cure: str) -> None:
        super().__init__(f"{pointer(path)}: {message} {cure}")
        self.path = path
        self.reason = f"{pointer(path)}: {message}"
        self.cure = cure


CLOSED: Any = object()
"""No property but the declared ones."""


@dataclass(frozen=True, slots=True)
class Member:
    """One object of several."""

    fields: Mapping[str, Codec | None]
    others: Any
    """The codec of what is not declared, or `CLOSED`."""

    tags: Mapping[str, Sequence[object]]
    """The values that a property always has."""


def merged(parts: Sequence[Member], path: Path) -> Member:
    """Return an object that is all of `parts`."""
    fields: dict[str, Codec | None] = {}
    tags: dict[str, Sequence[object]] = {}
    others: Any = CLOSED
    for part in parts:
        for name, codec in part.fields.items():
            if codec is not None and fields.get(name) not in (None, codec):
                raise untold(path, f"`{name}`")
            fields[name] = fields.get(name) or codec
        for name, values in part.tags.items():
            if name not in tags or len(values) < len(tags[name]):
                tags[name] = values
        others = part.others if others is CLOSED or others is None else others
    return Member(fields, others, tags)


def tagged(members: Sequence[Member], codecs: Sequence[Codec | None]) -> Codec | None:
    """Return a codec that goes by a constant that every object has; None where none is there."""
    for name in members[0].tags:
        values = [one.tags.get(name, ()) for one in members]
        flat = [(type(value), value) for some in values for value in some]
        if all(values) and len(flat) == len({*flat}):
            cases = [
                [value, codec]
                for some, codec in zip(values, codecs, strict=True)
                if codec is not None
                for value in some
            ]
            return {"tag": name, "cases": cases}
    return None


def constants(shape: Shape) -> list[object]:
    """Return the values of a shape that is nothing but constants; none where it is more."""
    members = shape.members if isinstance(shape, UnionOf) else (shape,)
    values = [json.loads(one.literal) for one in members if isinstance(one, Constant)]
    plain = len(values) == len(members) and all(isinstance(one, str | int) for one in values)
    return values if plain else []


def untold(path: Path, what: str) -> AmbiguousUnionError:
    """Return the refusal of objects that nothing tells apart."""
    return AmbiguousUnionError(
        path,
        f"{what} is a mapped scalar in one of several objects and something else in another, "
        "and no constant tells which of them a value is.",
        "Give each a required field with a constant of its own (`kind: Literal['a']`), or leave "
        "the format out of the scalar map.",
    )
