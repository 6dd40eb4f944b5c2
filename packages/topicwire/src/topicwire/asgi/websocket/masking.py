"""Masks of RFC 6455, in C where websockets has been compiled."""

from __future__ import annotations

from collections.abc import Callable

apply_mask: Callable[[bytes | bytearray | memoryview, bytes], bytes]
"""Return `data` (first) with the four bytes of a mask (second) applied."""

try:
    from websockets.speedups import apply_mask
except ImportError:  # there is no wheel for this platform
    from websockets.utils import apply_mask

__all__ = ["apply_mask"]
