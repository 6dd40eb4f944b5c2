"""Compressing for permessage-deflate (RFC 7692), without context takeover.

Each message by itself: what is compressed once goes to every client.
"""

from __future__ import annotations

import zlib
from typing import Final

WINDOW_BITS: Final = 12
"""Of what we compress: 4 KiB, and less memory than the 32 KiB that a client allows by default."""

MIN_BYTES: Final = 256
"""Smaller messages are sent as they are, which costs less than it would save."""

_LEVEL: Final = 4
"""zlib's usual one, 6, makes a twentieth less of ten updates of 2 KB, in twice the time; of packed
ones in four times: the event loop is held for that long."""

_MEMORY_LEVEL: Final = 5

TAIL: Final = b"\x00\x00\xff\xff"
"""Ends each compressed message, and is not sent (section 7.2.1)."""


def deflate(message: bytes, window_bits: int = WINDOW_BITS) -> bytes:
    """Return `message`, compressed by itself."""
    compressor = zlib.compressobj(_LEVEL, zlib.DEFLATED, -window_bits, _MEMORY_LEVEL)
    data = compressor.compress(message) + compressor.flush(zlib.Z_SYNC_FLUSH)
    return data[: -len(TAIL)]
