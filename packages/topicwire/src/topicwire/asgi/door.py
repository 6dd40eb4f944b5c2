"""Who is let in: pages of a known origin, addresses with room left, principals that are known."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import lru_cache
from inspect import isawaitable
from ipaddress import IPv6Address, ip_address
from typing import Any, Final, TypeVar

from topicwire.asgi.origin import OriginCheck
from topicwire.asgi.places import Places
from topicwire.core.tally import Tally
from topicwire.errors import CommandError, DeclarationError
from topicwire.hub.hub import Hub
from topicwire.hub.identity import VerifyToken, recognize
from topicwire.identity.authenticator import Answer, Authenticate, Authenticator
from topicwire.identity.handshake import Handshake
from topicwire.identity.log import LENT
from topicwire.types import ANONYMOUS, Principal

_NETWORK_BITS: Final = 64

_Asked = TypeVar("_Asked")


class Door:
    """Decides about a handshake before anything is kept for its client.

    Args:
        hub: whose clients they will be.
        authenticate: the application's; None lets everybody in, as `ANONYMOUS`.
        allowed_origins: beside the host's own.
        logger: is told of refusals.

    Raises:
        DeclarationError: `authenticate` is neither a function nor an `Authenticator`, or an
            origin is none.
    """

    def __init__(
        self,
        hub: Hub,
        authenticate: Authenticate | Authenticator | None,
        allowed_origins: Sequence[str],
        logger: logging.Logger,
    ) -> None:
        self._hub = hub
        self._authenticate: Callable[[Handshake], Any] | None
        self.verify: VerifyToken | None = None
        """Who the bearer of a token is; None where `auth` messages are not understood."""
        if isinstance(authenticate, type):
            raise DeclarationError(
                f"authenticate is the class {authenticate.__name__}, not an instance: make one."
            )
        if isinstance(authenticate, Authenticator):
            self._authenticate = _lending(logger, authenticate.authenticate)
            self.verify = _lending(logger, authenticate.authenticate_token)
        elif authenticate is None:
            self._authenticate = None
        elif callable(authenticate):
            self._authenticate = _lending(logger, authenticate)
        else:
            raise DeclarationError(
                f"authenticate is {type(authenticate).__name__}: it is a function that takes the "
                "handshake, or an object with the methods authenticate and authenticate_token."
            )
        self._origins = OriginCheck(allowed_origins, logger)
        self._addresses: Tally[str] = Tally(hub.settings.max_connections_per_address)

    async def admit(self, handshake: Handshake, places: Places) -> Principal | None:
        """Return who a client is by its handshake; None when its first message may say so.

        Args:
            handshake: what it says.
            places: counts the connection, by address and principal, until it is closed.

        Raises:
            CommandError: it is refused.
        """
        if not self._origins.passes(handshake):
            raise CommandError("This origin is not allowed", code="forbidden")
        address = _address(handshake)
        if address is not None and not places.enter(self._addresses, address):
            raise _too_many("address", self._addresses.limit)
        principal = await self._recognize(handshake)
        if principal is not None:
            self.count(principal, places)
        return principal

    def count(self, principal: Principal, places: Places) -> None:
        """Count a connection of `principal`, until its places are left.

        Raises:
            CommandError: it has connections enough.
        """
        principals = self._hub.principals
        if principal.subject and not places.enter(principals, principal.subject):
            raise _too_many("principal", principals.limit)

    async def _recognize(self, handshake: Handshake) -> Principal | None:
        if self._authenticate is None:
            return ANONYMOUS
        principal = await recognize(self._hub, self._authenticate, handshake)
        if principal is None and (self.verify is None or handshake.bearer is not None):
            raise unknown()
        return principal


def _lending(logger: logging.Logger, ask: Callable[[_Asked], Answer]) -> Callable[[_Asked], Answer]:
    """Return `ask`, which logs by `logger`, whatever else it is asked by."""

    async def rest(answer: Awaitable[Principal | None]) -> Principal | None:
        before = LENT.set(logger)
        try:
            return await answer
        finally:
            LENT.reset(before)

    def asked(what: _Asked) -> Answer:
        before = LENT.set(logger)
        try:
            answer = ask(what)
        finally:
            LENT.reset(before)
        if answer is None or isinstance(answer, Principal) or not isawaitable(answer):
            return answer
        return rest(answer)

    return asked


def unknown() -> CommandError:
    """Return what a client is told whom nobody knows."""
    return CommandError("Who this client is cannot be told", code="unauthenticated")


def _too_many(whose: str, limit: int) -> CommandError:
    return CommandError(f"This {whose} has {limit} connections already", code="rate_limited")


def _address(handshake: Handshake) -> str | None:
    """Return what to count a client's connections by; None on a Unix socket."""
    host = handshake.host
    return _owner(host) if host else None


@lru_cache(maxsize=4096)
def _owner(host: str) -> str:
    """Return whose a host's connections are."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if not isinstance(address, IPv6Address):
        return host
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    # whoever has one address of a network has all of them
    return f"{int(address) >> (128 - _NETWORK_BITS):x}/{_NETWORK_BITS}"
