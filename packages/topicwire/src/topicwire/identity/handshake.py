"""What a client says before its socket is accepted."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from starlette.requests import HTTPConnection
from starlette.types import Scope

from topicwire.wire.bearer import offered_token


class Handshake(HTTPConnection):
    """The request that asks for a WebSocket: its headers, cookies, address and bearer token.

    It has no query string, whatever the client sent: a token in a URL ends in logs, histories and
    referrers, so there is none to be found.
    """

    def __init__(self, scope: Scope) -> None:
        super().__init__({"headers": [], **scope, "query_string": b""})

    @cached_property
    def bearer(self) -> str | None:
        """The bearer token, of `Authorization` or else of a subprotocol; None when there is none.

        One that cannot be read is "", which is nobody's.
        """
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return token.strip()
        return offered_token(self.subprotocols)

    @property
    def subprotocols(self) -> Sequence[str]:
        """What the client offers."""
        offered: Sequence[str] = self.scope.get("subprotocols") or ()
        return offered
