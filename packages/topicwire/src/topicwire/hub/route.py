"""A route and its commands as the hub knows them: plain functions, whatever declared them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, Protocol, TypeAlias

from topicwire.core.patterns import PatternIndex
from topicwire.core.policies import Policy
from topicwire.hub.metrics import RouteMetrics
from topicwire.replies import SubscriptionResponse
from topicwire.types import Client, Delivery, MessageId, Principal, ReplayLimits
from topicwire.wire.marks import mark_of_source
from topicwire.wire.resume import Resume


class Service(Protocol):
    """What feeds the topics of a route."""

    def create_topic(
        self, topic: str, topic_update: Callable[[Any], None], /
    ) -> Awaitable[asyncio.Future[Any] | None] | asyncio.Future[Any] | None:
        """Start feeding `topic`."""
        ...

    def remove_topic(self, topic: str, /) -> Awaitable[None] | None:
        """Stop feeding `topic`."""
        ...


Authorize: TypeAlias = Callable[[Principal, Any, str], Awaitable[bool | None] | bool | None]
"""`(principal, request, topic)`: whether the principal may have the topic."""


@dataclass(frozen=True, slots=True)
class Conflation:
    """How a route delivers that does not promise every single update.

    Attributes:
        name: of the policy, as the reply to a subscription says it.
        policy: what becomes of updates that wait; None where they are merged.
        mark: what an update carries for it, read from its data; raises PublishError. None: nothing.
        merge: an older and a newer payload to one; may raise anything. None where none are merged.
        interval_s: between two moments of sending; 0 for no limit.
    """

    name: Delivery
    policy: Policy | None
    mark: Callable[[Any], bytes] | None = None
    merge: Callable[[bytes, bytes], bytes] | None = None
    interval_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Route:
    """What the hub needs to know to serve a route.

    Attributes:
        name: the first part of its message types.
        encode: an update's data to JSON; raises PublishError.
        service: feeds the topics; None when updates come from `publish` alone.
        linger_s: between the last subscriber's leaving and the stop of a producer.
        replay: how much is kept for clients that come back; None to keep nothing.
        get_snapshot: a topic's present state, or None; None where the route has no such thing.
        reads_later: `get_snapshot` is a coroutine; each update is a full state.
        stale_after_s: each topic promises an update at least so often; None for no promise.
        keeps_last: the last update is the snapshot.
        full_state: each update is a whole state, which clients are told.
        outlives_producer: updates come whether or not the service feeds the topic, so numbering
            and ring outlive it.
        metrics: what is counted for it.
        authorize: says of each topic whether a client may have it; None lets everybody.
        patterns: those that somebody wants; None where a `*` is as any other character.
        conflation: how it delivers; None where every update is sent.
        max_queue_bytes: so much may wait for a client when an update comes, where every one is
            sent; None for what the app allows.
    """

    name: str
    encode: Callable[[Any], bytes]
    service: Service | None
    linger_s: float
    replay: ReplayLimits | None = None
    get_snapshot: Callable[[str], Any] | None = None
    reads_later: bool = False
    stale_after_s: float | None = None
    keeps_last: bool = False
    full_state: bool = False
    outlives_producer: bool = True
    authorize: Authorize | None = None
    patterns: PatternIndex | None = field(default=None, compare=False)
    metrics: RouteMetrics = field(default_factory=RouteMetrics, compare=False)
    conflation: Conflation | None = None
    max_queue_bytes: int | None = None

    @property
    def tells_states(self) -> bool:
        """Whether there are states, and no update is one: who lacks it asks for it."""
        return self.get_snapshot is not None and not self.full_state

    def mark(self, data: Any) -> bytes:
        """Return what an update carries before its payload, for whoever conflates it.

        Raises:
            PublishError: the data does not say it.
        """
        conflation = self.conflation
        return b"" if conflation is None or conflation.mark is None else conflation.mark(data)

    def mark_of_source(self, mark: bytes, key: str) -> bytes:
        """Return the mark of the update of a pattern that matches the topic `key`."""
        return mark if self.conflation is None else mark_of_source(mark, key)

    def of_pattern(self) -> Route:
        """Return the route as a pattern of it is served.

        Nothing produces a pattern's updates but the topics that it matches, if there are any, so
        it promises no rate; and the state of many topics is not one state. Without a ring its
        numbering ends with its last subscriber, since what is published from then on is not
        numbered.
        """
        return replace(
            self,
            service=None,
            get_snapshot=None,
            reads_later=False,
            stale_after_s=None,
            keeps_last=False,
            full_state=False,
            outlives_producer=self.replay is not None,
        )


@dataclass(frozen=True, slots=True)
class Command:
    """One type of message that clients may send.

    Attributes:
        type: as it is on the wire.
        route: whose topics its handler subscribes to.
        decode: a message's text to its payload; raises CommandError.
        handle: the handler; what it returns may be awaitable.
        canonical: a payload as canonical JSON: what identifies a subscription.
        reply_type: the reply's type on the wire; None when there is no reply.
        encode_reply: what the handler returned to JSON; None when the reply has no payload.
        response: what the handler returned as the `SubscriptionResponse` that the reply is, so
            failures are told by it; raises when it is none. None for a reply of another type.
        can_resume: it subscribes, and may say from where.
    """

    type: str
    route: Route
    decode: Callable[[str], Any]
    handle: Callable[[Any, Client], Any]
    canonical: Callable[[Any], str]
    reply_type: str | None
    encode_reply: Callable[[Any], bytes] | None
    response: Callable[[Any], SubscriptionResponse] | None
    can_resume: bool = False


class PendingCommand(NamedTuple):
    """A command that waits for its turn, validated."""

    command: Command
    payload: Any
    id: MessageId | None
    resume: Resume | None = None
