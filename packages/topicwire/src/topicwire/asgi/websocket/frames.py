"""Frames of RFC 6455, section 5: their opcodes, those that a server writes, and close codes."""

from __future__ import annotations

import struct
from typing import Final

CONTINUATION: Final = 0x0
TEXT: Final = 0x1
BINARY: Final = 0x2
CLOSE: Final = 0x8
PING: Final = 0x9
PONG: Final = 0xA

FIN: Final = 0x80
RSV1: Final = 0x40
RESERVED: Final = 0x70
MASKED: Final = 0x80
MAX_CONTROL_BYTES: Final = 125

NORMAL_CLOSURE: Final = 1000
PROTOCOL_ERROR: Final = 1002
NO_STATUS: Final = 1005
"""Never sent: the close frame had no code."""
ABNORMAL_CLOSURE: Final = 1006
"""Never sent: there was no close frame."""
INVALID_DATA: Final = 1007
TOO_BIG: Final = 1009
INTERNAL_ERROR: Final = 1011
SERVICE_RESTART: Final = 1012

_SENDABLE: Final = frozenset({*range(1000, 1004), *range(1007, 1015), *range(3000, 5000)})
"""RFC 6455, section 7.4, and the codes that IANA has registered since."""

PAYLOAD_16: Final = 126
"""The payload's size follows in 16 bits."""
_PAYLOAD_64: Final = 127


def is_close_code(code: int) -> bool:
    """Say whether `code` may be in a close frame."""
    return code in _SENDABLE


def frame(first: int, payload: bytes) -> bytes:
    """Return a whole frame, unmasked, as a server sends it.

    Args:
        first: the opcode, with `FIN` and reserved bits.
        payload: at most `MAX_CONTROL_BYTES` of a control frame.
    """
    size = len(payload)
    if size < PAYLOAD_16:
        return b"%c%c%b" % (first, size, payload)
    if size < 1 << 16:
        return struct.pack("!BBH", first, PAYLOAD_16, size) + payload
    return struct.pack("!BBQ", first, _PAYLOAD_64, size) + payload


def close_frame(code: int, reason: str = "") -> bytes:
    """Return a close frame; with `NO_STATUS` one without a code.

    Raises:
        ValueError: the code may not be sent, or the reason is too long.
    """
    if code == NO_STATUS:
        return frame(FIN | CLOSE, b"")
    if not is_close_code(code):
        raise ValueError(
            f"{code} may not be in a close frame: 1000 to 1014 as registered, 3000 to 4999"
        )
    payload = code.to_bytes(2, "big") + reason.encode()
    if len(payload) > MAX_CONTROL_BYTES:
        raise ValueError(
            f"the reason of a close frame has {len(payload) - 2} bytes of UTF-8; "
            f"at most {MAX_CONTROL_BYTES - 2} fit"
        )
    return frame(FIN | CLOSE, payload)
