"""What a mock reads from a document: routes, what they are sent and what they answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from topicwire.asyncapi.contract import read_contract
from topicwire.asyncapi.errors import DocumentError
from topicwire.asyncapi.pointers import follow
from topicwire.asyncapi.validate import validate

_BUILT_IN = ("subscribe", "unsubscribe")


@dataclass(frozen=True, slots=True)
class MockOperation:
    """A command of a route, beside subscribing and unsubscribing.

    Attributes:
        name: without the route.
        request: the schema of its payload; None where it has none.
        reply: the name of the reply, without the route; None where it is not answered.
        answer: the schema of the reply's payload; None where it has none.
    """

    name: str
    request: Any | None
    reply: str | None
    answer: Any | None


@dataclass(frozen=True, slots=True)
class MockRoute:
    """A route as a document has it.

    Attributes:
        request: the schema of what is subscribed with; None where nothing can be subscribed to.
        data: the schema of an update's data.
        answer: the schema of the reply to subscribing.
        declared: its `x-topicwire-route`.
    """

    name: str
    tags: tuple[str, ...]
    request: Any | None
    data: Any
    answer: Any
    declared: Mapping[str, Any]
    operations: tuple[MockOperation, ...]


@dataclass(frozen=True, slots=True)
class MockDocument:
    """A document that can be served.

    Attributes:
        content: the document itself.
        path: where its WebSocket is.
        takes_tokens: clients may send `auth`.
    """

    content: Mapping[str, Any]
    title: str
    version: str
    path: str
    takes_tokens: bool
    routes: tuple[MockRoute, ...]


def read(content: Any) -> MockDocument:
    """Read a document that Topicwire wrote.

    Raises:
        DocumentError: it is none, it is not right, or it has no route.
    """
    contract = read_contract(content)
    validate(content)
    routes = tuple(_routes(content))
    if not routes:
        raise DocumentError(
            f"The document of {contract.title!r} has no route, so there is nothing to serve."
        )
    [address, *others] = {str(one.get("address")) for one in content["channels"].values()}
    if others:
        raise DocumentError(
            f"The channels of this document have {1 + len(others)} addresses, and Topicwire serves "
            "all routes at one. Serve the documents one by one."
        )
    return MockDocument(
        content,
        contract.title,
        contract.version,
        address,
        "auth" in content.get("operations", {}),
        routes,
    )


def _routes(content: Mapping[str, Any]) -> Iterator[MockRoute]:
    for key, channel in content["channels"].items():
        declared = channel.get("x-topicwire-route")
        if declared is None:
            continue
        name = str(declared.get("name", key))
        messages = channel.get("messages", {})
        subscribe = messages.get(f"{name}.subscribe")
        update = follow(content, _payload(content, messages.get(f"{name}.update")) or {})
        answer = _payload(content, messages.get(f"{name}.subscribe.response"))
        yield MockRoute(
            name,
            tuple(str(one["name"]) for one in channel.get("tags", ())),
            None if subscribe is None else (_payload(content, subscribe) or {}),
            update.get("properties", {}).get("payload", True),
            answer,
            declared,
            tuple(_operations(content, name)),
        )


def _operations(content: Mapping[str, Any], route: str) -> Iterator[MockOperation]:
    for key, entry in content["operations"].items():
        name = key.removeprefix(f"{route}.")
        if name == key or name in _BUILT_IN or entry.get("action") != "receive":
            continue
        reply = entry.get("reply", {}).get("messages", [])
        message = follow(content, reply[0]) if reply else None
        yield MockOperation(
            name,
            _payload(content, entry["messages"][0]),
            None if message is None else str(message["name"]).removeprefix(f"{route}."),
            None if message is None else _payload(content, message),
        )


def _payload(content: Mapping[str, Any], message: Any) -> Any | None:
    """Return the schema of what an envelope carries."""
    if message is None:
        return None
    envelope = follow(content, follow(content, message).get("payload", {}))
    return envelope.get("properties", {}).get("payload")
