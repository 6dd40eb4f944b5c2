"""Where the references of a document may lead. All other rules follow them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from topicwire.asyncapi.fault import Document, Fault
from topicwire.asyncapi.pointers import objects, pointer, resolve

_SCHEMAS = "#/components/schemas/"
_DATA = frozenset({"const", "default", "enum", "example", "examples"})
# A reference names a thing, and nothing inside it: so many steps, where it is not three.
_DEPTHS = {"#/channels/": (2, 4), "#/servers/": (2,)}


def references(document: Document) -> Iterator[Fault]:
    """Every reference leads to something in the document, and stands alone."""
    right: set[str] = set()  # many references lead to the same few things
    # What schemas carry is data, where `$ref` is a key like any other.
    for path, value in objects(document, outside=_DATA):
        if "$ref" not in value or path[-1:] == ("properties",):  # a property of that name
            continue
        target = value["$ref"]
        if not isinstance(target, str) or not target.startswith("#/"):
            yield Fault(pointer(path), f"the reference {target!r} leads out of the document.")
            continue
        if target not in right:
            try:
                resolve(document, target)
            except LookupError:
                yield Fault(pointer(path), f"the reference {target!r} leads nowhere.")
                continue
            right.add(target)
        kind = _kind(path)
        if not target.startswith(kind) or target.count("/") not in _DEPTHS.get(kind, (3,)):
            yield Fault(pointer(path), f"the reference {target!r} is to lead into {kind}.")
        if len(value) > 1:
            beside = ", ".join(sorted(key for key in value if key != "$ref"))
            yield Fault(
                pointer(path),
                f"{beside} beside a `$ref` is ignored by every reader.",
                'Write `{"allOf": [{"$ref": …}], …}`.',
            )


def _kind(path: tuple[str | int, ...]) -> str:
    """What stands where a reference at `path` is to lead."""
    match path:
        case ("servers", *_):
            return "#/components/securitySchemes/"
        case ("channels", _, "servers", *_):
            return "#/servers/"
        case ("channels", _, "messages", str(name)):
            return pointer(("components", "messages", name))
        case ("operations", *_):
            return "#/channels/"
        case ("components", "messages", _, "correlationId"):
            return "#/components/correlationIds/"
        case _:
            return "#/components/schemas/"


def circles(document: Document) -> Iterator[Fault]:
    """No schema is itself, by whatever other schemas: a value could never be held against it."""
    schemas = document.get("components", {}).get("schemas", {})
    finished: set[str] = set()
    for start in schemas:
        path: list[str] = []
        yield from _circles(schemas, start, path, finished)


def _circles(
    schemas: Mapping[str, Any], name: str, path: list[str], finished: set[str]
) -> Iterator[Fault]:
    if name in path:
        round_ = " → ".join([*path[path.index(name) :], name])
        yield Fault(pointer(("components", "schemas", name)), f"the schema is itself: {round_}.")
    elif name not in finished:
        path.append(name)
        for other in _same_value(schemas.get(name)):
            yield from _circles(schemas, other, path, finished)
        path.pop()
        finished.add(name)


def _same_value(schema: Any) -> Iterator[str]:
    """The components that a value of `schema` is held against, no step deeper into the value."""
    if not isinstance(schema, dict):
        return
    reference = str(schema.get("$ref", ""))
    if reference.startswith(_SCHEMAS):
        yield reference.removeprefix(_SCHEMAS).replace("~1", "/").replace("~0", "~")
        return
    for key in ("allOf", "anyOf", "oneOf"):
        for one in schema.get(key, ()):
            yield from _same_value(one)
    for key in ("not", "if", "then", "else"):
        yield from _same_value(schema.get(key))
