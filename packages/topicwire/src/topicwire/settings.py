"""The limits of an app. Units are in the names; a limit is always on."""

from __future__ import annotations

from dataclasses import dataclass, fields

from topicwire.amounts import is_count, is_finite
from topicwire.errors import DeclarationError


@dataclass(frozen=True, slots=True)
class Settings:
    """What an app allows one client, and how long it waits.

    Raises:
        DeclarationError: a limit is zero or negative, though `retention_s` and
            `max_retained_topics` may be 0; it is infinite or no number; or what counts bytes or
            things is no whole one.
    """

    max_message_bytes: int = 65_536
    """A larger message from a client closes the connection with 1009."""

    max_update_bytes: int = 1_048_576
    """`publish` raises above this."""

    max_queue_bytes: int = 1_048_576
    """Bytes waiting for one connection. A message that comes when so many wait already closes it
    with 4008; one that comes before is sent, however large. The updates of a topic that wait for
    the reply which names it are bounded alike."""

    send_timeout_s: float = 30.0
    """A client that takes no byte for this long while something waits for it is given up."""

    heartbeat_s: float = 25.0
    """A client with the subprotocol that has sent no message for this long is sent a ping."""

    heartbeat_grace_s: float = 10.0
    """One that does not send a byte within this time after the ping has left is closed with 4010.
    """

    drain_timeout_s: float = 10.0
    """How long a drain may take to send what waits; a client that does not take it is given up
    then."""

    max_topics: int = 128
    """Topics one connection may hold, and subscriptions it may have; above,
    `too_many_subscriptions`."""

    max_waiting_commands: int = 64
    """Commands of one connection that wait for their turn; above, `rate_limited`."""

    max_waiting_refusals: int = 1_024
    """Refused messages of one connection whose answers wait for their turn behind a slow
    command; above, the connection is closed with 4029."""

    max_commands_per_s: float = 100.0
    """Messages other than pings that one connection may send, in the long run; above,
    `rate_limited`. Above twice as many the connection is closed with 4029."""

    max_command_burst: int = 1_000
    """How many of them at once, after a rest."""

    max_connections_per_principal: int = 256
    """Connections of one subject at a time; another one is closed with 4029."""

    max_connections_per_address: int = 4_096
    """Connections from one address at a time, of an IPv6 network of 64 bits; another one is closed
    with 4029. Behind a proxy the server must be told to believe it (`uvicorn --proxy-headers`), or
    all clients share the proxy's address."""

    auth_timeout_s: float = 10.0
    """`authenticate` may take this long; and a client that sends `auth` as its first message, to
    send it."""

    token_grace_s: float = 30.0
    """How long after `token_expired` a client may send a new token; then 4001."""

    command_timeout_s: float = 10.0
    """A handler, a start or a stop may take this long; and after a stop, the end of the task that
    `create_topic` returned."""

    restart_backoff_s: float = 0.5
    """A producer that died while somebody was subscribed is started again after a pause: at most
    this long the first time, twice as long each time, and somewhat less by chance."""

    max_restart_backoff_s: float = 30.0
    """The pause before a restart grows to this. A producer that ran as long as this begins with the
    first pause again."""

    max_lingering_topics: int = 128
    """Topics without a subscriber whose producers go on for their route's `linger_s`; past this
    the one that lingers longest is stopped at once."""

    retention_s: float = 300.0
    """A topic keeps its numbering this long after its last subscriber left."""

    max_retained_topics: int = 10_000
    """Topics without a subscriber that keep their numbering, and as many that keep updates for
    clients that come back; those that were left first lose theirs first."""

    max_replay_bytes: int = 268_435_456
    """Kept for clients that come back, of all topics together. Past this, last values included,
    topics without a subscriber lose what they keep, those that were left first; then whichever
    topic is to keep more lets its oldest go."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            least_is_zero = field.name in {"retention_s", "max_retained_topics"}
            counts = not field.name.endswith("_s")
            if not (is_count(value) if counts else is_finite(value)):
                raise DeclarationError(
                    f"Settings.{field.name} is {value!r}, of type {type(value).__name__}: it must "
                    f"be {'a whole' if counts else 'a finite'} number. A limit is always on; say "
                    "a large one where it should not be felt."
                )
            if value < 0 or (value == 0 and not least_is_zero):
                raise DeclarationError(
                    f"Settings.{field.name} is {value!r}: it must be "
                    f"{'zero or more' if least_is_zero else 'more than zero'}."
                )
