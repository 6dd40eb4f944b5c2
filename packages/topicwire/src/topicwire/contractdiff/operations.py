"""The operations of a document, each with the messages that travel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from topicwire.asyncapi.pointers import follow
from topicwire.types import Direction

CONNECTION = ""


@dataclass(frozen=True, slots=True)
class Message:
    """A message in one direction."""

    name: str
    direction: Direction
    payload: Any
    notes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Operation:
    """Something that the client asks, or that the server tells."""

    key: str
    """As the document has it: `trades.subscribe`."""

    name: str
    """Without the route: `subscribe`."""

    action: Literal["asked", "told"]
    message: Message
    reply: Message | None
    notes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Route:
    """A route, or the connection itself."""

    name: str
    extension: Mapping[str, Any]
    operations: Mapping[str, Operation]
    notes: Mapping[str, Any]


def read_routes(document: Mapping[str, Any]) -> dict[str, Route]:
    """Return every route by its name, and the connection as `""`."""
    found: dict[str, Route] = {}
    entries: dict[Any, dict[str, Any]] = {}
    for operation_key, entry in document.get("operations", {}).items():
        entries.setdefault(entry.get("channel", {}).get("$ref"), {})[operation_key] = entry
    for key, channel in document.get("channels", {}).items():
        extension = channel.get("x-topicwire-route")
        name = CONNECTION if extension is None else str(extension.get("name", key))
        where = f"#/channels/{key.replace('~', '~0').replace('/', '~1')}"
        operations = {
            one.name: one
            for operation_key, entry in entries.get(where, {}).items()
            if (one := _operation(document, operation_key, entry, name)) is not None
        }
        notes = {key: channel[key] for key in ("description", "summary") if key in channel}
        found[name] = Route(name, extension or {}, operations, notes)
    return found


def _operation(
    document: Mapping[str, Any], key: str, entry: Mapping[str, Any], route: str
) -> Operation | None:
    is_asked = entry.get("action") == "receive"
    asked: Direction = "to_server" if is_asked else "to_client"
    answered: Direction = "to_client" if is_asked else "to_server"
    message = _message(document, entry, asked)
    if message is None:
        return None
    notes = {one: entry[one] for one in ("summary", "description", "tags") if one in entry}
    return Operation(
        key,
        key.removeprefix(f"{route}.") if route else key,
        "asked" if is_asked else "told",
        message,
        _message(document, entry.get("reply") or {}, answered),
        notes,
    )


def _message(
    document: Mapping[str, Any], entry: Mapping[str, Any], direction: Direction
) -> Message | None:
    for reference in entry.get("messages", ()):
        message = follow(document, reference)
        notes = {
            one: message[one]
            for one in ("summary", "description", "deprecated", "examples", "tags")
            if one in message
        }
        name = str(message.get("name", reference.get("$ref", "").rpartition("/")[2]))
        return Message(name, direction, message.get("payload", True), notes)
    return None
