"""Models whose encoding depends on nothing but the exact types of their values.

Pydantic finds what is not of its declared type while it writes, and says so if it is asked to; but
to be asked takes twice as long as writing a small update does. Whether it would complain of a
field of one of the kinds below depends on the value's exact type alone. So what has been written
once without a complaint need not be asked about again: the next instance with the same members, of
the same types, is as good.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final, TypeAlias
from uuid import UUID

Shape: TypeAlias = tuple[object, ...]
"""The names of an instance's members, then the exact types of their values."""

MAX_SHAPES: Final = 256
"""So many are remembered of a model: each optional field may double them."""

_TYPES: Final = frozenset(
    {str, int, float, bool, type(None), datetime, date, time, timedelta, Decimal, UUID}
)
_KINDS: Final = frozenset(
    {"str", "int", "float", "bool", "none", "datetime", "date", "time", "timedelta"}
    | {"decimal", "uuid"}
)
_AROUND_ONE: Final = frozenset(
    {"default", "nullable", "function-before", "function-after", "function-wrap"}
)
_OF_A_FIELD: Final = frozenset(
    {"type", "schema", "metadata", "validation_alias", "serialization_alias", "frozen"}
)


class Shapes:
    """What is known of the instances of one model. Bounded.

    Guarantee: an instance whose shape is `known` is written without a complaint.
    """

    __slots__ = ("known",)

    def __init__(self) -> None:
        self.known: set[Shape] = set()

    def note(self, values: Mapping[str, object]) -> None:
        """Remember the shape of an instance that was written without a complaint."""
        types = [*map(type, values.values())]
        if _TYPES.issuperset(types) and len(self.known) < MAX_SHAPES:
            self.known.add((*values, *types))


def shapes_of(schema: Mapping[str, Any]) -> Shapes | None:
    """Return what is to be known of a model, by its core schema; None where types say too little.

    That is so where a field or the model has a serializer of its own, or is of another kind.
    """
    model = _inner(schema)
    if model is None or model.get("type") != "model" or model.get("root_model"):
        return None
    fields = _inner(model["schema"])
    config = model.get("config", {})
    if (
        fields is None
        or fields.get("type") != "model-fields"
        or fields.get("computed_fields")
        or "allow" in {fields.get("extra_behavior"), config.get("extra_fields_behavior")}
    ):
        return None
    are_plain = all(
        field.keys() <= _OF_A_FIELD and _is_plain(field["schema"])
        for field in fields["fields"].values()
    )
    return Shapes() if are_plain else None


def _inner(schema: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return what is in what only validates, or may be absent; None where it writes otherwise."""
    while "serialization" not in schema:
        if schema.get("type") not in _AROUND_ONE:
            return schema
        schema = schema["schema"]
    return None


def _is_plain(schema: Mapping[str, Any]) -> bool:
    inner = _inner(schema)
    if inner is None:
        return False
    if inner.get("type") == "union":
        return all(_is_plain(one[0] if isinstance(one, tuple) else one) for one in inner["choices"])
    return inner.get("type") in _KINDS
