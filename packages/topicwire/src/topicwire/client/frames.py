"""The text of commands and of the server's messages. Nothing of a message is trusted yet."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from pydantic_core import from_json

from topicwire.client.errors import (
    ClientError,
    InvalidJsonFromServerError,
    InvalidMessageFromServerError,
    RefusedError,
)
from topicwire.wire import packed

PING: Final = '{"type":"ping"}'
PONG: Final = '{"type":"pong"}'

_NONE: Final[Mapping[str, Any]] = {}


class ServerMessage(NamedTuple):
    """One message of the server, its envelope checked."""

    type: str
    id: object
    payload: Any


def encode_command(
    type_name: str, command_id: int, payload: str | None, resume: object = None
) -> str:
    """Return a command as it goes on the wire. `payload` is JSON already."""
    body = "" if payload is None else f',"payload":{payload}'
    position = "" if resume is None else f',"resume":{_compact(resume)}'
    return f'{{"type":{_compact(type_name)},"id":{command_id}{body}{position}}}'


def messages_in(frame: str | bytes) -> Iterator[ServerMessage | ClientError]:
    """Yield each message of a frame: of text a line of JSON, of bytes MessagePack.

    In place of a line that is none, and of a binary frame that cannot be read, comes the error.
    """
    if isinstance(frame, bytes):
        try:
            values = packed.messages_of(frame)
        except ValueError as error:
            yield InvalidJsonFromServerError(
                f"The server sent {len(frame)} bytes that are not JSON in MessagePack: {error}"
            )
        else:
            for value in values:
                yield _message(value, f"a frame of {len(frame)} bytes")
        return
    for line in frame.split("\n"):
        if not line:
            continue
        try:
            value = from_json(line, allow_inf_nan=False)
        except ValueError as error:
            yield InvalidJsonFromServerError(
                f"The server sent {len(line)} characters that are not JSON: {error}"
            )
        else:
            yield _message(value, f"{len(line)} characters")


def _message(value: object, size: str) -> ServerMessage | ClientError:
    members = members_of(value)
    type_name = members.get("type")
    if not isinstance(type_name, str):
        return InvalidMessageFromServerError(
            f"The server sent a message that has no `type`, in {size}."
        )
    return ServerMessage(type_name, members.get("id"), members.get("payload"))


def members_of(value: object) -> Mapping[str, Any]:
    """Return the value's members where it is an object; none otherwise."""
    return value if isinstance(value, dict) else _NONE


def number_of(value: object, otherwise: float = 0.0) -> float:
    """Return the number, or `otherwise` for what is none."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return otherwise
    try:
        return float(value)
    except OverflowError:  # hundreds of digits
        return otherwise


def error_of(payload: object, type_name: str) -> RefusedError:
    """Return the error that a server's payload describes."""
    members = members_of(payload)
    code, message, topic, details = (
        members.get(name) for name in ("code", "message", "topic", "details")
    )
    text = message if isinstance(message, str) else "refused without a message"
    return RefusedError(
        code if isinstance(code, str) else "internal",
        f"{type_name}: {text}",
        type=type_name,
        topic=topic if isinstance(topic, str) else None,
        details=[members_of(one) for one in details] if isinstance(details, list) else (),
    )


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
