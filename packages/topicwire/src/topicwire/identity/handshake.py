"""What a client says before its socket is accepted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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

    @property
    def raw_headers(self) -> Sequence[tuple[bytes, bytes]]:
        """The headers as they came, in order, with their names in lower case."""
        headers: Sequence[tuple[bytes, bytes]] = self.scope["headers"]
        return headers

    @property
    def host(self) -> str | None:
        """The client's address, without its port; None where it has none, on a Unix socket."""
        client = self.scope.get("client")
        return client[0] if client else None

    @cached_property
    def bearer(self) -> str | None:
        """The bearer token, of `Authorization` or else of a subprotocol; None when there is none.

        One that cannot be read is "", which is nobody's.
        """
        for name, value in self.raw_headers:
            if name == b"authorization":
                scheme, _, token = value.decode("latin-1").partition(" ")
                if scheme.lower() == "bearer":
                    return token.strip()
                break
        return offered_token(self.subprotocols)

    @property
    def subprotocols(self) -> Sequence[str]:
        """What the client offers."""
        offered: Sequence[str] = self.scope.get("subprotocols") or ()
        return offered


class EarlyHandshake(Handshake):
    """A handshake as a server has read it: the rest of its scope is made for whoever asks for it.

    Args:
        headers: see `raw_headers`.
        subprotocols: what the client offers.
        host: the client's address.
        make_scope: returns the whole scope.
    """

    def __init__(
        self,
        headers: Sequence[tuple[bytes, bytes]],
        subprotocols: Sequence[str],
        host: str | None,
        make_scope: Callable[[], Scope],
    ) -> None:
        # not that of the base, which wants the scope
        self._early = headers, subprotocols, host
        self._make_scope = make_scope

    @cached_property
    def scope(self) -> Scope:  # type: ignore[override]
        """The scope of ASGI, without a query string."""
        return {**self._make_scope(), "query_string": b""}

    @property
    def raw_headers(self) -> Sequence[tuple[bytes, bytes]]:
        """The headers as they came, in order, with their names in lower case."""
        return self._early[0]

    @property
    def subprotocols(self) -> Sequence[str]:
        """What the client offers."""
        return self._early[1]

    @property
    def host(self) -> str | None:
        """The client's address, without its port; None where it has none, on a Unix socket."""
        return self._early[2]
