"""What JSON Schema says, soon: the official schema of AsyncAPI 3.1.0, and values against theirs.

Two libraries judge. `jsonschema-rs` is a hundred times faster and accepts nearly every document
there is; what it does not accept, `jsonschema` looks at again: its verdict counts, and its
`best_match` is the message that a person reads. Needs the `codegen` extra.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from topicwire.asyncapi.pointers import unescaped

if TYPE_CHECKING:
    from jsonschema_rs import Draft7Validator

_OFFICIAL = Path(__file__).with_name("schema") / "asyncapi-3.1.0.json"

_OF_A_PROTOCOL = "/bindings/"
_OF_ALL_PROTOCOLS = "BindingsObject.json"


def official_error(document: Mapping[str, Any]) -> tuple[Sequence[str | int], str] | None:
    """Return where and why the official schema refuses `document`; None where it accepts it."""
    if _accepts(_quick_judge, document):
        return None
    from jsonschema import Draft7Validator  # noqa: PLC0415 - start-up time: seldom needed
    from jsonschema.exceptions import best_match  # noqa: PLC0415
    from referencing import Registry  # noqa: PLC0415
    from referencing.jsonschema import DRAFT7  # noqa: PLC0415

    # Nothing is ever fetched: what is not in the file is an error. Crawled once, or every lookup
    # would look through the whole of it again.
    schema = _schema(bindings=True)
    registry: Registry[Any] = Registry().with_resource("", DRAFT7.create_resource(schema)).crawl()
    validator = Draft7Validator(schema, registry=registry)
    error = best_match(validator.iter_errors(document))
    return None if error is None else (tuple(error.absolute_path), error.message)


def are_allowed(document: Mapping[str, Any], given: Sequence[tuple[str, Any]]) -> bool:
    """Say whether each value is what the schema at its pointer allows, all of them in one look.

    Args:
        document: what the pointers, `#/components/schemas/Trade`, lead into.
        given: pointers, each with a value.

    Returns:
        False too where it cannot be said at once: then each is to be looked at alone.
    """
    reached = _reached(document, {where for where, _ in given})
    schema = {
        "type": "array",
        "items": [{"$ref": where} for where, _ in given],
        "components": document.get("components", {}) if reached is None else reached,
    }
    return is_quickly_valid(schema, [value for _, value in given])


def _reached(document: Mapping[str, Any], asked: set[str]) -> dict[str, dict[str, Any]] | None:
    """Return the components that pointers lead into, and those that these refer to, and so on.

    All the others need not be prepared. None where one leads elsewhere, or nowhere.
    """
    components = document.get("components", {})
    found: dict[str, dict[str, Any]] = {}
    left: list[Any] = [{"$ref": where} for where in asked]
    while left:
        one = left.pop()
        if isinstance(one, list):
            left += one
        elif isinstance(one, dict):
            left += one.values()
            reference = one.get("$ref")
            if isinstance(reference, str):
                start, inside, kind, name, *_ = (*reference.split("/", 4), "", "", "")
                if (start, inside) != ("#", "components"):
                    return None
                name = unescaped(name)
                if name not in components.get(kind, {}):
                    return None
                if name not in found.setdefault(kind, {}):
                    found[kind][name] = components[kind][name]
                    left.append(components[kind][name])
    return found


def is_quickly_valid(schema: dict[str, Any], value: Any) -> bool:
    """Say whether a schema of draft-07 allows the value; False too where it cannot be said."""
    return _accepts(lambda: _judge(schema), value)


def _accepts(judge: Callable[[], Draft7Validator], value: Any) -> bool:
    import jsonschema_rs  # noqa: PLC0415 - start-up time

    try:
        return judge().is_valid(value)
    except (ValueError, jsonschema_rs.ReferencingError):
        return False  # what it cannot read is the other's to judge


def _judge(schema: dict[str, Any]) -> Draft7Validator:
    import jsonschema_rs  # noqa: PLC0415 - start-up time

    # Formats are annotations in draft-07, and `jsonschema` takes them for nothing else.
    return jsonschema_rs.Draft7Validator(schema, validate_formats=False, offline=True)


@cache
def _quick_judge() -> Draft7Validator:
    return _judge(_schema(bindings=False))


@cache
def _schema(*, bindings: bool) -> dict[str, Any]:
    """The official schema; without what it says of Kafka, MQTT and forty more protocols.

    Preparing those takes longer than all the rest, and no document of ours has any. Each is
    replaced by what nothing satisfies, so that a document with bindings is looked at again.
    """
    schema: dict[str, Any] = json.loads(_OFFICIAL.read_bytes())
    if not bindings:
        definitions: dict[str, Any] = schema["definitions"]
        schema["definitions"] = {
            name: {"$id": name, "not": {}} if name.endswith(_OF_ALL_PROTOCOLS) else one
            for name, one in definitions.items()
            if _OF_A_PROTOCOL not in name
        }
    return schema
