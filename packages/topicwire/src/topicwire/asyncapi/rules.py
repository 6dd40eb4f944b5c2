"""Our own rules for a document, beyond what the official schema and parser can see.

Both accept a message without its `type`, a correlation id that points nowhere, and keywords of
a newer JSON Schema that every reader ignores. Each rule here is a function that yields faults.
"""

from __future__ import annotations

import marshal
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from topicwire.asyncapi.draft07 import ANNOTATIONS
from topicwire.asyncapi.fault import Document, Fault, Rule
from topicwire.asyncapi.frames import required_type, travelling_messages
from topicwire.asyncapi.messages import CONNECTION
from topicwire.asyncapi.official import are_allowed
from topicwire.asyncapi.pointers import follow, objects, pointer
from topicwire.asyncapi.protocol_rules import PROTOCOL_RULES
from topicwire.asyncapi.schema_walk import every_schema
from topicwire.wire.names import UNREADABLE

_URI = "urn:topicwire:document"
_LOCATION = "$message.payload#"
# Keywords of JSON Schema 2019-09 and 2020-12, and of OpenAPI, that draft-07 readers skip.
_FOREIGN = {
    "$anchor": "a `$ref` to the component",
    "$defs": "`components.schemas`",
    "$dynamicRef": "`$ref`",
    "dependentRequired": "`dependencies`",
    "dependentSchemas": "`dependencies`",
    "maxContains": "nothing: draft-07 cannot say it",
    "minContains": "nothing: draft-07 cannot say it",
    "nullable": 'a union with `{"type": "null"}`',
    "prefixItems": "`items: [...]` with `additionalItems: false`",
    "unevaluatedItems": "`additionalItems`",
    "unevaluatedProperties": "`additionalProperties`",
}


def schemas(document: Document) -> Iterator[Fault]:
    """Each schema by itself: draft-07 alone, alternatives that differ, nothing undescribed.

    One walk for all three: a document of a hundred routes has thousands of schemas.
    """
    for where, schema in every_schema(document):
        yield from _foreign_keywords(where, schema)
        if "oneOf" in schema:
            yield from _alternatives(where, schema["oneOf"])
        if "required" in schema:
            yield from _required_properties(where, schema)


def _foreign_keywords(where: str, schema: Mapping[str, Any]) -> Iterator[Fault]:
    for keyword in schema.keys() & _FOREIGN.keys():
        yield Fault(
            f"{where}/{keyword}",
            f"`{keyword}` is not a keyword of draft-07 and is skipped by its readers.",
            f"Use {_FOREIGN[keyword]}.",
        )
    if isinstance(schema.get("discriminator"), dict):
        yield Fault(
            f"{where}/discriminator",
            "a `discriminator` object is OpenAPI's, not AsyncAPI's.",
            "Drop it: the constants of the members tell them apart.",
        )
    if isinstance(schema.get("items"), list) and "additionalItems" not in schema:
        yield Fault(
            f"{where}/items",
            "the tuple does not say whether more items may follow.",
            "Add `additionalItems: false`, or their schema.",
        )


def _alternatives(where: str, members: Sequence[Any]) -> Iterator[Fault]:
    """No alternative of a `oneOf` is every value: then no value would be another one alone."""
    for index, member in enumerate(members if len(members) > 1 else ()):
        if member is True or (isinstance(member, dict) and not member.keys() - ANNOTATIONS):
            at = f"{where}/oneOf/{index}"
            yield Fault(at, "this alternative allows anything, so nothing is another alone.")


def _required_properties(where: str, schema: Mapping[str, Any]) -> Iterator[Fault]:
    properties = schema.get("properties")
    if isinstance(properties, dict):
        for name in schema["required"]:
            if name not in properties:
                yield Fault(f"{where}/required", f"`{name}` is required but not described.")


def values(document: Document) -> Iterator[Fault]:
    """Defaults and examples are what their own schema allows."""
    given = list(_values(document))
    if given and not are_allowed(document, [(schema, value) for schema, _, value in given]):
        yield from _wrong(document, given)


def _values(document: Document) -> Iterator[tuple[str, str, Any]]:
    """Yield each default and example: its schema's pointer, its own, and the value."""
    for where, schema in every_schema(document):
        if "default" in schema:
            yield where, f"{where}/default", schema["default"]
        examples = schema.get("examples")
        for one in examples if isinstance(examples, list) else ():
            yield where, f"{where}/examples", one
    for name, message in document.get("components", {}).get("messages", {}).items():
        path = ("components", "messages", name)
        for index, example in enumerate(message.get("examples", ())):
            where = f"{pointer(path)}/examples/{index}/payload"
            yield pointer((*path, "payload")), where, example.get("payload")


def _wrong(document: Document, given: list[tuple[str, str, Any]]) -> Iterator[Fault]:
    from jsonschema import Draft7Validator  # noqa: PLC0415 - start-up time: seldom needed
    from jsonschema.exceptions import best_match  # noqa: PLC0415
    from referencing import Registry  # noqa: PLC0415
    from referencing.jsonschema import DRAFT7  # noqa: PLC0415

    registry: Registry[Any] = Registry().with_resource(_URI, DRAFT7.create_resource(document))
    for schema, where, value in given:
        validator = Draft7Validator({"$ref": _URI + schema}, registry=registry)
        error = best_match(validator.iter_errors(value))
        if error is not None:
            yield Fault(
                where,
                f"the value is not what the schema allows: {error.message}.",
                "Correct the default or the example, or the type, in the model.",
            )


def message_types(document: Document) -> Iterator[Fault]:
    """Every message has a required `type`, a constant that is its own name."""
    for name, message in document.get("components", {}).get("messages", {}).items():
        where = pointer(("components", "messages", name))
        constant = required_type(document, message)
        if constant is None:
            yield Fault(
                f"{where}/payload",
                "the message has no required `type` constant, so a frame of any type matches it.",
            )
        elif constant != name or message.get("name", name) != name:
            yield Fault(
                where,
                f"the message {name!r} says name {message.get('name')!r} and type {constant!r}: "
                "all three are to be the same.",
            )
        if "None" in name.split("."):
            yield Fault(where, f"`{name}` is named after nothing.", "Give the reply a name.")


def distinct_messages(document: Document) -> Iterator[Fault]:
    """In either direction, a frame can be one message at most."""
    found = [
        (direction, required_type(document, message), where)
        for direction, where, message in travelling_messages(document)
    ]
    count = Counter((direction, constant) for direction, constant, _ in found)
    for direction, constant, where in found:
        if constant is not None and count[direction, constant] > 1:
            yield Fault(where, f"another message {direction} has the type {constant!r} too.")


def operations(document: Document) -> Iterator[Fault]:
    """Operations name messages of their own channel, and are answered on it."""
    for where, channel, part in _message_lists(document):
        if not part.get("messages"):
            yield Fault(where, "it names no message.")
        if _target(part.get("channel")) != channel:
            yield Fault(where, "it is answered on another channel than it is asked on.")
        for one in part.get("messages", ()):
            if not _target(one).startswith(f"{_target(part.get('channel'))}/messages/"):
                yield Fault(where, f"its message {_target(one)!r} is not one of its channel.")


def used_messages(document: Document) -> Iterator[Fault]:
    """Every message of a channel is the component it is called after, and an operation's."""
    used = {
        _target(one) for _, _, part in _message_lists(document) for one in part.get("messages", ())
    }
    for name, channel in document.get("channels", {}).items():
        for message, reference in channel.get("messages", {}).items():
            where = pointer(("channels", name, "messages", message))
            if "$ref" not in reference:
                yield Fault(where, "it is no reference to the message in `components`.")
            elif _target(reference) != pointer(("components", "messages", message)):
                yield Fault(where, f"it is another message: {_target(reference)!r}.")
            if where not in used:
                yield Fault(where, "no operation sends or answers this message.")
    carried = {
        name for one in document.get("channels", {}).values() for name in one.get("messages", {})
    }
    for name in document.get("components", {}).get("messages", {}):
        if name not in carried:
            yield Fault(pointer(("components", "messages", name)), "no channel has this message.")


def _message_lists(document: Document) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Yield `(pointer, channel, part)` for each operation, and for its reply where it has one."""
    for name, operation in document.get("operations", {}).items():
        where = pointer(("operations", name))
        channel = _target(operation.get("channel"))
        yield where, channel, operation
        if "reply" in operation:
            yield f"{where}/reply", channel, operation["reply"]


def _target(reference: Any) -> str:
    return str(reference.get("$ref", "")) if isinstance(reference, dict) else ""


def correlation(document: Document) -> Iterator[Fault]:
    """A request and its reply carry one correlation id, and it points into both."""
    for name, message in document.get("components", {}).get("messages", {}).items():
        if "correlationId" not in message:
            continue
        where = pointer(("components", "messages", name, "correlationId"))
        location = str(follow(document, message["correlationId"]).get("location", ""))
        path = location.removeprefix(_LOCATION)
        schema = follow(document, message.get("payload", {}))
        for part in path.split("/")[1:]:
            schema = follow(document, schema.get("properties", {}).get(part, {}))
        if not location.startswith(f"{_LOCATION}/") or not schema:
            yield Fault(where, f"{location!r} points at nothing in the payload.")
    for name, operation in document.get("operations", {}).items():
        reply = operation.get("reply")
        if reply is None:
            continue
        ids = [
            follow(document, one).get("correlationId")
            for one in (*operation.get("messages", ()), *reply.get("messages", ()))
        ]
        if None in ids or any(one != ids[0] for one in ids):
            yield Fault(
                pointer(("operations", name, "reply")),
                "request and reply do not carry the same correlation id, so no client can tell "
                "which request is answered.",
            )


def routes(document: Document) -> Iterator[Fault]:
    """Channels share one address, and names begin with their route's."""
    channels = document.get("channels", {})
    addresses = Counter(channel.get("address") for channel in channels.values())
    if len(addresses) > 1:
        yield Fault("#/channels", f"one socket has one address, not {sorted(map(str, addresses))}.")
    for name, channel in channels.items():
        where = pointer(("channels", name))
        route = channel.get("x-topicwire-route")
        if route is None:
            if name != CONNECTION:
                yield Fault(where, "the channel is no route: it has no `x-topicwire-route`.")
            continue
        if route.get("name") != name:
            yield Fault(where, f"the channel is called {name!r}, its route {route.get('name')!r}.")
        for message in channel.get("messages", {}):
            if not message.startswith(f"{name}."):
                yield Fault(where, f"the message `{message}` does not begin with `{name}.`.")


def operation_names(document: Document) -> Iterator[Fault]:
    """An operation is of the route that its name begins with."""
    channels = document.get("channels", {})
    routes_at = {
        pointer(("channels", name)): name
        for name, channel in channels.items()
        if channel.get("x-topicwire-route") is not None
    }
    named = frozenset(routes_at.values())
    for operation, entry in document.get("operations", {}).items():
        dots = [at for at, character in enumerate(operation) if character == "."]
        of = {operation[:at] for at in dots} & named
        reference = entry.get("channel", {}).get("$ref")
        on = {routes_at[reference]} if reference in routes_at else set()
        for name in sorted(of ^ on):
            yield Fault(
                pointer(("operations", operation)), f"its name and the channel {name!r} differ."
            )


def updates(document: Document) -> Iterator[Fault]:
    """An update stands in the protocol's envelope."""
    for name, message in document.get("components", {}).get("messages", {}).items():
        if name.endswith(".update"):
            envelope = follow(document, message.get("payload", {}))
            payload = follow(document, envelope.get("properties", {}).get("payload", {}))
            missing = {"topic", "seq", "payload"} - set(payload.get("required", ()))
            if missing:
                yield Fault(
                    pointer(("components", "messages", name, "payload")),
                    f"an update requires {', '.join(sorted(missing))} in its payload.",
                )


def readable_keys(document: Document) -> Iterator[Fault]:
    """No object has a member that the official parser, written in JavaScript, falls over."""
    # A walk through all of it takes a third as long as the other rules together.
    if UNREADABLE.encode() not in marshal.dumps(dict(document)):
        return
    for path, found in objects(document):
        if UNREADABLE in found:
            yield Fault(
                pointer((*path, UNREADABLE)),
                f"nothing may be called {UNREADABLE!r}: the official parser of AsyncAPI asks each "
                "object for a member of that name, and cannot read this document.",
                "Give the field an alias, or the type, the default or the example another name.",
            )


RULES: tuple[Rule, ...] = (
    schemas,
    readable_keys,
    message_types,
    operations,
    used_messages,
    correlation,
    routes,
    operation_names,
    updates,
    distinct_messages,
    *PROTOCOL_RULES,
    values,
)
"""Rules that follow references; `references` has to hold before they are run."""
