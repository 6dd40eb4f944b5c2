"""Values that every part shares: positions, messages, and the client a handler sees.

Without Pydantic: what reads documents and writes clients starts in half the time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any, Final, Literal, NamedTuple, Protocol, TypeAlias

from topicwire.amounts import is_count, is_finite
from topicwire.errors import DeclarationError, NotSubscribedError

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


MAX_EPOCH_CHARACTERS: Final = 64
"""Of a position that a client gives."""

MAX_SEQ: Final = 2**53 - 1
"""Of a position: what every JSON reader takes for what it is."""


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
