"""A route's declared delivery as the functions by which the hub carries it out."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, cast

from pydantic import BaseModel
from pydantic_core import PydanticSerializationError, to_json
from typing_extensions import is_typeddict

from topicwire.core.policies import DropOldest, Latest
from topicwire.errors import DeclarationError, InvalidUpdateError
from topicwire.hub.clock import ends_this_task
from topicwire.hub.route import Conflation
from topicwire.routing import delivery as declared
from topicwire.types import Delivery
from topicwire.wire.codec import JsonEncoder, type_adapter
from topicwire.wire.marks import mark


def conflation(
    delivery: declared.RouteDelivery, data_type: Any, encode: JsonEncoder, where: str
) -> Conflation | None:
    """Return how a route conflates; None where every update is sent.

    Args:
        delivery: as it was declared.
        data_type: of the updates' data.
        encode: the data to JSON.
        where: the type of the route's updates, for errors.

    Raises:
        DeclarationError: the data has no field that the declaration names.
    """
    if isinstance(delivery, declared.Lossless):
        return None
    interval_s = 0.0 if delivery.max_rate_hz is None else 1 / delivery.max_rate_hz
    name = cast("Delivery", delivery.policy)
    match delivery:
        case declared.Latest():
            marks = _marks(delivery, data_type, encode, where)
            return Conflation(name, Latest(), mark=marks, interval_s=interval_s)
        case declared.DropOldest():
            return Conflation(name, DropOldest(delivery.max_queue), interval_s=interval_s)
        case declared.Merge():
            merge = _merging(delivery.merge, data_type, encode, where)
            return Conflation(name, None, merge=merge, interval_s=interval_s)


def _marks(
    delivery: declared.Latest, data_type: Any, encode: JsonEncoder, where: str
) -> Callable[[Any], bytes] | None:
    if delivery.key is None and delivery.lossless is None:
        return None
    key_of = None if delivery.key is None else _reader(delivery.key, "key", data_type, where)
    is_marked = (
        None
        if delivery.lossless is None
        else _reader(delivery.lossless, "lossless", data_type, where)
    )

    def read(data: Any) -> bytes:
        try:
            checked = encode.checked(data)
            key = b"" if key_of is None else to_json(key_of(checked))
            return mark(key, is_marked=is_marked is not None and bool(is_marked(checked)))
        except PydanticSerializationError as error:
            raise InvalidUpdateError(
                f"{where}: its key has no JSON form, by which updates could be told apart: {error}"
            ) from error
        except BaseException as error:  # the functions are the application's
            if ends_this_task(error):
                raise
            raise InvalidUpdateError(
                f"{where}: what the route's delivery asks of an update cannot be read from it: "
                f"{type(error).__name__}: {error}"
            ) from error

    return read


def _reader(
    field: declared.Field, name: str, data_type: Any, where: str
) -> Callable[[Any], object]:
    """Return what reads a field of the data, or the application's own function."""
    if not isinstance(field, str):
        return field
    fields = _fields(data_type)
    if fields is not None and field not in fields:
        raise DeclarationError(
            f"{where}: latest({name}={field!r}), but {data_type.__name__} has no such field. Its "
            f"fields are {', '.join(fields) or 'none'}."
        )

    def read(data: Any) -> object:
        return data[field] if isinstance(data, Mapping) else getattr(data, field)

    return read


def _fields(data_type: Any) -> list[str] | None:
    """Return the fields of a type, None where it has no fixed ones."""
    if not isinstance(data_type, type):
        return None
    if issubclass(data_type, BaseModel):
        return [*data_type.model_fields, *data_type.model_computed_fields]
    if dataclasses.is_dataclass(data_type):
        return [one.name for one in dataclasses.fields(data_type)]
    if is_typeddict(data_type):
        return list(data_type.__annotations__)
    return None


def _merging(
    merge: Callable[[Any, Any], Any], data_type: Any, encode: JsonEncoder, where: str
) -> Callable[[bytes, bytes], bytes]:
    decode = type_adapter(data_type, where).validator.validate_json

    def merged(older: bytes, newer: bytes) -> bytes:
        # decoded each time: a function that changes what it is given changes nobody else's
        return encode(merge(decode(older), decode(newer)))

    return merged
