"""What a document promises, read back: routes, their operations, and the types they carry.

Emitters work on this alone, so a client can be generated where the server's source is not at
hand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from topicwire.asyncapi.errors import DocumentError
from topicwire.asyncapi.promises import promises
from topicwire.asyncapi.shapes import (
    COMPONENTS,
    NEVER,
    Docs,
    NamedShape,
    Shape,
    read_docs,
    read_shape,
    references_in,
)
from topicwire.wire.frames import SUBPROTOCOL

_USUAL_ANSWER = {"$ref": f"{COMPONENTS}SubscriptionResponse"}
_POLICIES = ("lossless", "latest", "drop_oldest", "merge")
_BUILT_IN = ("subscribe", "unsubscribe", "update")


@dataclass(frozen=True, slots=True)
class OperationContract:
    """A request that is answered, beside subscribing and unsubscribing."""

    name: str
    request: Shape | None
    reply: Shape | None
    """None: the answer carries nothing."""

    docs: Docs


@dataclass(frozen=True, slots=True)
class RouteContract:
    """What a route asks for and what its updates carry."""

    name: str
    request: Shape
    data: Shape
    operations: tuple[OperationContract, ...]
    docs: Docs
    answer: Shape | None = None
    """The reply to subscribing, where it is the app's own."""

    policy: str | None = None
    """How a client that is behind is sent updates; None where the document does not say."""

    promises: tuple[str, ...] = ()
    """What the route promises of its delivery, a sentence each."""

    def sent(self) -> Iterator[Shape]:
        """Yield what the client sends."""
        yield self.request
        yield from (one.request for one in self.operations if one.request is not None)

    def received(self) -> Iterator[Shape]:
        """Yield what the server sends."""
        yield self.data
        yield from (one.reply for one in self.operations if one.reply is not None)
        if self.answer is not None:
            yield self.answer


@dataclass(frozen=True, slots=True)
class Contract:
    """A document, as far as clients care."""

    title: str
    version: str
    routes: tuple[RouteContract, ...]
    types: tuple[NamedShape, ...]
    """The types that the routes reach, by name."""

    takes_token: bool = False
    """A browser may say who its user is by a token: it is offered as a subprotocol."""


def check_ours(document: Any) -> None:
    """Accept a document that this version of Topicwire, or an older one, may have written.

    Whether it is right is for `topicwire.asyncapi.validate` to say.

    Raises:
        DocumentError: it is of something else, or of a newer version: the message says which.
    """
    version = str(document.get("asyncapi", "")) if isinstance(document, dict) else ""
    if not version.startswith("3."):
        raise DocumentError(
            f"This is not an AsyncAPI 3 document: {_seen(document, version)}. "
            "Export one with `topicwire spec`, or fetch …/asyncapi.json from a running server."
        )
    if "x-topicwire" not in document:
        raise DocumentError(
            "This AsyncAPI document was not written by Topicwire (no `x-topicwire` at its top), "
            "so its routes are not known. Use the document of a server that Topicwire serves."
        )
    ours = document["x-topicwire"]
    spoken = ours.get("subprotocol") if isinstance(ours, dict) else None
    is_newer = version.split(".")[1:2] not in (["0"], ["1"])
    if spoken != SUBPROTOCOL or is_newer:
        what = f"AsyncAPI {version}" if is_newer else f"the protocol {spoken!r}"
        raise DocumentError(
            f"This document was written by another version of Topicwire: it is of {what}, and this "
            f"version knows AsyncAPI 3.1 and {SUBPROTOCOL!r}. Install the version that the server "
            "runs: `pip install --upgrade topicwire[codegen]`."
        )


def _seen(document: Any, version: str) -> str:
    if version:
        return f"it is of AsyncAPI {version}, and Topicwire writes 3.1"
    if not isinstance(document, dict):
        return "there is no object at its top"
    if "openapi" in document or "swagger" in document:
        return "it is of OpenAPI, which describes the HTTP part of a server"
    return "there is no `asyncapi: 3.x` at its top"


def read_contract(document: Any, *, facts: bool = False) -> Contract:
    """Read a document that `topicwire.asyncapi.document.build` wrote.

    Args:
        document: as parsed JSON.
        facts: keep what is said of a value beside its type, as `Told` shapes.

    Raises:
        DocumentError: it is not an AsyncAPI 3 document of ours, or a reference in it leads
            nowhere.
    """
    check_ours(document)
    reader = _Reader(document, facts=facts)
    channels = document.get("channels", {})
    routes = tuple(
        reader.route(key, channel)
        for key, channel in channels.items()
        if "x-topicwire-route" in channel
    )
    info = document.get("info", {})
    return Contract(
        str(info.get("title", "")),
        str(info.get("version", "")),
        routes,
        reader.types(routes),
        takes_token=_takes_token(document),
    )


def _takes_token(document: Mapping[str, Any]) -> bool:
    schemes = document.get("components", {}).get("securitySchemes", {})
    return any(one.get("name") == "Sec-WebSocket-Protocol" for one in schemes.values())


def _policy(route: str, extension: Mapping[str, Any]) -> str | None:
    delivery = extension.get("delivery")
    policy = delivery.get("policy") if isinstance(delivery, Mapping) else None
    if policy is not None and policy not in _POLICIES:
        raise DocumentError(
            f"The route {route} is delivered by {policy!r}, which is none of "
            f"{', '.join(_POLICIES)}. Generate with the version that wrote the document, or newer."
        )
    return policy


def _by_route(operations: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the operations of each route, by their names without it."""
    found: dict[str, dict[str, Any]] = {}
    for key, one in operations.items():
        for at, character in enumerate(key):
            if character == ".":
                found.setdefault(key[:at], {})[key[at + 1 :]] = one
    return found


class _Reader:
    def __init__(self, document: Mapping[str, Any], *, facts: bool) -> None:
        self.document = document
        self.operations = _by_route(document.get("operations", {}))
        self.read = partial(read_shape, facts=facts)

    def resolve(self, value: Any) -> Any:
        while isinstance(value, dict) and "$ref" in value:
            pointer = str(value["$ref"])
            found: Any = self.document
            for part in pointer.removeprefix("#/").split("/"):
                name = part.replace("~1", "/").replace("~0", "~")
                if not pointer.startswith("#/") or not isinstance(found, dict) or name not in found:
                    raise DocumentError(
                        f"The reference {pointer!r} leads nowhere. Export the document again."
                    )
                found = found[name]
            value = found
        return value

    def route(self, key: str, channel: Any) -> RouteContract:
        extension = channel["x-topicwire-route"]
        name = str(extension.get("name", key))
        messages = {one: self.resolve(ref) for one, ref in channel.get("messages", {}).items()}
        mine = self.operations.get(name, {})
        subscribe = messages.get(f"{name}.subscribe")
        update = messages.get(f"{name}.update")
        request = None if subscribe is None else self._payload(subscribe)
        data = None if update is None else self._payload(update)
        reply = messages.get(f"{name}.subscribe.response")
        answer = None if reply is None else self._payload(reply)
        return RouteContract(
            name,
            # A route of operations alone cannot be subscribed to.
            NEVER if subscribe is None else self.read({} if request is None else request),
            NEVER if data is None else self.read(data.get("properties", {}).get("payload", {})),
            tuple(
                self._operation(one, entry)
                for one, entry in mine.items()
                if one not in _BUILT_IN and entry.get("action") == "receive" and "reply" in entry
            ),
            Docs(
                str(channel.get("description", "")),
                subscribe is not None and subscribe.get("deprecated") is True,
            ),
            None if answer is None or answer == _USUAL_ANSWER else self.read(answer),
            _policy(name, extension),
            promises(extension),
        )

    def types(self, routes: Sequence[RouteContract]) -> tuple[NamedShape, ...]:
        sent = self._reach(one for route in routes for one in route.sent())
        received = self._reach(one for route in routes for one in route.received())
        return tuple(
            NamedShape(name, *(sent | received)[name], is_sent=name in sent)
            for name in sorted(sent | received)
        )

    def _reach(self, shapes: Iterable[Shape]) -> dict[str, tuple[Shape, Docs]]:
        """Return the named types inside `shapes`, and inside those, and so on."""
        found: dict[str, tuple[Shape, Docs]] = {}
        pending = [name for shape in shapes for name in references_in(shape)]
        while pending:
            name = pending.pop()
            if name not in found:
                schema = self.resolve({"$ref": COMPONENTS + name})
                found[name] = (self.read(schema), read_docs(schema))
                pending.extend(references_in(found[name][0]))
        return found

    def _operation(self, name: str, entry: Any) -> OperationContract:
        sent = [self.resolve(one) for one in entry.get("messages", ())]
        back = [self.resolve(one) for one in entry["reply"].get("messages", ())]
        text = "\n\n".join(entry[key] for key in ("summary", "description") if entry.get(key))
        request = self._payload(sent[0]) if sent else None
        answer = self._payload(back[0]) if back else None
        return OperationContract(
            name,
            None if request is None else self.read(request),
            None if answer is None else self.read(answer),
            Docs(text, any(one.get("deprecated") is True for one in sent)),
        )

    def _payload(self, message: Any) -> Any:
        envelope = self.resolve(message.get("payload", {}))
        return envelope.get("properties", {}).get("payload")
