"""Every error of the framework, under one root.

Two kinds: what a programmer declared or called wrongly (`DeclarationError`, `PublishError`), and
what a client is told (`CommandError`, whose `code` is in docs/protocol.md, section 6).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from topicwire.replies import ErrorDetail
    from topicwire.types import ErrorCode, MessageId


class TopicwireError(Exception):
    """The root of every error that Topicwire raises on purpose."""


class DeclarationError(TopicwireError, ValueError):
    """A route, an operation or a service is declared in a way that cannot work."""


class RouterInUseError(TopicwireError, RuntimeError):
    """A router instance belongs to one app, and this one has an app already."""

    def __init__(self, route: str, app: str) -> None:
        super().__init__(
            f"the router of route {route!r} is included in the app {app!r} already, and a router "
            "feeds one app. Construct another router for this app: make it where the app is put "
            "together (`get_ws_routers()`), not once per module."
        )
        self.route = route
        self.app = app


class PublishError(TopicwireError):
    """An update cannot be published. Nobody was sent anything."""


class NotIncludedError(PublishError, RuntimeError):
    """`publish` on a router that no app includes."""

    def __init__(self, route: str) -> None:
        super().__init__(
            f"nobody can hear the route {route!r}: no app includes this router. Pass this very "
            "instance to `FastWSAdapter.include_router(router)` before publishing on it."
        )
        self.route = route


class InvalidUpdateError(PublishError, ValueError):
    """The data of an update is not what the route declares, or has no JSON form."""


class InexactError(InvalidUpdateError):
    """A number would be another one where it arrives: NaN, infinity, an integer beyond 2^53 - 1."""


class UpdateTooLargeError(PublishError, ValueError):
    """One update is larger than the limit of the app.

    Attributes:
        size: of the encoded payload, in bytes.
        limit: in bytes.
    """

    def __init__(self, topic: str, size: int, limit: int) -> None:
        super().__init__(
            f"an update of topic {topic!r} is {size} bytes; at most {limit} are allowed. "
            "Send less in one update, or raise `Settings.max_update_bytes`."
        )
        self.topic = topic
        self.size = size
        self.limit = limit


class PatternPublishedError(PublishError, ValueError):
    """`publish` on a wildcard pattern, which stands for several topics and is none of them.

    Attributes:
        route: its name.
        topic: the pattern.
    """

    def __init__(self, route: str, topic: str) -> None:
        super().__init__(
            f"{topic!r} is a pattern of route {route!r}: it stands for many topics. Publish on the "
            "topic that the update is of; whoever is subscribed to a pattern that matches it gets "
            "it too."
        )
        self.route = route
        self.topic = topic


class WrongThreadError(PublishError, RuntimeError):
    """`publish` from another thread than the one the app's event loop runs in."""

    def __init__(self, route: str) -> None:
        super().__init__(
            f"an update of route {route!r} was published outside the thread of the event loop. "
            "From another thread: `loop.call_soon_threadsafe(router.publish, topic, data)`."
        )
        self.route = route


class WrongLoopError(TopicwireError, RuntimeError):
    """What belongs to the event loop's thread was called from another one."""

    def __init__(self, call: str) -> None:
        super().__init__(
            f"{call} was called outside the thread of the event loop. From another thread: "
            f"`loop.call_soon_threadsafe({call}, ...)`."
        )


class CommandError(TopicwireError):
    """A command of a client fails, and the client is told `code` and the message.

    Raise `Rejected`, or one of your own subclasses, in a handler or a hook to refuse a command.

    Attributes:
        code: the stable name of the failure: one of `ErrorCode`, or one of your application's own.
        topic: the topic at fault, or "".
        details: where the payload is wrong.
    """

    def __init__(
        self,
        message: str,
        *,
        code: ErrorCode | str,
        topic: str = "",
        details: Sequence[ErrorDetail] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code: ErrorCode | str = code
        self.topic = topic
        self.details = tuple(details)


class Rejected(CommandError):  # noqa: N818 - reads as what it is: `raise Rejected("unknown symbol")`
    """A handler or a hook refuses what the client asks for."""

    def __init__(
        self, message: str, *, code: ErrorCode | str = "forbidden", topic: str = ""
    ) -> None:
        super().__init__(message, code=code, topic=topic)


class InvalidMessageError(CommandError, ValueError):
    """What a client sent is JSON and no message.

    Attributes:
        id: the client's name for it, when that much is right.
    """

    def __init__(self, message: str, message_id: MessageId | None = None) -> None:
        super().__init__(message, code="invalid_message")
        self.id = message_id


class NotSubscribedError(CommandError, LookupError):
    """What is to be left is not subscribed by this connection."""

    def __init__(self, topic: str = "") -> None:
        super().__init__("Not subscribed", code="not_subscribed", topic=topic)


class TooManyCommandsError(CommandError):
    """A connection sends commands faster than they are handled.

    Attributes:
        limit: in waiting commands.
    """

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"{limit} commands wait already, and no more are taken. Wait for their replies.",
            code="rate_limited",
        )
        self.limit = limit


class TooFastError(CommandError):
    """A connection sends commands faster than the app allows.

    Attributes:
        rate_per_s: allowed, in commands a second.
    """

    def __init__(self, rate_per_s: float) -> None:
        super().__init__(
            f"More than {rate_per_s:g} commands a second, and no more are taken for a moment. "
            "Send less often.",
            code="rate_limited",
        )
        self.rate_per_s = rate_per_s


class DrainingError(CommandError):
    """The server is about to close every connection, and takes no further command."""

    def __init__(self) -> None:
        super().__init__(
            "The server is stopping. Connect again after the time that `closing` gave.",
            code="draining",
        )


class TooManySubscriptionsError(CommandError):
    """A connection would hold more topics, or have more subscriptions, than the app allows.

    Attributes:
        limit: in topics, and in subscriptions.
        topic: the first that is one too many.
    """

    def __init__(self, wanted: int, limit: int, topic: str = "", *, of: str = "topics") -> None:
        super().__init__(
            f"{wanted} {of} on one connection; at most {limit} are allowed. "
            "Unsubscribe from what is no longer shown.",
            code="too_many_subscriptions",
            topic=topic,
        )
        self.limit = limit


class TopicTooLongError(CommandError, ValueError):
    """The key of a topic is longer than the protocol allows.

    Attributes:
        size: in bytes of UTF-8.
        limit: in bytes.
    """

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(
            f"this request makes a topic of {size} bytes; at most {limit} are allowed",
            code="validation_error",
        )
        self.size = size
        self.limit = limit


class TopicKeyError(CommandError, ValueError):
    """A request has no canonical JSON, so it names no topic."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"this request names no topic: {reason}", code="validation_error")


class ProducerFailedError(CommandError):
    """What feeds a topic could not be started. The cause is in the server's log, not here."""

    def __init__(self, topic: str) -> None:
        super().__init__("The topic could not be started", code="producer_failed", topic=topic)


class CommandTimeoutError(CommandError, TimeoutError):
    """A handler or a start took longer than the app allows."""

    def __init__(self, topic: str = "") -> None:
        super().__init__("The server did not finish in time", code="timeout", topic=topic)
