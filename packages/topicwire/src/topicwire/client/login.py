"""Who the client is: a token, from where it comes, and how it is offered."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Awaitable, Callable, Sequence
from inspect import isawaitable
from typing import TypeAlias

from topicwire.errors import DeclarationError
from topicwire.wire.frames import BEARER_SUBPROTOCOL

TokenSource: TypeAlias = str | Callable[[], str | Awaitable[str]]
"""A token, or a function that gets one: it is called before each connection, and when the server
says that the one in use expires. It may be a coroutine function."""


def offered_with(subprotocols: Sequence[str], token: str | None) -> list[str]:
    """Return what the handshake offers. A token never goes into the URL, which ends in logs."""
    if token is None:
        return [*subprotocols]
    if not isinstance(token, str):
        raise TypeError(f"the token is {type(token).__name__}: it is to be a string")
    encoded = urlsafe_b64encode(token.encode()).decode().rstrip("=")
    return [*subprotocols, f"{BEARER_SUBPROTOCOL}{encoded}"]


class Login:
    """The token of the connections to come.

    Args:
        source: where tokens come from; None for a client that has none.

    Raises:
        DeclarationError: it is neither a string nor a function.
    """

    def __init__(self, source: TokenSource | None) -> None:
        if not (source is None or isinstance(source, str) or callable(source)):
            raise DeclarationError(
                f"token is {type(source).__name__}: it is a string, a function that returns one, "
                "or None."
            )
        self._source = source
        self._given: str | None = None

    @property
    def can_renew(self) -> bool:
        """Whether a fresh token can be had without asking the application's user."""
        return callable(self._source)

    def give(self, token: str) -> str | None:
        """Use this token from now on, until the source, where it is a function, gives another.

        Returns the one that was given before, if any was.

        Raises:
            DeclarationError: it is no string.
        """
        if not isinstance(token, str):
            raise DeclarationError(f"the token is {type(token).__name__}: it is to be a string.")
        before, self._given = self._given, token
        return before

    def take_back(self, token: str, before: str | None) -> None:
        """Use what was given before again, unless another was given since."""
        if self._given == token:
            self._given = before

    def known(self) -> str | None:
        """Return the token that is at hand, if there is one."""
        if self._given is not None:
            return self._given
        return None if callable(self._source) else self._source

    async def fetch(self) -> str | None:
        """Return a token for a new connection; what the source raises is raised."""
        if not callable(self._source):
            return self.known()
        token = self._source()
        return await token if isawaitable(token) else token
