"""The JSON of a request: what identifies a subscription, to the server and to a client."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import is_dataclass
from functools import lru_cache
from typing import Any, Final

from pydantic import BaseModel, RootModel, TypeAdapter
from pydantic_core import PydanticSerializationError

from topicwire.errors import TopicKeyError
from topicwire.wire.topics import canonical_json

_JSON: Final[TypeAdapter[Any]] = TypeAdapter(Any)
_COLLECTIONS: Final = (list, tuple, set, frozenset)

MAX_REMEMBERED: Final = 4_096
"""Requests whose canonical JSON is at hand; all are forgotten when there are more."""

MAX_REMEMBERED_BYTES: Final = 1_024
"""Of one of them: what is longer is too long for a topic, too."""

_canonical: dict[tuple[type, bytes], str] = {}

_PLAIN: Final = frozenset(
    {"model", "model-fields", "model-field", "default", "nullable", "none"}
    | {"str", "int", "bool", "literal"}
)
_WRITES_OTHERWISE: Final = frozenset(
    {"serialization", "serialization_exclude", "serialization_exclude_if"}
)


def request_json(request: object) -> Any:
    """Return `request` as JSON values, by its own serializers and aliases, defaults filled in.

    Sets are sorted: their own order differs from process to process. Fields that are excluded from
    JSON are in it all the same: requests that differ in them are different requests.

    Raises:
        TopicKeyError: a field has no JSON form.
    """
    try:
        written = _JSON.dump_python(request, mode="json", by_alias=True)
    except PydanticSerializationError as error:
        raise TopicKeyError(str(error)) from error
    return _identifying(request, written)


def canonical_request(request: object) -> str:
    """Return the canonical JSON of `request`: what identifies a subscription.

    Of requests that are made of texts, integers and the like it is remembered by what Pydantic
    writes of them, which is ten times as fast: clients ask for the same things.

    Raises:
        TopicKeyError: a field has no JSON form, or the request no canonical one.
    """
    kind: Any = type(request)  # of a type it is not known that it can be hashed
    write = _writer_of(kind)
    if write is None:
        return canonical_json(request_json(request))
    try:
        written = write(request, by_alias=True, warnings="error")
    except PydanticSerializationError:  # it holds what its type does not say
        return canonical_json(request_json(request))
    known = _canonical.get((kind, written))
    if known is None:
        known = canonical_json(request_json(request))
        if len(_canonical) >= MAX_REMEMBERED:
            _canonical.clear()
        if len(written) <= MAX_REMEMBERED_BYTES:
            _canonical[kind, written] = known
    return known


@lru_cache(maxsize=1024)
def _writer_of(kind: Any) -> Callable[..., bytes] | None:
    """Return what writes a request, where what is written says all about it."""
    if not issubclass(kind, BaseModel):
        return None
    schema: Mapping[str, Any] = kind.__pydantic_core_schema__
    if schema["type"] != "model" or not _is_plain(schema):
        return None
    write: Callable[..., bytes] = kind.__pydantic_serializer__.to_json
    return write


def _is_plain(schema: Mapping[str, Any]) -> bool:
    """Say whether values of a schema are told from each other by their JSON alone.

    A set has no order, a float may be NaN, which is written as null, and a field that is excluded
    is not written at all.
    """
    kind = schema["type"]
    config = schema.get("config") or {}
    if kind not in _PLAIN or not _WRITES_OTHERWISE.isdisjoint(schema) or schema.get("root_model"):
        return False
    if "allow" in {schema.get("extra_behavior"), config.get("extra_fields_behavior")}:
        return False
    if kind == "literal":
        return all(one is None or isinstance(one, (str, int)) for one in schema["expected"])
    if kind == "model-fields":
        fields = schema["fields"].values()
        # a model within: what is there may be of a subclass, with more in it than is written
        return not schema.get("computed_fields") and all(
            _is_plain(field) and field["schema"]["type"] != "model" for field in fields
        )
    return "schema" not in schema or _is_plain(schema["schema"])


def _identifying(value: object, written: Any) -> Any:
    """Return `written`, the JSON of `value`, with sets in order and with what it leaves out."""
    if isinstance(value, RootModel):
        return _identifying(value.root, written)
    if isinstance(written, dict):
        inner = _members(value)
        done = {key: _identifying(inner.get(key), one) for key, one in written.items()}
        return {**done, **{key: request_json(inner[key]) for key in _excluded(value)}}
    if isinstance(written, list):
        items = [*value] if isinstance(value, _COLLECTIONS) else []
        if len(items) != len(written):  # a serializer of its own has made something else of it
            return written
        several = [_identifying(*pair) for pair in zip(items, written, strict=True)]
        return sorted(several, key=canonical_json) if isinstance(value, AbstractSet) else several
    return written


def _excluded(value: object) -> list[str]:
    """Return the names of the fields that are never in JSON."""
    fields = type(value).model_fields if isinstance(value, BaseModel) else {}
    return [one.serialization_alias or name for name, one in fields.items() if one.exclude is True]


def _members(value: object) -> Mapping[str, object]:
    """Return the parts of `value` by the names that they have in JSON."""
    if isinstance(value, BaseModel):
        fields = type(value).model_fields.items()
        inner = vars(value)  # not `getattr`, which warns of a deprecated field
        return {one.serialization_alias or name: inner.get(name) for name, one in fields}
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: getattr(value, one.name) for one in dataclasses.fields(value)}
    return {str(key): one for key, one in value.items()} if isinstance(value, Mapping) else {}
