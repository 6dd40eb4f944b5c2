"""Names for Python, of what a document calls as it likes.

A name that Python can have is kept as it is. Any other is cleaned, and gets underscores at its end
until nothing else has it: those that need no cleaning come first, so they never change.
"""

from __future__ import annotations

import builtins
import keyword
import re
import unicodedata
from collections.abc import Collection, Iterable

from pydantic import BaseModel

from topicwire.client import Client
from topicwire.client.generated import Payload, RouteOf

# What the text of a generated module itself uses; a type or a field of such a name would hide it.
_BUILT_IN = ("bool", "bytes", "dict", "float", "int", "list", "set", "str", "tuple")
_IMPORTED = (
    "Annotated",
    "AnyFloat",
    "Base64Bytes",
    "BigInt",
    "ConfigDict",
    "Decimal",
    "Field",
    "JsonValue",
    "Literal",
    "Never",
    "Payload",
    "TYPE_CHECKING",
    "TypeAlias",
    "TypeAliasType",
    "UUID",
    "absent",
    "dt",
    "models",
)
_OF_A_MODULE = frozenset((*_BUILT_IN, *_IMPORTED))
_OF_A_MODEL = frozenset((*dir(BaseModel), *dir(Payload), "model_config", "self"))
_OF_A_ROUTE = frozenset((*dir(RouteOf), "name", "self"))
_OF_A_CLIENT = frozenset((*dir(Client), "self"))


def class_names(names: Iterable[str]) -> dict[str, str]:
    """Return a class name for each name of a document.

    None is a built-in's: an annotation may name a class before it is there, and Pydantic would
    find the built-in.
    """
    return _named(names, _OF_A_MODULE | {*dir(builtins)}, "Type")


def field_names(names: Iterable[str]) -> dict[str, str]:
    """Return an attribute of a model for each property of an object."""
    return _named(names, _OF_A_MODULE | _OF_A_MODEL, "field")


def route_names(names: Iterable[str]) -> dict[str, str]:
    """Return an attribute of the client for each route."""
    return _named(names, _OF_A_CLIENT, "route")


def operation_names(names: Iterable[str]) -> dict[str, str]:
    """Return a method of a route for each of its operations."""
    return _named(names, _OF_A_ROUTE, "operation")


def pascal(name: str) -> str:
    """Return `name` as a part of a class name: `order_book` is `OrderBook`."""
    parts = re.split(r"[^0-9A-Za-z]+", name)
    return "".join(part[:1].upper() + part[1:] for part in parts)


def snake(name: str) -> str:
    """Return `name` as a part of a module name: `OrderBook API` is `order_book_api`."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return re.sub(r"[^0-9a-z]+", "_", spaced.lower()).strip("_")


def free(name: str, taken: Collection[str]) -> str:
    """Return `name` with as many underscores as it takes to be nobody else's."""
    while name in taken:
        name += "_"
    return name


def _named(names: Iterable[str], reserved: Collection[str], otherwise: str) -> dict[str, str]:
    names = [*names]
    done = {name: name for name in names if _is_usable(name) and name not in reserved}
    for name in names:
        if name not in done:
            cleaned = _cleaned(name, otherwise)
            taken = {*reserved, *done.values()}
            if keyword.iskeyword(cleaned):
                cleaned += "_"
            done[name] = free(cleaned, taken)
    return {name: done[name] for name in names}


def _is_usable(name: str) -> bool:
    # Python reads identifiers in this form; a leading underscore is private to a model
    plain = unicodedata.normalize("NFKC", name) == name
    return plain and name.isidentifier() and not keyword.iskeyword(name) and name[:1] != "_"


def _cleaned(name: str, otherwise: str) -> str:
    text = unicodedata.normalize("NFKC", name)
    text = "".join(c if f"_{c}".isidentifier() else "_" for c in text).lstrip("_")
    if not text.strip("_"):
        return otherwise
    return text if text.isidentifier() else f"{otherwise}_{text}"
