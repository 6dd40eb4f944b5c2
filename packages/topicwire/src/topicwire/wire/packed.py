"""Messages in MessagePack: the very objects that they are in JSON.

What is sent is made of its JSON, and what comes is made into JSON before anybody looks at it. So
each rule of what JSON carries, and how, holds as it is; what JSON does not have is refused: NaN and
infinities, binary data, extensions, keys that are no strings.

Needs ormsgpack (`topicwire[msgpack]`); `IS_AVAILABLE` says whether it is there.
"""

from __future__ import annotations

import json
import secrets
from contextlib import suppress
from importlib import import_module
from struct import pack
from typing import Any, Final

from pydantic_core import from_json

_ormsgpack: Any = None
with suppress(ImportError):
    _ormsgpack = import_module("ormsgpack")

IS_AVAILABLE: Final = _ormsgpack is not None

_JSON: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))

_PAIR: Final = b"\x92"
_END_TEXT: Final = secrets.token_hex(8)
_END: Final = bytes([0xA0 | len(_END_TEXT)]) + _END_TEXT.encode()
"""Follows what a client has sent, which cannot know it: so nothing else follows, nor is it cut."""

_LEAST_BYTES: Final = len(b"\x81\xa4type\xa0")
_UPDATE: Final = b"\x82\xa4type"

_FEW: Final = 16
_MAX_16: Final = 0xFFFF


def packed(message: bytes) -> bytes:
    """Return a message, which is JSON, in MessagePack.

    A number with a fraction or an exponent is a double, any other one an integer.
    """
    try:
        return _pack(from_json(message))
    except (TypeError, ValueError):  # deeper than the fast ways go
        return _pack_deep(json.loads(message))


def unpacked(data: bytes) -> str:
    """Return the JSON of one object in MessagePack, which a client has sent.

    Guarantee: what hostile bytes declare costs nothing, neither lengths nor depth; what they hold
    costs as much as in JSON.

    Raises:
        ValueError: it is not one object in MessagePack, or has something that JSON has not.
    """
    try:
        value, end = _ormsgpack.unpackb(b"%b%b%b" % (_PAIR, data, _END))
    except ValueError as error:
        raise ValueError(f"it cannot be read: {error}") from None
    if end != _END_TEXT:
        raise ValueError("it is one object and no more, whole")
    try:
        return _JSON.encode(value)
    except TypeError:
        raise ValueError("it has binary data in it, and JSON has none") from None
    except ValueError:
        raise ValueError("it has NaN or an infinity in it, and JSON has neither") from None
    except RecursionError:
        raise ValueError("recursion limit exceeded") from None


def messages_of(data: bytes) -> list[Any]:
    """Return the messages that a server has joined in a frame: objects, such as JSON has.

    Raises:
        ValueError: they are none, or have something that JSON has not; then it is all of them.
    """
    try:
        # nobody says how many there are, but how an update begins is known
        found = _exactly(max(1, data.count(_UPDATE)), data)
        if found is None:
            found = _exactly(_count(data), data)
        if found is None or {*map(type, found)} - {dict}:
            raise ValueError("it is to be whole objects, and nothing else")
        if _may_be_no_json(data):
            _JSON.encode(found)
    except TypeError:
        raise ValueError("it has binary data in it, and JSON has none") from None
    return found


def _exactly(count: int, data: bytes) -> list[Any] | None:
    """Return so many values; None where there are more or fewer."""
    try:
        found: list[Any] = _ormsgpack.unpackb(b"\xdd%b%b%b" % (pack("!I", count + 1), data, _END))
    except ValueError:
        return None
    return found if found.pop() == _END_TEXT else None


def _count(data: bytes) -> int:
    most = len(data) // _LEAST_BYTES + 1
    found: list[Any] = _ormsgpack.unpackb(b"\xdd%b%b%b" % (pack("!I", most), data, b"\xc0" * most))
    return found.index(None)


def _may_be_no_json(data: bytes) -> bool:
    """Say whether `bin` might begin somewhere, or a number that is not finite: seldom in JSON."""
    return (
        (b"\xcb" in data and (b"\xcb\x7f" in data or b"\xcb\xff" in data))
        or b"\xca" in data
        or b"\xc4" in data
        or b"\xc5" in data
        or b"\xc6" in data
    )


def _pack(value: object) -> bytes:
    data: bytes = _ormsgpack.packb(value)
    return data


def _pack_deep(value: object) -> bytes:
    """Return a value of any depth that Pydantic writes: half of Python's own limit."""
    if isinstance(value, dict):
        return _head(0x80, 0xDE, len(value)) + b"".join(
            [_pack(key) + _pack_deep(one) for key, one in value.items()]
        )
    if isinstance(value, list):
        return _head(0x90, 0xDC, len(value)) + b"".join(map(_pack_deep, value))
    return _pack(value)


def _head(few: int, many: int, count: int) -> bytes:
    if count < _FEW:
        return bytes([few | count])
    if count <= _MAX_16:
        return pack("!BH", many, count)
    return pack("!BI", many + 1, count)
