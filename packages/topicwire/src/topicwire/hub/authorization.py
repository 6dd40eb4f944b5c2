"""Whether a client may have a topic: asked before it is joined, and again when that may change."""

from __future__ import annotations

from collections.abc import Sequence
from inspect import isawaitable
from typing import TYPE_CHECKING, Any

from topicwire.errors import CommandError, CommandTimeoutError, Rejected
from topicwire.hub.clock import Begun, Deadline, begun
from topicwire.hub.route import Route
from topicwire.types import Principal

if TYPE_CHECKING:
    from topicwire.hub.hub import Hub
    from topicwire.hub.identity import Identity


async def authorize(
    hub: Hub, route: Route, principal: Principal, request: Any, topics: Sequence[str]
) -> None:
    """Ask the route about each topic in turn. All are allowed, or this raises.

    Raises:
        CommandError: one is refused, and named; or the answer took too long.
        Exception: whatever else the route's function raised.
    """
    if route.authorize is None:
        return
    ask = route.authorize
    deadline = Deadline(hub.clock, hub.command_timeout_s)
    asked = ""

    async def ask_about_the_rest(answer: Any, rest: Sequence[str]) -> None:
        nonlocal asked
        _check(await answer, route, asked)
        for asked in rest:
            answer = ask(principal, request, asked)
            _check(await answer if isawaitable(answer) else answer, route, asked)

    try:
        for number, asked in enumerate(topics, 1):
            answer = begun(ask(principal, request, asked))
            if type(answer) is not Begun:
                _check(answer, route, asked)
                continue
            async with deadline:
                await ask_about_the_rest(answer, topics[number:])
            return
    except Exception as error:
        if deadline.has_passed:
            raise CommandTimeoutError(asked) from None
        known = error if isinstance(error, CommandError) else hub.explain(error)
        if known is None:
            raise
        raise CommandError(
            known.message, code=known.code, topic=known.topic or asked, details=known.details
        ) from error


def _check(answer: object, route: Route, topic: str) -> None:
    if answer is None or answer is True:
        return
    if answer is False:
        raise Rejected("This client may not have this topic", topic=topic)
    raise TypeError(
        f"authorize of route {route.name!r} returned {type(answer).__name__}: it returns None or "
        "True to allow a topic, and False, or raises Rejected, to refuse it."
    )


class Permit:
    """What one command was allowed, as long as nothing has changed that it was asked of.

    Args:
        identity: of the connection.
        route: whose function is asked.
        request: the payload.
        topics: all that the command wants.
    """

    __slots__ = ("_generation", "_identity", "_request", "_route", "_topics")

    def __init__(
        self, identity: Identity, route: Route, request: Any, topics: Sequence[str]
    ) -> None:
        self._identity = identity
        self._route = route
        self._request = request
        self._topics = topics
        self._generation = -1

    @property
    def holds(self) -> bool:
        """Whether the last answer still holds."""
        return self._generation == self._identity.generation

    async def renew(self) -> None:
        """Ask, unless the last answer still holds. Then this does not wait for anything.

        Raises:
            CommandError, Exception: as `authorize`.
        """
        while not self.holds:
            generation = self._identity.generation
            await authorize(
                self._identity.hub,
                self._route,
                self._identity.principal,
                self._request,
                self._topics,
            )
            self._generation = generation
