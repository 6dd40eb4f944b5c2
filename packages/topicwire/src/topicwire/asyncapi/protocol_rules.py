"""Rules for what is the protocol's own in a document: envelopes, directions, replies, promises.

An application chooses its payloads; everything around them is the wire protocol's, so it is held
against what this version writes. A newer version may say more (properties, error codes), and a
comment may say it otherwise: neither is a fault.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from topicwire.asyncapi.differences import differences
from topicwire.asyncapi.fault import Document, Fault
from topicwire.asyncapi.identity import auth_payloads
from topicwire.asyncapi.messages import (
    CONNECTION,
    CONNECTION_OPERATIONS,
    CORRELATED,
    CORRELATION_IDS,
    closed_payload,
    connection_payloads,
    envelope,
    reset_payload,
    shared_schemas,
    update_payload,
)
from topicwire.asyncapi.official import are_allowed, is_quickly_valid
from topicwire.asyncapi.pointers import follow, pointer
from topicwire.wire.frames import SUBPROTOCOL

if TYPE_CHECKING:
    from jsonschema import Draft7Validator

_MESSAGES = ("components", "messages")
_URI: Final = "urn:topicwire:document"
_POSITIVE: Final = {"type": "number", "exclusiveMinimum": 0}
_COUNT: Final = {"type": "integer", "minimum": 1}


def _policy(name: str, required: tuple[str, ...] = (), **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["policy", *required],
        "additionalProperties": False,
        "properties": {"policy": {"const": name}, "maxRateHz": _POSITIVE, **properties},
    }


_PROMISES: Final = {
    "lossless": _policy("lossless", maxQueueBytes=_COUNT),
    "latest": _policy("latest", key={"type": "string"}, lossless={"type": "string"}),
    "drop_oldest": _policy("drop_oldest", ("maxQueue",), maxQueue=_COUNT),
    "merge": _policy("merge"),
}
_ROUTE: Final = {
    "type": "object",
    "required": ["name", "delivery"],
    "properties": {
        "name": {"type": "string"},
        "delivery": {
            "type": "object",
            "required": ["policy"],
            "properties": {"policy": {"enum": list(_PROMISES)}},
        },
        "replay": {
            "type": "object",
            "required": ["maxUpdates", "maxAgeS", "maxBytes"],
            "properties": {"maxUpdates": _COUNT, "maxAgeS": _POSITIVE, "maxBytes": _COUNT},
        },
        "lingerS": {"type": "number", "minimum": 0},
        "snapshot": {"type": "string", "minLength": 1},
        "staleAfterS": _POSITIVE,
        "wildcards": {"const": True},
    },
    "dependencies": {"lingerS": ["replay"]},
}

# What the engine answers by itself, as JSON. Each field that it may fill in is in one of them.
ANSWERS: Final[tuple[Mapping[str, Any], ...]] = (
    {
        "status": "ok",
        "message": "Subscribed",
        "topic": "topic",
        "symbol": "symbol",
        "epoch": "epoch",
        "seq": 1,
        "recovered": True,
        "snapshot": False,
        "full_state": True,
        "stale_after_s": 1.5,
        "delivery": "latest",
        "topics": [{"topic": "topic", "epoch": "epoch", "seq": 1}],
    },
    {
        "status": "error",
        "message": "The request is not what the route asks for.",
        "topic": "",
        "code": "validation_error",
        "details": [{"path": "symbol", "message": "Field required", "kind": "missing"}],
    },
)


def subprotocol(document: Document) -> Iterator[Fault]:
    """The document says which protocol it is of."""
    found = document.get("x-topicwire")
    if not isinstance(found, dict) or found.get("subprotocol") != SUBPROTOCOL:
        yield Fault(
            "#/x-topicwire", f"it is to name the subprotocol {SUBPROTOCOL!r}, and says {found!r}."
        )


def shared(document: Document) -> Iterator[Fault]:
    """Schemas and the correlation id of the protocol are in every document, and say the same."""
    components = document.get("components", {})
    for kind, wanted in (("schemas", shared_schemas()), ("correlationIds", CORRELATION_IDS)):
        for name, one in wanted.items():
            yield from differences(
                one, components.get(kind, {}).get(name), ("components", kind, name)
            )


def connection(document: Document) -> Iterator[Fault]:
    """The connection's own channel has its messages, each asked and answered as it is."""
    if CONNECTION not in document.get("channels", {}):
        yield Fault("#/channels", f"there is no channel {CONNECTION!r} for what is of no route.")
        return
    operations = document.get("operations", {})
    takes_tokens = "auth" in document.get("components", {}).get("messages", {})
    for name, (action, message, reply) in CONNECTION_OPERATIONS.items():
        if name == "auth" and not takes_tokens:
            continue
        found = operations.get(name)
        where = pointer(("operations", name))
        if found is None:
            yield Fault(where, f"there is no operation {name!r} of the connection.")
            continue
        yield from _exchange(found, where, action=action, message=message, reply=reply)
    payloads = {**connection_payloads(), **(auth_payloads() if takes_tokens else {})}
    for name, payload in payloads.items():
        wanted = envelope(name, payload, correlated=name in CORRELATED)
        yield from _message(document, name, wanted, correlated=name in CORRELATED)


def _exchange(
    found: Mapping[str, Any], where: str, *, action: str, message: str, reply: str | None
) -> Iterator[Fault]:
    if found.get("action") != action:
        yield Fault(
            f"{where}/action", f"the server is to {action} this, not to {found.get('action')}."
        )
    for part, wanted, at in (
        (found, message, where),
        (found.get("reply"), reply, f"{where}/reply"),
    ):
        named = None if part is None else [one["$ref"] for one in part.get("messages", ())]
        expected = None if wanted is None else [f"#/channels/{CONNECTION}/messages/{wanted}"]
        if named != expected:
            yield Fault(at, f"its messages are to be {expected}, not {named}.")


def directions(document: Document) -> Iterator[Fault]:
    """What a client sends carries a correlation id; what the server sends unasked does not."""
    for name, operation in document.get("operations", {}).items():
        if operation.get("channel", {}).get("$ref") == pointer(("channels", CONNECTION)):
            continue
        received = operation.get("action") == "receive"
        for reference in operation.get("messages", ()):
            if ("correlationId" in follow(document, reference)) != received:
                yield Fault(
                    f"{pointer(('operations', name))}/action",
                    f"the server does not {operation.get('action')} this: a message has a "
                    "correlation id if, and only if, a client sends it.",
                )
        if "reply" in operation and not received:
            yield Fault(
                f"{pointer(('operations', name))}/reply", "what the server sends is not answered."
            )


def envelopes(document: Document) -> Iterator[Fault]:
    """Every message of a route is what the protocol puts around its payload."""
    for route, channel in document.get("channels", {}).items():
        messages = channel.get("messages", {})
        if route == CONNECTION:
            continue
        subscribable = f"{route}.subscribe" in messages
        for name in messages:
            found = document.get("components", {}).get("messages", {}).get(name)
            if found is None:
                continue  # the reference leads to another message, and is a fault
            kind = name.removeprefix(f"{route}.")
            payload, correlated = _payload(document, found), "correlationId" in found
            if subscribable and kind in {"closed", "reset"}:
                payload = closed_payload() if kind == "closed" else reset_payload()
            elif kind == "update" and not correlated:
                payload = _update(payload, channel)
            wanted = envelope(
                name, payload, correlated=correlated, resumes=correlated and kind == "subscribe"
            )
            yield from _message(document, name, wanted, correlated=correlated)
        if subscribable:
            for kind in ("subscribe.response", "update", "closed", "reset"):
                if f"{route}.{kind}" not in messages:
                    yield Fault(
                        pointer(("channels", route, "messages")),
                        f"the route can be subscribed to, and has no message `{route}.{kind}`.",
                    )


def _update(found: Any, channel: Mapping[str, Any]) -> Any:
    wildcards = channel.get("x-topicwire-route", {}).get("wildcards") is True
    properties = found.get("properties", {}) if isinstance(found, dict) else {}
    return update_payload(properties.get("payload", True), sourced=wildcards)


def _payload(document: Document, message: Mapping[str, Any]) -> Any:
    payload = follow(document, message.get("payload", {}))
    return payload.get("properties", {}).get("payload") if isinstance(payload, dict) else None


def _message(
    document: Document, name: str, wanted: Mapping[str, Any], *, correlated: bool
) -> Iterator[Fault]:
    found = document.get("components", {}).get("messages", {}).get(name)
    where = (*_MESSAGES, name)
    if found is None:
        yield Fault(pointer(where), f"the protocol's message {name!r} is not there.")
        return
    if correlated != ("correlationId" in found):
        verb = "has no" if correlated else "is to have no"
        yield Fault(pointer(where), f"the message {verb} correlation id.")
    payload = found.get("payload")
    # By their text, as most are: an equal value of another type, 1 and true, is another one.
    if repr(payload) != repr(wanted):
        yield from differences(wanted, payload, (*where, "payload"))


def replies(document: Document) -> Iterator[Fault]:
    """What the engine answers by itself is a reply that the document allows."""
    allowed: list[Any] = []  # routes mostly answer alike
    for route, channel in document.get("channels", {}).items():
        if f"{route}.subscribe" not in channel.get("messages", {}):
            continue
        for name in (f"{route}.subscribe.response", f"{route}.unsubscribe.response"):
            message = document.get("components", {}).get("messages", {}).get(name, {})
            schema = _payload(document, message)
            if name not in channel["messages"] or schema is None or schema in allowed:
                continue
            path = (*_MESSAGES, name, "payload", "properties", "payload")
            refused = _refusal(document, pointer(path))
            if refused is None:
                allowed.append(schema)
            else:
                cure = "Answer with SubscriptionResponse, or a subclass of it."
                yield Fault(pointer(path), refused, cure)


def _refusal(document: Document, where: str) -> str | None:
    """Say which of the server's answers the schema at a pointer does not allow, and why."""
    if are_allowed(document, [(where, one) for one in ANSWERS]):
        return None
    from jsonschema import Draft7Validator  # noqa: PLC0415 - start-up time: seldom needed
    from referencing import Registry  # noqa: PLC0415
    from referencing.jsonschema import DRAFT7  # noqa: PLC0415

    registry: Registry[Any] = Registry().with_resource(_URI, DRAFT7.create_resource(document))
    validator = Draft7Validator({"$ref": _URI + where}, registry=registry)
    return next(filter(None, (_refused(validator, one) for one in ANSWERS)), None)


def _refused(validator: Draft7Validator, answer: Mapping[str, Any]) -> str | None:
    from jsonschema.exceptions import best_match  # noqa: PLC0415 - start-up time: seldom needed

    error = best_match(validator.iter_errors(answer))
    if error is None:
        return None
    where = pointer(error.absolute_path)
    return f"the server's own answer {answer} is not allowed at {where}: {error.message}."


def requests(document: Document) -> Iterator[Fault]:
    """What a client asks a route for is an object."""
    for route, channel in document.get("channels", {}).items():
        for kind in ("subscribe", "unsubscribe"):
            name = f"{route}.{kind}"
            message = document.get("components", {}).get("messages", {}).get(name, {})
            schema = _payload(document, message)
            if name in channel.get("messages", {}) and not _may_be_object(document, schema):
                yield Fault(
                    pointer((*_MESSAGES, name, "payload", "properties", "payload")),
                    "what a route is asked by is an object, and this is none, or not always.",
                    "Make a model of it, with a field for what is asked.",
                )


def _may_be_object(document: Document, schema: Any) -> bool:
    schema = follow(document, schema)
    if not isinstance(schema, dict):
        return True
    if any(not isinstance(one, dict) for one in (*schema.get("enum", ()), schema.get("const", {}))):
        return False
    kinds = schema.get("type", "object")
    inside = [one for key in ("allOf", "anyOf", "oneOf") for one in schema.get(key, ())]
    return kinds in ("object", ["object"]) and all(_may_be_object(document, one) for one in inside)


def promises(document: Document) -> Iterator[Fault]:
    """A route that can be subscribed to says how its updates are delivered and what is kept."""
    said = {
        route: channel["x-topicwire-route"]
        for route, channel in document.get("channels", {}).items()
        if channel.get("x-topicwire-route") is not None
        and f"{route}.subscribe" in channel.get("messages", {})
    }
    one = {"allOf": [_ROUTE, {"properties": {"delivery": {"oneOf": [*_PROMISES.values()]}}}]}
    if not is_quickly_valid({"type": "array", "items": one}, [*said.values()]):
        yield from _broken_promises(said)


def _broken_promises(said: Mapping[str, Any]) -> Iterator[Fault]:
    from jsonschema import Draft7Validator  # noqa: PLC0415 - start-up time: seldom needed
    from jsonschema.exceptions import best_match  # noqa: PLC0415

    for route, extension in said.items():
        path: tuple[str, ...] = ("channels", route, "x-topicwire-route")
        error = best_match(Draft7Validator(_ROUTE).iter_errors(extension))
        if error is None:
            delivery = extension["delivery"]
            policy = Draft7Validator(_PROMISES[delivery["policy"]])
            error, path = best_match(policy.iter_errors(delivery)), (*path, "delivery")
        if error is not None:
            yield Fault(
                pointer((*path, *error.absolute_path)),
                f"what the route promises cannot be read: {error.message}.",
            )


PROTOCOL_RULES = (
    subprotocol,
    shared,
    connection,
    directions,
    envelopes,
    replies,
    requests,
    promises,
)
"""Run when every reference leads where one of its kind is to lead."""
