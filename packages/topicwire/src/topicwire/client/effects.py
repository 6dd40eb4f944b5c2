"""What a session's caller is to do, in order. The session itself touches no socket and no timer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from topicwire.client.errors import ClientError

Token: TypeAlias = int
"""Names a listener, a call or a wait; chosen by the caller, never twice."""


@dataclass(frozen=True, slots=True)
class UpdateInfo:
    """Where an update stands."""

    topic: str
    seq: int
    """The server's number of this update within its topic: one more with each update."""

    source: str | None = None
    """The literal topic, where `topic` is a wildcard pattern."""

    snapshot: bool = False
    """The state at `seq`, not a change: the first that comes, where the route has snapshots."""


@dataclass(frozen=True, slots=True)
class Gap:
    """What a listener missed: what follows does not continue what it has."""

    topic: str
    after: int | None
    """The last number that was passed on, in the numbering of that time; None before the first."""

    seq: int | None
    """Updates go on after this number, perhaps of a new numbering; a snapshot of it follows where
    the route has one."""

    reason: str
    """`not_recovered`: the server no longer holds what was missed. Anything else is the server's
    word for a reset."""

    delivery: str | None = None
    """The policy, where it is not `lossless`: then some updates may be left out at any time, and
    nothing is said of them."""


@dataclass(frozen=True, slots=True)
class Send:
    """Send a text frame."""

    text: str


@dataclass(frozen=True, slots=True)
class Resolved:
    """A listener is accepted, a call answered, a wait over."""

    token: Token
    value: Any


@dataclass(frozen=True, slots=True)
class Rejected:
    """A listener or a call is over and forgotten."""

    token: Token
    error: ClientError


@dataclass(frozen=True, slots=True)
class Update:
    """An update for a listener."""

    token: Token
    data: Any
    info: UpdateInfo


@dataclass(frozen=True, slots=True)
class GapSeen:
    """For a listener: what comes next does not follow what came last."""

    token: Token
    gap: Gap


@dataclass(frozen=True, slots=True)
class Stale:
    """For a listener: a topic has become stale, or is no longer."""

    token: Token
    topic: str
    is_stale: bool


@dataclass(frozen=True, slots=True)
class Watch:
    """Call `silent(key, topic, now_ms)` after `delay_ms`.

    Instead of what was asked for this key and topic before.
    """

    key: str
    topic: str
    delay_ms: float


@dataclass(frozen=True, slots=True)
class Retry:
    """Call `retry(key)` after a backoff of so many failures."""

    key: str
    failures: int


@dataclass(frozen=True, slots=True)
class Resync:
    """A gap was seen: end the connection and make another, whose subscriptions resume."""


@dataclass(frozen=True, slots=True)
class Hello:
    """The server has begun to speak."""

    heartbeat_ms: float
    """It is heard at least so often; 0: it does not say."""

    grace_ms: float
    """How much later it may be heard."""


@dataclass(frozen=True, slots=True)
class Closing:
    """The server will end the connection; another is to be made after so long."""

    retry_after_ms: float


@dataclass(frozen=True, slots=True)
class Pong:
    """The server answered a ping."""


@dataclass(frozen=True, slots=True)
class Report:
    """A fault that is nobody's answer."""

    error: ClientError


Effect: TypeAlias = (
    Send
    | Resolved
    | Rejected
    | Update
    | GapSeen
    | Stale
    | Watch
    | Retry
    | Resync
    | Hello
    | Closing
    | Pong
    | Report
)

TELLING: Final = (Resolved, Rejected, Update, GapSeen, Stale, Report)
"""What is for somebody who listens or waits; the others are for the connection."""
