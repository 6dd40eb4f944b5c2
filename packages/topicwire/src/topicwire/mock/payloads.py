"""Types for our own routers, made of schemas: what a client sends is held against the document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from jsonschema.exceptions import best_match
from pydantic import AfterValidator, create_model

from topicwire.asyncapi.pointers import follow, pointer
from topicwire.mock.values import Values
from topicwire.replies import SubscriptionResponse
from topicwire.wire.topics import canonical_json

_DEEP = 8  # defaults further down are not filled in


def payload_type(schema: Any, values: Values) -> Any:
    """Return a type whose values are what `schema` allows, with its defaults filled in."""
    validator = values.validator(schema)

    def checked(value: Any) -> Any:
        fault = best_match(validator.iter_errors(value))
        if fault is not None:
            raise ValueError(f"at {pointer(fault.absolute_path)}: {fault.message}")
        return _filled(value, schema, values.document, 0)

    return Annotated[Any, AfterValidator(checked)]


def answer_type(
    schema: Any, values: Values, extra: Mapping[str, Any]
) -> type[SubscriptionResponse]:
    """Return the type of a reply to subscribing, with the fields that the app's own has.

    Args:
        schema: of the reply's payload.
        values: of its document.
        extra: a value for each field that is not of `SubscriptionResponse`.
    """
    properties = follow(values.document, schema).get("properties", {})
    fields: dict[str, Any] = {
        name: (Any, extra[name])
        for name in properties
        if name not in SubscriptionResponse.model_fields and name in extra
    }
    if not fields:
        return SubscriptionResponse
    made: type[SubscriptionResponse] = create_model(
        "MockAnswer", __base__=SubscriptionResponse, **fields
    )
    return made


def _filled(value: Any, schema: Any, document: Mapping[str, Any], depth: int) -> Any:
    """Return `value` as a server of Pydantic's reads it: defaults in, sets in one order."""
    schema = follow(document, schema)
    if not isinstance(schema, dict) or depth > _DEEP:
        return value
    properties = schema.get("properties", {})
    if isinstance(value, dict) and properties:
        filled = dict(value)
        for name, one in properties.items():
            if name in filled:
                filled[name] = _filled(filled[name], one, document, depth + 1)
            elif isinstance(one, dict) and "default" in one:
                filled[name] = one["default"]
        return filled
    if isinstance(value, list) and schema.get("uniqueItems"):
        return sorted(value, key=canonical_json)
    return value
