"""Values that every part shares: positions, messages, replies, and the client a handler sees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any, Final, Generic, Literal, NamedTuple, Protocol, TypeAlias

from pydantic import BaseModel, Field
from typing_extensions import TypeVar

from topicwire.amounts import is_count, is_finite
from topicwire.errors import DeclarationError, NotSubscribedError

_TData = TypeVar("_TData", default=Any)

MessageId: TypeAlias = str | int
"""A client's own name for a command: at most 64 characters, or an integer below 2**53."""

Direction: TypeAlias = Literal["to_server", "to_client"]
"""Which way a frame travels."""

ErrorCode: TypeAlias = Literal[
    "invalid_json",
    "invalid_message",
    "no_matching_type",
    "validation_error",
    "not_subscribed",
    "unauthenticated",
    "token_expired",
    "forbidden",
    "producer_failed",
    "too_many_subscriptions",
    "rate_limited",
    "timeout",
    "too_large",
    "draining",
    "internal",
]
"""Stable names of what went wrong (protocol, "Error codes"). Clients must accept ones not listed,
and an application may reject with a code of its own."""


Delivery: TypeAlias = Literal["latest", "drop_oldest", "merge"]
"""What a route does that does not promise every single update (protocol, section "Delivery")."""


class Position(NamedTuple):
    """A place in a topic's numbering: `seq` updates after the beginning of `epoch`."""

    epoch: str
    seq: int


class TopicId(NamedTuple):
    """A topic's identity: two routes may use the same key for different topics."""

    route: str
    key: str


@dataclass(frozen=True, slots=True)
class ReplayLimits:
    """How much of a topic is kept for clients that come back. What is reached first counts.

    A limit of 0 keeps nothing. What is kept outlives the topic's last subscriber by `max_age_s`.

    Raises:
        DeclarationError: a limit is negative, not finite or no number.
    """

    max_updates: int = 300
    max_age_s: float = 300.0
    """Older updates are let go. Seconds."""

    max_bytes: int = 1_048_576
    """Of encoded updates, envelope included."""

    def __post_init__(self) -> None:
        for limit in fields(self):
            value = getattr(self, limit.name)
            is_age = limit.name == "max_age_s"
            if not (is_finite(value) if is_age else is_count(value)) or value < 0:
                raise DeclarationError(
                    f"ReplayLimits.{limit.name} is {value!r}: it must be 0 (keep nothing) or "
                    f"{'a finite number of seconds' if is_age else 'a whole number'} above."
                )

    @property
    def keeps_nothing(self) -> bool:
        """A limit is 0, so that no client can ever be given what it missed."""
        return not (self.max_updates and self.max_age_s and self.max_bytes)


@dataclass(frozen=True, slots=True)
class Principal:
    """Who a client is, as the app's `authenticate` found out. Never changed.

    Attributes:
        subject: names who it is, the same in every token of theirs; "" is nobody in particular.
        expires_at: when this stops being true, in Unix seconds; None for never.
        scopes: what they were granted.
        claims: whatever else is known of them.
    """

    subject: str
    expires_at: float | None = None
    scopes: frozenset[str] = frozenset()
    claims: Mapping[str, Any] = field(
        default_factory=lambda: MappingProxyType({}), hash=False, compare=False, repr=False
    )


ANONYMOUS: Final = Principal("")
"""Nobody in particular: a client of an app that does not authenticate, or that lets it in without
signing in. Such clients are not counted together, and may sign in later, by `auth`."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message of the protocol, decoded: `type`, `payload` and the sender's `id`."""

    type: str
    payload: Any = None
    id: MessageId | None = None
    resume: Any = None
    """Where to go on from, as it was sent: read by a subscription alone."""


@dataclass(frozen=True)  # without slots, which SubscriptionUpdate[Trade](...) does not survive
class SubscriptionUpdate(Generic[_TData]):
    """One update on its way to a topic: what `router.updates_queue` takes."""

    topic: str
    payload: _TData


def _unset(value: object) -> bool:
    return value is None


class ErrorDetail(BaseModel):
    """Where a payload is wrong. Never carries a value that was sent."""

    path: str = Field(description="Dotted path into the payload, `symbols.0`; empty for all of it.")
    message: str
    kind: str = Field(description="Pydantic's name of the error, `string_too_short`.")


class TopicPosition(BaseModel):
    """One topic of a subscription, and the position after which its updates follow."""

    topic: str
    epoch: str
    seq: int
    recovered: bool | None = Field(
        default=None,
        exclude_if=_unset,
        description="Whether everything after the position that was given follows.",
    )
    snapshot: bool | None = Field(
        default=None,
        exclude_if=_unset,
        description="true when the topic's present state follows the reply; false when none does.",
    )
    full_state: bool | None = Field(
        default=None,
        exclude_if=_unset,
        description="true when each update is the topic's whole state.",
    )


class SubscriptionResponse(BaseModel):
    """The reply to subscribe and unsubscribe. What is unset is left out of the message.

    A handler gives `status`, `message` and `topic`; the engine fills in `epoch`, `seq`,
    `recovered` and `topics`. A route may answer with a subclass that has more fields. They need
    defaults, since the engine answers by itself when a producer fails to start.
    """

    status: Literal["ok", "error"]
    message: str
    topic: str = Field(description="The topic whose updates follow; the first one, of several.")
    symbol: str | None = Field(default=None, exclude_if=_unset)
    code: ErrorCode | str | None = Field(
        default=None, exclude_if=_unset, description="What went wrong, when `status` is error."
    )
    details: list[ErrorDetail] | None = Field(
        default=None, exclude_if=_unset, description="What in the request is wrong."
    )
    epoch: str | None = Field(
        default=None, exclude_if=_unset, description="Names the life of the topic's numbering."
    )
    seq: int | None = Field(
        default=None, exclude_if=_unset, description="The updates after this one follow."
    )
    recovered: bool | None = Field(
        default=None,
        exclude_if=_unset,
        description=(
            "The answer to `resume`: true when everything after the given position follows, of "
            "every topic; false when it cannot, and nothing of it is sent."
        ),
    )
    snapshot: bool | None = Field(
        default=None,
        exclude_if=_unset,
        description=(
            "true when the topic's present state follows the reply. Until it has come, whoever "
            "loses the connection has nothing to resume from. false when none does, on a route "
            "where updates are changes of one: who lacks it subscribes again."
        ),
    )
    full_state: bool | None = Field(
        default=None,
        exclude_if=_unset,
        description=(
            "true when each update is the topic's whole state, so that the last one is the present "
            "state. Absent where an update may be a change."
        ),
    )
    stale_after_s: float | None = Field(
        default=None,
        exclude_if=_unset,
        description=(
            "Each topic promises an update at least so often, in seconds: one that is silent for "
            "longer is stale. Unset where nothing is promised."
        ),
    )
    delivery: Delivery | None = Field(
        default=None,
        exclude_if=_unset,
        description=(
            "What becomes of updates while the client is behind; absent where every one is sent. "
            "Where it is there, a number that is left out is no loss."
        ),
    )
    topics: list[TopicPosition] | None = Field(
        default=None, exclude_if=_unset, description="Every topic, when there are several."
    )


class HeldTopics(Protocol):
    """What a connection holds on one route, as `Client` needs to know it."""

    def of_request(self) -> tuple[str, ...]:
        """Return the topics of the subscription that this very request has, if it has one."""
        ...

    def holds(self, topic: str) -> bool:
        """Say whether any subscription of this route and connection holds `topic`."""
        ...


class Client:
    """The connection that a command came from, as its handler sees it.

    Nothing happens while the handler runs: `subscribe` and `unsubscribe` are staged. When the
    handler has returned, the engine starts what must be started, answers, and lets the updates
    follow the answer. A handler that raises, or answers with `status="error"`, has staged nothing.
    """

    __slots__ = ("_held", "_id", "_principal", "_staged")

    def __init__(self, client_id: str, held: HeldTopics, principal: Principal = ANONYMOUS) -> None:
        self._id = client_id
        self._held = held
        self._principal = principal
        self._staged = StagedChanges()

    @property
    def id(self) -> str:
        """Names the connection in logs and in `hello`. Not a secret, not an identity."""
        return self._id

    @property
    def principal(self) -> Principal:
        """Who the client is: `ANONYMOUS` where the app does not authenticate."""
        return self._principal

    @property
    def subscription(self) -> tuple[str, ...]:
        """The topics that this same request is subscribed to already; empty when it is not."""
        return self._held.of_request()

    @property
    def staged(self) -> StagedChanges:
        """What the handler has asked for so far. Read by the engine."""
        return self._staged

    def subscribe(self, *topics: str) -> None:
        """Subscribe this request to `topics`: all of them, or none when one cannot start.

        A request that is subscribed already keeps the topics it has, unless the same handler
        leaves them all.

        Raises:
            TypeError: a topic is no string.
        """
        _check_strings(topics, "subscribe")
        self._staged.subscribe.extend(topics)

    def unsubscribe(self, *topics: str) -> tuple[str, ...]:
        """Leave `topics`; without an argument, all topics of this request's subscription.

        Returns the topics that are left.

        Raises:
            NotSubscribedError: this connection does not hold one of them. Nobody is touched.
            TypeError: a topic is no string.
        """
        _check_strings(topics, "unsubscribe")
        own = self._held.of_request()
        if not topics:
            if not own:
                raise NotSubscribedError
            topics = own
        for topic in topics:
            if not (topic in own if own else self._held.holds(topic)):
                raise NotSubscribedError(topic)
        self._staged.is_of_request |= bool(own)
        self._staged.unsubscribe.extend(topics)
        return topics


def _check_strings(topics: tuple[str, ...], method: str) -> None:
    for topic in topics:
        if not isinstance(topic, str):
            raise TypeError(
                f"client.{method}() takes topics, which are strings, and got "
                f"{type(topic).__name__}. Several topics are several arguments: "
                f"client.{method}(*topics)."
            )


class StagedChanges:
    """What a handler asked for, in order, to be done when it has returned."""

    __slots__ = ("is_of_request", "subscribe", "unsubscribe")

    def __init__(self) -> None:
        self.is_of_request = False
        """What is left was the request's own subscription, and no other one's."""
        self.subscribe: list[str] = []
        self.unsubscribe: list[str] = []

    def __bool__(self) -> bool:
        return bool(self.subscribe or self.unsubscribe)


Topics: TypeAlias = str | Sequence[str]
"""What a topic builder returns: one topic, or several."""
