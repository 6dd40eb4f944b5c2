"""What an application gives as `FastWSAdapter(authenticate=...)`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeAlias, runtime_checkable

from topicwire.identity.handshake import Handshake
from topicwire.types import Principal

Answer: TypeAlias = Principal | Awaitable[Principal | None] | None
"""A principal, or None: refused. Now, or awaited."""

Authenticate: TypeAlias = Callable[[Handshake], Answer]
"""Says who a client is, by its handshake: a plain function or a coroutine.

None refuses the client, as raising `Rejected` does. Who need not sign in is `ANONYMOUS`.
"""


@runtime_checkable
class Authenticator(Protocol):
    """Says who a client is, by its handshake and by a token: what `auth` messages need.

    With one, a client may refresh its token without reconnecting; and a client that can put none
    into its handshake may send `auth` as its first message. One that takes a session cookie says
    which in an attribute `cookie`, for the document.
    """

    def authenticate(self, websocket: Handshake, /) -> Answer:
        """Return who the client is, by its handshake.

        None refuses a handshake that has a bearer token. Without one, None says that nothing in
        the handshake names anybody, and `auth` may follow as the first message. `Rejected`
        refuses the client at once, in either case.
        """
        ...

    def authenticate_token(self, token: str, /) -> Answer:
        """Return who the bearer of `token` is; None, or raise `Rejected`, when it is not valid."""
        ...
