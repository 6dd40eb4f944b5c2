"""Frames of a WebSocket as a server sends them: unmasked, whole, not compressed (RFC 6455, 5.2)."""

from __future__ import annotations

from struct import Struct
from typing import Final

_TEXT: Final = 0x81
_MAX_SHORT: Final = 125
_MAX_MEDIUM: Final = 0xFFFF
_SHORT: Final = Struct("!BB").pack
_MEDIUM: Final = Struct("!BBH").pack
_LONG: Final = Struct("!BBQ").pack


def text_frame(payload: bytes) -> bytes:
    """Return a text message as one frame."""
    size = len(payload)
    if size <= _MAX_SHORT:
        return _SHORT(_TEXT, size) + payload
    if size <= _MAX_MEDIUM:
        return _MEDIUM(_TEXT, 126, size) + payload
    return _LONG(_TEXT, 127, size) + payload
