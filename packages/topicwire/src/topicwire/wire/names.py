"""Which names routes and operations may have.

A name becomes an attribute of the generated clients (`ws.trades.preview`), so it is an identifier
in every language, and none that those clients use themselves.
"""

from __future__ import annotations

import keyword
import re
from typing import Final

from topicwire.errors import DeclarationError

_NAME: Final = re.compile(r"[a-z][A-Za-z0-9_]*")

# Attributes that every JavaScript object has, and `then`, which makes an object a promise.
_JAVASCRIPT: Final = frozenset(
    {
        "constructor",
        "hasOwnProperty",
        "isPrototypeOf",
        "propertyIsEnumerable",
        "prototype",
        "then",
        "toJSON",
        "toLocaleString",
        "toString",
        "valueOf",
    }
)
# What the clients offer beside the routes, and beside the operations of a route.
_CLIENT: Final = frozenset({"close", "closed", "connection", "on", "stream"})
_BUILT_IN: Final = frozenset({"subscribe", "unsubscribe", "update"})

UNREADABLE: Final = "hasOwnProperty"
"""A key that no object of a document may have: the official parser asks each object for it."""

RESERVED_ROUTES: Final = _JAVASCRIPT | _CLIENT | _BUILT_IN
RESERVED_OPERATIONS: Final = _JAVASCRIPT | _CLIENT | {"reset"}


def check_route_name(name: str) -> None:
    """Accept a route's name, or say what is wrong with it.

    Raises:
        DeclarationError: it is empty, malformed or reserved.
    """
    if not name:
        raise DeclarationError(
            'the route has no name. Give the router one: `WsRouter[...](route="trades")`.'
        )
    _check("route", name, RESERVED_ROUTES)


def check_operation_name(name: str) -> None:
    """Accept an operation's name, or say what is wrong with it.

    Raises:
        DeclarationError: it is malformed or reserved.
    """
    _check("operation", name, RESERVED_OPERATIONS)


def _check(kind: str, name: str, reserved: frozenset[str]) -> None:
    if not _NAME.fullmatch(name):
        raise DeclarationError(
            f"{name!r} cannot be the name of {_a(kind)}: it begins with a lower-case letter and "
            "goes on with letters, digits and underscores, like `trades` or `orderBook`. "
            "Clients use it as an attribute."
        )
    if name in reserved or keyword.iskeyword(name):
        owners = "Python uses" if keyword.iskeyword(name) else "the generated clients use"
        raise DeclarationError(
            f"{name!r} cannot be the name of {_a(kind)}: {owners} it for something else. "
            "Choose another name, a plural for instance."
        )


def _a(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"
