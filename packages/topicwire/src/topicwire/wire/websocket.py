"""Frames of a WebSocket as a server sends them: unmasked and whole (RFC 6455, 5.2)."""

from __future__ import annotations

from struct import Struct
from typing import Final

TEXT: Final = 0x81
BINARY: Final = 0x82
DEFLATED: Final = 0x40
"""Beside one of these: the message is compressed (RFC 7692, section 6)."""

_MAX_SHORT: Final = 125
_MAX_MEDIUM: Final = 0xFFFF
_SHORT: Final = Struct("!BB").pack
_MEDIUM: Final = Struct("!BBH").pack
_LONG: Final = Struct("!BBQ").pack


def whole_frame(first: int, payload: bytes) -> bytes:
    """Return a message as one frame.

    Args:
        first: TEXT or BINARY, and whether it is DEFLATED.
        payload: as it is sent.
    """
    size = len(payload)
    if size <= _MAX_SHORT:
        return _SHORT(first, size) + payload
    if size <= _MAX_MEDIUM:
        return _MEDIUM(first, 126, size) + payload
    return _LONG(first, 127, size) + payload
