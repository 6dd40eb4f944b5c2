"""Who the client of one connection is, for how long, and what that lets it hold."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, TypeVar

from topicwire.close_codes import UNAUTHENTICATED
from topicwire.core.session import RequestId
from topicwire.errors import CommandError, CommandTimeoutError
from topicwire.hub.authorization import authorize
from topicwire.hub.clock import Deadline, Timer, ends_this_task, in_a_task
from topicwire.hub.refusals import error_frame, explained
from topicwire.hub.route import Route
from topicwire.types import Message, MessageId, Principal, TopicId
from topicwire.wire.frames import Frame, closed_frame, json_bytes, message_frame

if TYPE_CHECKING:
    from topicwire.hub.connection import Connection
    from topicwire.hub.hub import Hub

Answer: TypeAlias = Principal | Awaitable[Principal | None] | None

_Asked = TypeVar("_Asked")

VerifyToken: TypeAlias = Callable[[str], Answer]
"""Who the bearer of a token is; None when it is not valid."""


async def recognize(hub: Hub, ask: Callable[[_Asked], Answer], what: _Asked) -> Principal | None:
    """Return who the application says that a client is; None when it knows nobody.

    Args:
        hub: whose clock and limits count.
        ask: the application's.
        what: it is asked: a handshake, or a token.

    Raises:
        CommandError: the client is refused, or the application failed or took too long: then the
            log has the cause.
    """
    deadline = Deadline(hub.clock, hub.settings.auth_timeout_s)
    try:
        answer = ask(what)
        if not isinstance(answer, Principal):
            await in_a_task()
            answer = await deadline.of(answer)
        principal = _checked(answer)
    except BaseException as error:
        if ends_this_task(error) and not deadline.has_passed:
            raise
        if deadline.has_passed:
            hub.logger.error(  # noqa: TRY400 - where it waits is not where it was stopped
                "authenticating took longer than %g s", hub.settings.auth_timeout_s
            )
            raise CommandTimeoutError from None
        raise explained(hub, "authenticate", error) from error
    if principal is not None and _left_s(principal) == 0:
        raise CommandError("The token has expired", code="token_expired")
    return principal


def _checked(answer: object) -> Principal | None:
    if answer is None or isinstance(answer, Principal):
        return answer
    raise TypeError(
        f"authenticate returned {type(answer).__name__}: it returns a topicwire.Principal, or None "
        "to refuse the client."
    )


def token_of(message: Message) -> str:
    """Return the token of an `auth` message.

    Raises:
        CommandError: it has none.
    """
    payload = message.payload
    token = payload.get("token") if isinstance(payload, dict) else None
    if not isinstance(token, str):
        raise CommandError('The payload of auth is {"token": "..."}', code="validation_error")
    return token


def auth_response(message_id: MessageId | None, outcome: Principal | CommandError) -> Frame:
    """Return the answer to an `auth` message."""
    payload: dict[str, Any]
    if isinstance(outcome, CommandError):
        payload = {"status": "error", "code": str(outcome.code), "message": outcome.message}
    else:
        payload = {"status": "ok"}
        if (left_s := _left_s(outcome)) is not None:
            payload["expires_in_s"] = int(left_s)
    return message_frame("auth.response", json_bytes(payload), message_id)


def _left_s(principal: Principal) -> float | None:
    """Return for how long a principal is still what it says; None for ever."""
    if principal.expires_at is None or principal.expires_at == math.inf:
        return None
    return max(0.0, principal.expires_at - time.time())


class _Grant(NamedTuple):
    route: Route
    request: Any


class Identity:
    """The principal of one connection: its expiry, its renewal, and the topics that it may hold.

    Guarantee: whatever the connection holds on a route with `authorize` was allowed to its present
    principal, or is being asked about again.

    Args:
        connection: whose client it is.
        principal: who that is.
        verify: who the bearer of a token is; None where `auth` messages are not understood.
    """

    __slots__ = (
        "_alarm",
        "_connection",
        "_counted",
        "_grants",
        "_is_review_due",
        "_renewal",
        "_reviewing",
        "_verify",
        "generation",
        "hub",
        "principal",
    )

    def __init__(
        self, connection: Connection, principal: Principal, verify: VerifyToken | None
    ) -> None:
        self.hub = connection.hub
        self.principal = principal
        self.generation = 0
        """Grows when what was allowed may not be allowed any longer."""
        self._connection = connection
        self._verify = verify
        self._grants: dict[RequestId, _Grant] = {}
        self._renewal: asyncio.Task[None] | None = None
        self._reviewing: asyncio.Task[None] | None = None
        self._is_review_due = False
        self._alarm: Timer | None = None
        self._counted: str | None = None
        self._watch_expiry()

    @property
    def takes_tokens(self) -> bool:
        """Whether `auth` messages are understood."""
        return self._verify is not None

    @property
    def is_renewing(self) -> bool:
        """A token is being verified, and will be answered."""
        return self._renewal is not None

    def close(self) -> None:
        """The connection has ended."""
        for task in (self._renewal, self._reviewing):
            if task is not None:
                task.cancel()
        if self._alarm is not None:
            self._alarm.cancel()
        if self._counted is not None:
            self.hub.principals.leave(self._counted)
            self._counted = None

    def grant(self, request: RequestId, route: Route, payload: Any) -> None:
        """Note what a subscription was allowed for, to ask about it again."""
        if route.authorize is None:
            return
        # the session has `request` already: as many grants are more than it has
        if len(self._grants) >= self._connection.session.size:
            for gone in self._grants.keys() - set(self._connection.session.requests):
                del self._grants[gone]
        self._grants[request] = _Grant(route, payload)

    # Expiry

    def _watch_expiry(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        left_s = _left_s(self.principal)
        self._alarm = None if left_s is None else self.hub.clock.call_later(left_s, self._expire)

    def _expire(self) -> None:
        grace_s = self.hub.settings.token_grace_s
        cure = "Send auth with a new one" if self.takes_tokens else "Connect again with a new one"
        expired = CommandError(
            f"The token has expired. {cure} within {grace_s:g} s.", code="token_expired"
        )
        self.hub.metrics.tokens_expired += 1
        self._connection.push(error_frame(expired, None))
        self._alarm = self.hub.clock.call_later(grace_s, self._end)

    def _end(self) -> None:
        self._connection.end(UNAUTHENTICATED, "the token has expired")

    # Renewal

    def renew(self, message: Message) -> bool:
        """Take an `auth` message, on receipt. It is answered when the token has been verified.

        Returns whether it has a token.
        """
        try:
            token = token_of(message)
        except CommandError as refusal:
            self._connection.push(auth_response(message.id, refusal))
            return False
        if self._renewal is None:
            self._renewal = self.hub.spawn(self._renew(token, message.id))
        else:
            busy = CommandError(
                "Another auth is being looked at. Wait for its answer.", code="rate_limited"
            )
            self._connection.push(auth_response(message.id, busy))
        return True

    async def _renew(self, token: str, message_id: MessageId | None) -> None:
        try:
            outcome: Principal | CommandError
            try:
                outcome = await self._verified(token)
                if self._connection.is_ended:
                    return  # who verifies may swallow the cancellation, and nobody is there
                self._become(outcome)
            except CommandError as refusal:
                outcome = refusal
                self.hub.metrics.refuse_login(refusal.code)
            self._connection.push(auth_response(message_id, outcome))
        finally:
            self._renewal = None

    async def _verified(self, token: str) -> Principal:
        verify = self._verify
        principal = None if verify is None else await recognize(self.hub, verify, token)
        if principal is None:
            raise CommandError("The token is not valid", code="unauthenticated")
        return principal

    def _become(self, principal: Principal) -> None:
        """Be `principal` from now on, and ask anew about what is held.

        The next token need not wait for that: who answers slowly may take longer than one lasts.
        """
        if principal.subject != self.principal.subject:
            self._sign_in(principal.subject)
        self.principal = principal
        self.generation += 1
        self._watch_expiry()
        self._is_review_due = True
        if self._reviewing is None:
            self._reviewing = self.hub.spawn(self._review())

    def _sign_in(self, subject: str) -> None:
        """Let nobody in particular become somebody; nobody becomes anybody else."""
        if self.principal.subject:
            raise CommandError(
                "The token is another subject's. Connect anew to be somebody else.",
                code="forbidden",
            )
        if not self.hub.principals.enter(subject):
            raise CommandError(
                f"This principal has {self.hub.principals.limit} connections already",
                code="rate_limited",
            )
        self._counted = subject

    async def _review(self) -> None:
        # one after the other: whoever renewed again and again would never be asked to the end
        try:
            while self._is_review_due:
                self._is_review_due = False
                await self._ask_again()
        finally:
            self._reviewing = None

    async def _ask_again(self) -> None:
        """Ask about everything that is held, and end what is refused."""
        session = self._connection.session
        for request, grant in tuple(self._grants.items()):
            topics = session.topics_of(request)
            try:
                await authorize(self.hub, grant.route, self.principal, grant.request, topics)
            except BaseException as error:  # whatever it is, it is not allowed
                if ends_this_task(error):
                    raise
                refusal = explained(self.hub, f"authorize of {grant.route.name}", error)
                if session.topics_of(request):
                    self.end_requests([request], refusal)

    # Ends

    def end_requests(self, requests: list[RequestId], why: CommandError) -> int:
        """End subscriptions, and tell the client of every topic that it loses. Returns how many."""
        session, hub = self._connection.session, self.hub
        left: list[TopicId] = []
        for request in requests:
            left += session.remove(request, session.topics_of(request))
            self._grants.pop(request, None)
        for topic in left:
            hub.held(topic).metrics.subscriptions_revoked += 1
            hub.leave(topic, self._connection)
            self._connection.push(closed_frame(topic, str(why.code), why.message, retry=False))
        return len(left)

    def revoke(self, affects: Callable[[TopicId], bool], why: CommandError) -> int:
        """End the subscriptions that have a topic that `affects` names. Returns how many topics.

        What a command under way was allowed is asked about again.
        """
        self.generation += 1
        session = self._connection.session
        affected = {topic for topic in session.topics if affects(topic)}
        return self.end_requests(session.holders(affected), why)
