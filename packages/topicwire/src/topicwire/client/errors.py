"""What goes wrong for a client. One root; what the server said and what the client saw below it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from topicwire.errors import TopicwireError

if TYPE_CHECKING:
    from topicwire.client.effects import Gap


class ClientError(TopicwireError):
    """The root of what `topicwire.client` raises and reports. Tell them apart by class or `code`.

    Attributes:
        code: the server's code (docs/protocol.md, section 6), or the client's own.
        type: the message type that failed, such as `trades.subscribe`; None where there is none.
        topic: the topic at fault, where there is one.
        details: the faults of a `validation_error`, as the server sent them.
    """

    code = "internal"

    def __init__(
        self,
        message: str,
        *,
        type: str | None = None,  # noqa: A002 - the protocol's name for it
        topic: str | None = None,
        details: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.type = type
        self.topic = topic
        self.details: tuple[Mapping[str, Any], ...] = tuple(details)


class RefusedError(ClientError):
    """The server refused, or ended what it had accepted. `code` is the server's.

    A server newer than this client may send codes that this client does not know.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        type: str | None = None,  # noqa: A002 - the protocol's name for it
        topic: str | None = None,
        details: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        super().__init__(message, type=type, topic=topic, details=details)
        self.code = code


class OfflineError(ClientError, ConnectionError, TimeoutError):
    """There was no connection within the time allowed. Nothing was sent."""

    code = "offline"


class RequestTimeoutError(ClientError, TimeoutError):
    """No answer came within the time allowed. Whether the request was carried out is unknown."""

    code = "timeout"


class DisconnectedError(ClientError, ConnectionError):
    """The connection was lost before the answer. The request may have been carried out."""

    code = "disconnected"


class CancelledByCallerError(ClientError):
    """Unsubscribed before the server had accepted."""

    code = "cancelled"


class ClientClosedError(ClientError, ConnectionError):
    """The client was closed, or left its `async with`."""

    code = "closed"


class ServerRefusesError(ClientError, ConnectionError):
    """The server will not have this client, and connecting again would not change that.

    `code` is `unauthenticated` (close code 4001, HTTP 401) or `forbidden` (4003, 403).
    """

    def __init__(self, code: str, url: str, reason: str) -> None:
        super().__init__(
            f"{url} refuses this client: {reason or code}. It is not asked again by itself."
        )
        self.code = code


class LoginFailedError(ClientError):
    """The function that gets tokens raised; its error is the cause."""

    code = "connection_failed"


class NoSocketError(ClientError, ConnectionError):
    """No socket could be made at all: of such a token, or by such a connector."""

    code = "connection_failed"


class GapError(ClientError):
    """Updates were missed for good, and nobody took `on_gap`.

    Attributes:
        gap: which ones.
    """

    code = "gap"

    def __init__(self, gap: Gap) -> None:
        super().__init__(
            f"{gap.topic}: what came after {gap.after} was missed ({gap.reason}); updates go on "
            f"after {gap.seq}. Pass `on_gap` to go on with them.",
            topic=gap.topic,
        )
        self.gap = gap


class TooSlowError(ClientError):
    """A stream was read more slowly than updates came, until its buffer was full.

    Attributes:
        limit: in updates.
    """

    code = "too_slow"

    def __init__(self, route: str, limit: int) -> None:
        super().__init__(
            f"{route}: {limit} updates wait to be read, as many as may. Read faster, or pass a "
            "larger `max_buffered`.",
            type=f"{route}.update",
        )
        self.limit = limit


class SlowConsumerError(ClientError):
    """This client reads too slowly: the server closed its connection again and again for it.

    The client goes on connecting, waiting longer each time.
    """

    code = "slow_consumer"

    def __init__(self, times: int, within_s: float) -> None:
        super().__init__(
            f"the server closed the connection {times} times within {within_s:g} s, because this "
            "client reads more slowly than updates come. Subscribe to less, do less in callbacks, "
            "or let the route leave updates out (`delivery=latest()`)."
        )


class InvalidDataError(ClientError, ValueError):
    """What the server sent is not what the model takes: it was made from another version of it."""

    code = "invalid_data"


class InvalidMessageFromServerError(ClientError, ValueError):
    """What the server sent is no message of the protocol. It was dropped."""

    code = "invalid_message"


class InvalidJsonFromServerError(InvalidMessageFromServerError):
    """What the server sent is not JSON. It was dropped."""

    code = "invalid_json"
