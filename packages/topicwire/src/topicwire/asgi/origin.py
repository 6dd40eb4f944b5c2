"""Which pages may connect: a browser lets any page open a WebSocket, and sends cookies along."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from topicwire.errors import DeclarationError
from topicwire.identity.handshake import Handshake

_PORTS: Final = {"http": 80, "https": 443, "ws": 80, "wss": 443}
_MAX_NAMED: Final = 32
"""So many foreign origins are named in the log, each once."""


class OriginCheck:
    """Lets in the pages of this very host, and of others that are listed.

    A request without `Origin` is no browser's: no page can be behind it, so it passes.

    Args:
        allowed: origins that may connect beside the host's own, `https://app.example`; "*" for all.
        logger: names each origin that is refused, once.

    Raises:
        DeclarationError: one of them is no origin.
    """

    def __init__(self, allowed: Sequence[str], logger: logging.Logger) -> None:
        if isinstance(allowed, str):
            raise DeclarationError(
                f"allowed_origins is the string {allowed!r}: pass a list, [{allowed!r}]."
            )
        for origin in allowed:
            if origin not in {"*", "null"} and _normal(origin) is None:
                raise DeclarationError(
                    f"allowed_origins has {origin!r}: an origin is a scheme, a host and perhaps a "
                    "port, `https://app.example`, without a path; '*' allows every origin."
                )
        self._all = "*" in allowed
        self._allowed = {_normal(origin) or origin for origin in allowed}
        self._logger = logger
        self._named: set[str] = set()

    def passes(self, handshake: Handshake) -> bool:
        """Say whether the page that asks may connect."""
        # most clients that are no browsers are let in without a look at the other headers
        if self._all or b"origin" not in [name for name, _ in handshake.raw_headers]:
            return True
        origins = handshake.headers.getlist("origin")
        origin, host = origins[0], handshake.headers.get("host", "")
        normal = _normal(origin) or origin
        if len(origins) == 1 and (normal in self._allowed or _is_same(origin, host)):
            return True
        self._tell(origin, host)
        return False

    def _tell(self, origin: str, host: str) -> None:
        if origin in self._named or len(self._named) >= _MAX_NAMED:
            return
        self._named.add(origin)
        self._logger.warning(
            "a page of the origin %r is refused: the host that it asked is %r. If it is yours, "
            "list it in allowed_origins, or let the proxy in between pass the Host header on",
            origin,
            host,
        )


def _is_same(origin: str, host: str) -> bool:
    """Say whether `origin` is the host that was asked. Its scheme is unknown behind a proxy."""
    own = _normal(origin)
    scheme = origin.partition("://")[0].lower()
    return own is not None and own == _normal(f"{scheme}://{host}")


def _normal(origin: str) -> str | None:
    """Return `origin` with its port, in lower case; None when it is none."""
    try:
        parts = urlsplit(origin)
        port = parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return None
    if (
        port is None
        or not parts.hostname
        or origin.lower() != f"{parts.scheme}://{parts.netloc}".lower()
    ):
        return None
    if "@" in parts.netloc:
        return None
    return f"{parts.scheme}://{parts.hostname}:{port}"
