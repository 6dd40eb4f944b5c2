"""What no JSON carries as it is: refused where a route declares it, by name and with the cure.

Pydantic takes or writes each of these without a word, and it arrives as something else or not at
all. The reason is in a declaration, so it is found there and not in the first update.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import Any, Final

from pydantic import SecretBytes, SecretStr

from topicwire.errors import DeclarationError
from topicwire.types import Direction
from topicwire.wire.names import UNREADABLE

_SCALARS: Final = (str, int, float, bool, type(None))
ENVELOPE: Final = "envelope"
"""The name of what is made around a payload that is received: nobody declared it."""

_OBJECTS: Final = frozenset({"dataclass-args", "model-fields", "typed-dict"})
_KEYS: Final = frozenset(
    {
        "any", "bool", "bytes", "date", "datetime", "decimal", "definition-ref", "enum", "float",
        "int", "literal", "str", "time", "timedelta", "url", "uuid",
    }
)  # fmt: skip
_NO_KEYS: Final[Mapping[str, str]] = {
    "model": "a model",
    "dataclass": "a dataclass",
    "nullable": "null or something",
    "tuple": "a tuple",
    "list": "a list",
    "union": "one of several types",
}


def check_carried(schema: object, direction: Direction, where: str) -> None:
    """Accept a core schema whose values arrive as they are.

    Args:
        schema: of the payload, a plain one.
        direction: in which it travels.
        where: the message's type, for the error.

    Raises:
        DeclarationError: a part of it does not: which one, in which class and file, and why.
    """
    for place, node in _walk(schema, Place(), is_written=direction == "to_client"):
        for find in _FAULTS[direction]:
            if fault := find(node):
                raise DeclarationError(f"{where}: {place}{fault}")


def place_of(schema: object, part: object, direction: Direction) -> str:
    """Return where a part of a core schema stands, to begin an error with.

    Args:
        schema: of the payload.
        part: a node inside of it.
        direction: in which it travels.

    Returns:
        `Trade.at (trades.py:7): `; "" where it belongs to no class.
    """
    for place, node in _walk(schema, Place(), is_written=direction == "to_client"):
        if node is part or node == part:
            return str(place)
    return ""


class Place:
    """Which class and field a part of a schema belongs to."""

    def __init__(self, owner: type | None = None, field: str = "") -> None:
        self.owner = owner
        self.field = field

    def __str__(self) -> str:
        if self.owner is None or self.owner.__name__ == ENVELOPE:
            return ""
        name = f"{self.owner.__name__}.{self.field}" if self.field else self.owner.__name__
        return f"{name}{file_and_line(self.owner)}: "


def file_and_line(owner: type) -> str:
    """Return ` (trades.py:7)`; "" of a class that no file has."""
    try:
        file, (_, line) = inspect.getsourcefile(owner), inspect.getsourcelines(owner)
    except (OSError, TypeError):  # made at run time
        return ""
    path = Path(file or "")
    here = Path.cwd()
    shown = path.relative_to(here) if path.is_relative_to(here) else path
    return f" ({shown}:{line})"


def _walk(
    schema: object, place: Place, *, is_written: bool
) -> Iterator[tuple[Place, Mapping[str, Any]]]:
    if isinstance(schema, (list, tuple)):
        for one in schema:
            yield from _walk(one, place, is_written=is_written)
    if not isinstance(schema, dict):  # as Pydantic makes them; asking for a Mapping takes long
        return
    if isinstance(schema.get("type"), str):
        yield place, schema
        owner = schema.get("cls")
        if schema["type"] in {"dataclass", "model", "named-tuple", "typed-dict"}:
            place = Place(owner if isinstance(owner, type) else None)
    written = schema.get("serialization")
    if is_written and isinstance(written, Mapping) and "return_schema" in written:
        yield from _walk(written["return_schema"], place, is_written=True)
        return
    fields = schema.get("fields")
    for name, one in _named(fields):
        yield from _walk(one, Place(place.owner, name), is_written=is_written)
    for key, one in schema.items():
        if one is not fields and key not in {"default", "metadata", "python_schema"}:
            yield from _walk(one, place, is_written=is_written)


def _named(fields: object) -> Iterator[tuple[str, Any]]:
    if isinstance(fields, Mapping):
        yield from fields.items()
    elif isinstance(fields, list):
        yield from ((one["name"], one) for one in fields if isinstance(one, Mapping))


def _is_nothing(node: Mapping[str, Any]) -> str:
    """Types that have no JSON at all."""
    if node["type"] == "callable":
        return "a function does not travel. Send what it would give, or a name for it."
    if node["type"] == "is-subclass":
        return "a class does not travel. Send its name: a `Literal` or an `Enum` of the names."
    if node["type"] == "generator":
        return "an iterator can be read once, and an update goes to many. Declare a `list`."
    return ""


def _is_no_key(node: Mapping[str, Any]) -> str:
    """Keys that do not come back as they were: every key of a JSON object is a string."""
    keys = node.get("keys_schema")
    if node["type"] not in {"dict", "counter"} or not isinstance(keys, Mapping):
        return ""
    kind = str(keys.get("type"))
    if kind in _NO_KEYS:
        return (
            f"the keys are {_NO_KEYS[kind]}, and a key in JSON is a string, from which that does "
            "not come back. Declare one type of keys, such as `str`, or a `list` of pairs."
        )
    others = [one for one in keys.get("expected", ()) if not isinstance(one, str)]
    if kind == "literal" and others:
        return (
            f"the key {others[0]!r} is no string, and Pydantic takes a key of a `Literal` only as "
            "it is written there. Write it as a string, or declare an `Enum`."
        )
    return ""


def _is_no_set(node: Mapping[str, Any]) -> str:
    """Sets that cannot be read: a model has no hash unless it is frozen."""
    items = node.get("items_schema")
    if node["type"] not in {"set", "frozenset"} or not isinstance(items, Mapping):
        return ""
    owner: Any = items.get("cls")
    if getattr(owner, "__hash__", owner) is None:
        return (
            f"{owner.__name__} has no hash, so there is no set of it. Declare it frozen "
            "(`ConfigDict(frozen=True)`), or declare a `list`."
        )
    return ""


def _is_never_read(node: Mapping[str, Any]) -> str:
    """Constants that no JSON is equal to."""
    if node["type"] == "literal":
        for one in node.get("expected", ()):
            plain = one.value if isinstance(one, Enum) and isinstance(one, _SCALARS) else one
            if not isinstance(plain, _SCALARS):
                return (
                    f"no JSON is {one!r}, so a client can send nothing that is taken. Use a string "
                    "or a number, or a member of a `StrEnum` or an `IntEnum`."
                )
    if node["type"] == "enum":
        for one in node.get("members", ()):
            if not isinstance(one.value, _SCALARS):
                return (
                    f"the value of {one} is {one.value!r}, which no JSON is equal to. Give the "
                    "members strings or numbers."
                )
    return ""


def _is_at_a_path(node: Mapping[str, Any]) -> str:
    """Fields that are read from inside others: no schema can say it."""
    alias = node.get("validation_alias")
    if not isinstance(alias, list):
        return ""
    paths = alias if all(isinstance(one, list) for one in alias) else [alias]
    if not any(len(one) == 1 for one in paths):
        return (
            f"it is read from the path {paths[0]!r} alone, which no document can say. Add a name "
            "of its own: `AliasChoices('name', AliasPath(...))`."
        )
    return ""


def _is_written_untyped(node: Mapping[str, Any]) -> str:
    """Serializers that do not say what they write: the document would say something else."""
    written = node.get("serialization")
    if not isinstance(written, Mapping) or "return_schema" in written:
        return ""
    function = written.get("function")
    module = str(getattr(function, "__module__", "pydantic"))
    if written.get("type") not in {"function-plain", "function-wrap"} or _is_pydantics(module):
        return ""
    name = getattr(function, "__qualname__", repr(function)).rpartition(".<locals>.")[2]
    return (
        f"the serializer {name} does not say what it writes, and the document would say what the "
        "field is. Annotate what it returns: `def ...(...) -> str`, or `return_type=str`."
    )


def _is_pydantics(module: str) -> bool:
    return module.partition(".")[0] in {"operator", "pydantic", "pydantic_core"}


def _is_secret(node: Mapping[str, Any]) -> str:
    made = node.get("function")
    owner = made.get("function") if isinstance(made, Mapping) else None
    if isinstance(owner, type) and issubclass(owner, (SecretBytes, SecretStr)):
        return (
            "a secret is written as asterisks. Send what may be known, or let a serializer of the "
            "field write the secret itself."
        )
    return ""


def _is_called_unreadably(node: Mapping[str, Any], alias: str) -> str:
    """Names that the JavaScript readers of the document fall over."""
    if node["type"] not in _OBJECTS:
        return ""
    named = [(name, one.get(alias, name)) for name, one in _named(node.get("fields"))]
    if alias == "serialization_alias":
        named += [
            (one["property_name"], one.get("alias", one["property_name"]))
            for one in node.get("computed_fields", ())
        ]
    for name, found in named:
        # Of several aliases the document has the first that is no path.
        paths = found if isinstance(found, list) else [[found]]
        if next((one[0] for one in paths if isinstance(one, list) and len(one) == 1), "") == (
            UNREADABLE
        ):
            return (
                f"the field {name} travels as {UNREADABLE!r}, and the official parser of AsyncAPI, "
                "which asks each object for a member of that name, cannot read such a document. "
                "Give it another name there: `Field(alias=...)`."
            )
    return ""


def _is_sent_unreadably(node: Mapping[str, Any]) -> str:
    return _is_called_unreadably(node, "validation_alias")


def _is_received_unreadably(node: Mapping[str, Any]) -> str:
    return _is_called_unreadably(node, "serialization_alias")


_BOTH: Final = (_is_nothing, _is_no_key, _is_no_set)
_FAULTS: Final[Mapping[Direction, tuple[Callable[[Mapping[str, Any]], str], ...]]] = {
    "to_server": (*_BOTH, _is_never_read, _is_at_a_path, _is_sent_unreadably),
    "to_client": (*_BOTH, _is_written_untyped, _is_secret, _is_received_unreadably),
}
