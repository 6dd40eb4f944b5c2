"""How a client is told that something failed: what it may know, in the message that says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from topicwire.errors import CommandError
from topicwire.hub.route import Command
from topicwire.replies import SubscriptionResponse
from topicwire.types import MessageId
from topicwire.wire.frames import Frame, json_bytes, message_frame

if TYPE_CHECKING:
    from topicwire.hub.hub import Hub


def error_frame(error: CommandError, message_id: MessageId | None) -> Frame:
    """Return an `error` message: for what has no reply that can say it."""
    payload: dict[str, Any] = {"code": _text(error.code), "message": _text(error.message)}
    if error.details:
        payload["details"] = [detail.model_dump() for detail in error.details]
    return message_frame("error", json_bytes(payload), message_id)


def refusal_frame(command: Command, message_id: MessageId | None, error: CommandError) -> Frame:
    """Return how a failed command is answered: by its own reply, where that has a status."""
    if command.reply_type is None or command.response is None:
        return error_frame(error, message_id)
    response = SubscriptionResponse(
        status="error",
        message=_text(error.message),
        topic=_text(error.topic),
        code=_text(error.code),
        details=list(error.details) or None,
    )
    return message_frame(command.reply_type, response.model_dump_json().encode(), message_id)


def failure_frame(
    hub: Hub, command: Command, message_id: MessageId | None, error: BaseException
) -> Frame:
    """Return how a command is answered that failed with `error`, whatever that is.

    What the client is not told is logged, and `internal` is the answer.
    """
    told = _told(hub, command, error)
    try:
        answer = refusal_frame(command, message_id, told)
    except Exception as unsayable:  # noqa: BLE001 - texts and details are the application's
        told = _told(hub, command, unsayable)
        answer = refusal_frame(command, message_id, told)
    command.route.metrics.refuse(_text(told.code))
    return answer


def _told(hub: Hub, command: Command, error: BaseException) -> CommandError:
    """Return what the client is told about an exception; what it is not told is logged."""
    if isinstance(error, CommandError):
        return error
    known = hub.explain(error) if isinstance(error, Exception) else None
    if known is not None:
        return known
    command.route.metrics.handler_errors += 1
    hub.logger.error(
        "the handler of %s failed", command.type, exc_info=error, extra={"command": command.type}
    )
    return CommandError("Internal error", code="internal")


def explained(hub: Hub, what: str, error: BaseException) -> CommandError:
    """Return what a client is told when `what`, a function of the application, raised `error`.

    Its texts can be sent. What the client is not told is logged, and `internal` is the answer.
    """
    known = error if isinstance(error, CommandError) else None
    if known is None and isinstance(error, Exception):
        known = hub.explain(error)
    try:
        if known is not None:
            return CommandError(
                _text(known.message), code=_text(known.code), topic=_text(known.topic)
            )
    except Exception as unsayable:  # noqa: BLE001 - texts are the application's
        error = unsayable
    hub.logger.error("%s failed", what, exc_info=error)
    return CommandError("Internal error", code="internal")


def _text(value: object) -> str:
    """Return what an application gave as a text, an exception say, as one that UTF-8 can carry."""
    return str(value).encode(errors="backslashreplace").decode()
