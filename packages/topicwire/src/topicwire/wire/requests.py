"""The JSON of a request: what identifies a subscription, to the server and to a client."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import is_dataclass
from typing import Any, Final

from pydantic import BaseModel, RootModel, TypeAdapter
from pydantic_core import PydanticSerializationError

from topicwire.errors import TopicKeyError
from topicwire.wire.topics import canonical_json

_JSON: Final[TypeAdapter[Any]] = TypeAdapter(Any)
_COLLECTIONS: Final = (list, tuple, set, frozenset)


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
