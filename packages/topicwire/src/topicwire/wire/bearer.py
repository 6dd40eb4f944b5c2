"""A token as a subprotocol: the one header of a WebSocket that a browser's script can choose."""

from __future__ import annotations

import binascii
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Iterable

from topicwire.wire.frames import BEARER_SUBPROTOCOL


def bearer_subprotocol(token: str) -> str:
    """Return the subprotocol by which a client offers `token`, beside the one it speaks."""
    encoded = urlsafe_b64encode(token.encode()).decode("ascii").rstrip("=")
    return f"{BEARER_SUBPROTOCOL}{encoded}"


def offered_token(subprotocols: Iterable[str]) -> str | None:
    """Return the token that a client offers; None when it offers none, "" when it is unreadable."""
    for offered in subprotocols:
        if offered.startswith(BEARER_SUBPROTOCOL):
            return _decoded(offered.removeprefix(BEARER_SUBPROTOCOL))
    return None


def _decoded(text: str) -> str:
    padded = text + "=" * (-len(text) % 4)
    try:
        return b64decode(padded.encode("ascii"), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        return ""
