"""The AsyncAPI 3.1 document of an adapter.

The same routes always give the same document, byte for byte: nothing in it depends on the clock,
the machine, the process or the order in which they were included. It has one channel for each
route, all with the same address, and one for the connection itself, because tools read many
channels of a few messages faster than one channel of many.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from json.encoder import encode_basestring
from typing import TYPE_CHECKING, Any

from topicwire.asyncapi.draft07 import Schema
from topicwire.asyncapi.errors import DocumentError
from topicwire.asyncapi.identity import auth_payloads, security_schemes
from topicwire.asyncapi.messages import (
    CONNECTION,
    CONNECTION_OPERATIONS,
    CORRELATED,
    CORRELATION_IDS,
    CORRELATION_REF,
    closed_payload,
    connection_payloads,
    envelope,
    reset_payload,
    shared_schemas,
    update_payload,
)
from topicwire.asyncapi.schemas import PayloadUse, payload_schemas
from topicwire.routing.delivery import described
from topicwire.routing.operations import SUBSCRIBE, UPDATE, Operation
from topicwire.routing.router import WsRouterInterface
from topicwire.routing.service import has_snapshot
from topicwire.types import Direction
from topicwire.wire.frames import SUBPROTOCOL

if TYPE_CHECKING:
    from topicwire.asgi.adapter import FastWSAdapter

ASYNCAPI_VERSION = "3.1.0"


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """Where the WebSocket is served.

    The default is what an offline document says: stable, and right for `make dev`.
    """

    host: str = "localhost:8000"
    protocol: str = "ws"
    pathname: str = ""
    """What stands before the adapter's path when the application is mounted below another."""


def build(adapter: FastWSAdapter, server: ServerAddress | None = None) -> dict[str, Any]:
    """Return the document of every route that `adapter` includes.

    Args:
        adapter: read, never changed, and not started: no file or socket is opened.
        server: where it is served; by default a stable address for offline documents.

    Raises:
        DocumentError: a payload type has no JSON form, or two operations claim one message
            with different payloads.
    """
    return _Builder(adapter, server or ServerAddress()).document()


def dumps(document: dict[str, Any]) -> str:
    """Return `document` as the text that is written to files and served: stable, readable JSON."""
    return _pretty(document, "\n") + "\n"


def _pretty(value: Any, line: str) -> str:
    """As `json.dumps(value, indent=2)`, which is three times slower; `line` begins each line."""
    if isinstance(value, str):
        return encode_basestring(value)
    inner = line + "  "
    if isinstance(value, dict) and value:
        pairs = [f"{_key(key)}: {_pretty(one, inner)}" for key, one in value.items()]
        return f"{{{inner}{f',{inner}'.join(pairs)}{line}}}"
    if isinstance(value, (list, tuple)) and value:
        return f"[{inner}{f',{inner}'.join([_pretty(one, inner) for one in value])}{line}]"
    return json.dumps(value, allow_nan=False)


def _key(key: Any) -> str:
    return encode_basestring(key) if isinstance(key, str) else json.dumps({key: 0})[1:-4]


def _ref(*parts: str) -> dict[str, str]:
    escaped = (part.replace("~", "~0").replace("/", "~1") for part in parts)
    return {"$ref": "#/" + "/".join(escaped)}


def _tags(names: Iterable[str]) -> list[dict[str, str]]:
    return [{"name": name} for name in names]


def _delivery(router: WsRouterInterface) -> dict[str, Any]:
    """Return what a client that comes back, or comes new, may expect of a route."""
    if SUBSCRIBE not in router.operations:
        return {}
    settings = router.settings
    delivery: dict[str, Any] = {"delivery": described(settings.delivery)}
    if settings.replay is not None:
        kept = settings.replay
        delivery["replay"] = {
            "maxUpdates": kept.max_updates,
            "maxAgeS": kept.max_age_s,
            "maxBytes": kept.max_bytes,
        }
        if settings.updates_from == "producer":
            # after that there is nothing of it, whatever its age
            delivery["lingerS"] = settings.linger_s
    if settings.snapshot is not None or has_snapshot(router.service):
        delivery["snapshot"] = settings.snapshot or "service"
    if settings.stale_after_s is not None:
        delivery["staleAfterS"] = settings.stale_after_s
    if settings.wildcards:
        delivery["wildcards"] = True
    return delivery


def _uses(router: WsRouterInterface) -> list[PayloadUse]:
    uses = []
    for operation in router.operations.values():
        key = f"{router.route}.{operation.name}"
        direction: Direction = "to_server" if operation.direction == "send" else "to_client"
        if operation.payload_type is not None:
            uses.append(PayloadUse(key, direction, operation.payload_type))
        if operation.reply is not None and operation.reply_type is not None:
            # Keyed by the request: two operations may share the name of their replies.
            reply: Direction = "to_client" if direction == "to_server" else "to_server"
            uses.append(PayloadUse(f"{key} (reply)", reply, operation.reply_type))
    return uses


class _Builder:
    def __init__(self, adapter: FastWSAdapter, server: ServerAddress) -> None:
        self.adapter = adapter
        self.server = server
        self.channels: dict[str, Any] = {}
        self.operations: dict[str, Any] = {}
        self.messages: dict[str, Any] = {}
        self.routers = sorted(adapter.routers, key=lambda router: router.route)
        uses = [use for router in self.routers for use in _uses(router)]
        self.types = payload_schemas(uses, reserved=shared_schemas())

    def document(self) -> dict[str, Any]:
        for router in self.routers:
            self._add_route(router)
        self._add_connection()
        info: dict[str, Any] = {"title": self.adapter.title, "version": self.adapter.version}
        if self.adapter.description:
            info["description"] = self.adapter.description
        tags = {tag for router in self.routers for tag in router.tags} - {CONNECTION}
        info["tags"] = _tags([*sorted(tags), CONNECTION])
        server: dict[str, Any] = {"host": self.server.host, "protocol": self.server.protocol}
        if self.server.pathname:
            server["pathname"] = self.server.pathname
        schemes = self._security_schemes()
        if schemes:
            server["security"] = [_ref("components", "securitySchemes", name) for name in schemes]
        return {
            "asyncapi": ASYNCAPI_VERSION,
            "info": info,
            "defaultContentType": "application/json",
            "x-topicwire": {"subprotocol": SUBPROTOCOL},
            "servers": {"ws": server},
            "channels": self.channels,
            "operations": self.operations,
            "components": {
                "correlationIds": CORRELATION_IDS,
                "messages": self.messages,
                "schemas": self._schemas(),
                **({"securitySchemes": schemes} if schemes else {}),
            },
        }

    def _security_schemes(self) -> dict[str, Any]:
        authenticate = self.adapter.authenticate
        if authenticate is None:
            return {}
        cookie = getattr(authenticate, "cookie", None)
        return security_schemes(cookie if isinstance(cookie, str) else None)

    def _schemas(self) -> dict[str, Schema]:
        return dict(sorted({**self.types.components, **shared_schemas()}.items()))

    def _add_route(self, router: WsRouterInterface) -> None:
        route = router.route
        channel = self._channel(route, f"The route `{route}`.")
        if description := self._data_description(route):
            channel["description"] = description
        if router.tags:
            channel["tags"] = _tags(router.tags)
        channel["x-topicwire-route"] = {"name": route, **_delivery(router)}
        for operation in router.operations.values():
            self._add_operation(router, operation)
        if SUBSCRIBE in router.operations:
            self._add_told(router, "closed", closed_payload())
            self._add_told(router, "reset", reset_payload())

    def _add_told(self, router: WsRouterInterface, name: str, payload: Schema) -> None:
        """Add what the server tells of a topic by itself: no handler of the route makes it."""
        route, full_name = router.route, f"{router.route}.{name}"
        self._add_message(route, full_name, payload, None, correlated=False)
        entry = self._operation(full_name, route, "send", full_name)
        self.messages[full_name]["summary"] = entry["summary"] = _ROUTE_MESSAGES[name]
        if router.tags:
            entry["tags"] = _tags(router.tags)

    def _data_description(self, route: str) -> str:
        """Return what the model of the route's updates says about itself."""
        data = self.types.payloads.get(f"{route}.{UPDATE}")
        while isinstance(data, dict) and data.get("type") == "array":
            data = data.get("items")
        reference = data.get("$ref", "") if isinstance(data, dict) else ""
        component = self.types.components.get(reference.rpartition("/")[2], {})
        return str(component.get("description", ""))

    def _add_operation(self, router: WsRouterInterface, operation: Operation) -> None:
        route = router.route
        name = f"{route}.{operation.name}"
        sent_by_client = operation.direction == "send"
        payload = self.types.payloads.get(name)
        if operation.name == UPDATE and not sent_by_client:
            payload = update_payload(
                payload if payload is not None else True, sourced=router.settings.wildcards
            )
        self._add_message(
            route,
            name,
            payload,
            operation,
            correlated=sent_by_client,
            resumes=sent_by_client and operation.name == SUBSCRIBE,
        )
        entry = self._operation(name, route, "receive" if sent_by_client else "send", name)
        if operation.summary:
            entry["summary"] = operation.summary
        if operation.description:
            entry["description"] = operation.description
        if router.tags:
            entry["tags"] = _tags(router.tags)
        if operation.reply is not None:
            reply = f"{route}.{operation.reply}"
            reply_payload = self.types.payloads.get(f"{name} (reply)")
            self._add_message(route, reply, reply_payload, None, correlated=True)
            entry["reply"] = self._reply(route, reply)

    def _add_connection(self) -> None:
        route = CONNECTION
        if route in self.channels:
            raise DocumentError(
                "The route name `connection` is taken: it is the channel of the messages that "
                "belong to no route (error, hello, closing, ping, pong). Choose another name."
            )
        self._channel(route, "Messages that belong to the connection and to no route.")
        takes_tokens = self.adapter.takes_tokens
        payloads = {**connection_payloads(), **(auth_payloads() if takes_tokens else {})}
        for name, payload in payloads.items():
            self._add_message(route, name, payload, None, correlated=name in CORRELATED)
            self.messages[name]["summary"] = _CONNECTION_MESSAGES[name]
        for name, (action, message, reply) in CONNECTION_OPERATIONS.items():
            if message not in payloads:
                continue
            entry = self._operation(name, route, action, message)
            entry["tags"] = _tags([route])
            entry["summary"] = _CONNECTION_MESSAGES[message]
            if reply is not None:
                entry["reply"] = self._reply(route, reply)

    def _channel(self, name: str, summary: str) -> dict[str, Any]:
        channel = {
            "address": self.adapter.path,
            "summary": summary,
            "servers": [_ref("servers", "ws")],
            "messages": {},
        }
        self.channels[name] = channel
        return channel

    def _add_message(
        self,
        channel: str,
        name: str,
        payload: Any,
        operation: Operation | None,
        *,
        correlated: bool,
        resumes: bool = False,
    ) -> None:
        message: dict[str, Any] = {"name": name, "title": name}
        if operation is not None and operation.summary:
            message["summary"] = operation.summary
        if operation is not None and operation.deprecated:
            message["deprecated"] = True
        if correlated:
            message["correlationId"] = CORRELATION_REF
        message["payload"] = envelope(name, payload, correlated=correlated, resumes=resumes)
        known = self.messages.setdefault(name, message)
        if known["payload"] != message["payload"]:
            raise DocumentError(
                f"Two operations of the route `{channel}` both use the message `{name}`, with "
                "different payloads. Give one of them another name, or another `reply=`."
            )
        self.channels[channel]["messages"][name] = _ref("components", "messages", name)

    def _operation(self, name: str, channel: str, action: str, message: str) -> dict[str, Any]:
        self.operations[name] = entry = {
            "action": action,
            "channel": _ref("channels", channel),
            "messages": [_ref("channels", channel, "messages", message)],
        }
        return entry

    def _reply(self, channel: str, message: str) -> dict[str, Any]:
        return {
            "channel": _ref("channels", channel),
            "messages": [_ref("channels", channel, "messages", message)],
        }


_ROUTE_MESSAGES = {
    "closed": "A topic has ended for its subscriber, or is interrupted.",
    "reset": "A topic goes on at a place that the server names, or runs again.",
}
_CONNECTION_MESSAGES = {
    "error": "What was wrong with a message that has no reply of its own.",
    "auth": "A new token, for this connection; or the first one, where the handshake has none.",
    "auth.response": "Whether the token is taken.",
    "hello": f"The first message to a client that offers the subprotocol {SUBPROTOCOL}.",
    "closing": "The server is about to close the connection: it takes no further command.",
    "ping": "Are you there? Either side may ask.",
    "pong": "The answer to a ping, at once.",
}
