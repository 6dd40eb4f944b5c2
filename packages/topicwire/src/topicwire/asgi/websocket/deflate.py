"""permessage-deflate (RFC 7692), without context takeover: a connection keeps nothing for it."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from topicwire.wire.deflate import MIN_BYTES, TAIL, WINDOW_BITS, deflate

__all__ = ["MIN_BYTES", "WINDOW_BITS", "agree", "deflate", "inflate"]

NAME: Final = "permessage-deflate"

_MIN_WINDOW_BITS: Final = 9
"""zlib makes no window of 8 bits."""
_MAX_WINDOW_BITS: Final = 15

Inflate = Callable[[bytes, int | None], bytes]
"""Takes a compressed message, and how many bytes it may have at most."""


class TooLargeError(ValueError):
    """A message has more bytes than it may have."""


class OfferError(ValueError):
    """The header's value cannot be read."""


class Deflate(NamedTuple):
    """What was agreed with a client.

    Attributes:
        window_bits: of what it is sent.
        answer: the value of `Sec-WebSocket-Extensions`.
    """

    window_bits: int
    answer: str


def inflate(data: bytes, max_bytes: int | None) -> bytes:
    """Return the message that `data` is, compressed by itself.

    Guarantee: never more than `max_bytes` are made of it.

    Raises:
        TooLargeError: it has more than `max_bytes`.
        ValueError: it is not compressed.
    """
    decompressor = zlib.decompressobj(-_MAX_WINDOW_BITS)
    try:
        message = decompressor.decompress(data + TAIL, 0 if max_bytes is None else max_bytes + 1)
    except zlib.error as error:
        raise ValueError(str(error)) from None
    if max_bytes is not None and len(message) > max_bytes:
        raise TooLargeError
    return message


def agree(offers: str) -> Deflate | None:
    """Return the first of a client's offers that can be met; None when there is none.

    Both sides are asked for no context takeover, which a server may do whatever was offered
    (section 7.1.1). So what is compressed once goes to every client.

    Args:
        offers: the value of `Sec-WebSocket-Extensions`.

    Raises:
        OfferError: it cannot be read.
    """
    for name, parameters in _offers(offers):
        if name == NAME and (agreed := _answer(parameters)) is not None:
            return agreed
    return None


def _answer(parameters: list[tuple[str, str | None]]) -> Deflate | None:
    names = [name for name, _ in parameters]
    if len(set(names)) != len(names):
        return None
    answer = f"{NAME}; server_no_context_takeover; client_no_context_takeover"
    window_bits = WINDOW_BITS
    for name, value in parameters:
        if name in {"server_no_context_takeover", "client_no_context_takeover"}:
            if value is not None:
                return None
        elif name == "client_max_window_bits":
            if value is not None and _bits(value) is None:
                return None
        elif name == "server_max_window_bits":
            most = _bits(value)
            if most is None or most < _MIN_WINDOW_BITS:
                return None
            window_bits = min(window_bits, most)
            answer += f"; server_max_window_bits={most}"
        else:
            return None
    return Deflate(window_bits, answer)


def _bits(value: str | None) -> int | None:
    return int(value) if value in {str(bits) for bits in range(8, _MAX_WINDOW_BITS + 1)} else None


_WORD: Final = r"[-!#$%&'*+.^_`|~0-9A-Za-z]+"
_PARAMETER: Final = re.compile(
    rf'[ \t]*;[ \t]*({_WORD})(?:[ \t]*=[ \t]*(?:({_WORD})|"({_WORD})"))?'
)
_NAME: Final = re.compile(rf"[ \t]*({_WORD})")
_END: Final = re.compile(r"[ \t]*(?:,|$)")
_EMPTY: Final = re.compile(r"[ \t]*,")


def _offers(header: str) -> Iterator[tuple[str, list[tuple[str, str | None]]]]:
    """Read the header (RFC 6455, section 9.1); an element may be empty (RFC 9110, 5.6.1)."""
    position = 0
    while position < len(header):
        if (empty := _EMPTY.match(header, position)) is not None:
            position = empty.end()
            continue
        name = _NAME.match(header, position)
        if name is None:
            raise OfferError(header)
        position = name.end()
        parameters: list[tuple[str, str | None]] = []
        while (parameter := _PARAMETER.match(header, position)) is not None:
            key, token, quoted = parameter.groups()
            parameters.append((key, token if token is not None else quoted))
            position = parameter.end()
        end = _END.match(header, position)
        if end is None:
            raise OfferError(header)
        position = end.end()
        yield name[1], parameters
