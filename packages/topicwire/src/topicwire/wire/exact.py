"""Numbers that would change on their way, unseen: they are refused, on both sides.

JSON has no NaN and no infinity, and Pydantic writes null. It has integers of any size, and
JavaScript reads doubles: beyond ±(2^53 - 1) it gets another number. So neither travels as a number.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from pydantic import TypeAdapter
from pydantic_core import from_json, to_json, to_jsonable_python

from topicwire.errors import InexactError
from topicwire.integers import SAFE_INTEGER

_ANY: Final[TypeAdapter[Any]] = TypeAdapter(Any)

# An unsafe integer has at least 16 digits in a row. Most updates have not, and are known by two
# passes over their bytes, a tenth of what a regular expression costs.
_DIGITS: Final = bytes(ord("0") if ord("0") <= one <= ord("9") else ord(" ") for one in range(256))
_LONG: Final = b"0" * 16
_LONG_IN_TEXT: Final = re.compile(r"[0-9]{16}|[eE]\+?[0-9]{2}")

_OF_ANY_KIND: Final = frozenset({"any", "callable", "function-plain", "is-instance", "json"})
_ITEMS: Final = {
    "deque": "items_schema",
    "dict": "values_schema",
    "frozenset": "items_schema",
    "generator": "items_schema",
    "list": "items_schema",
    "set": "items_schema",
}


def may_hold_integers(schema: object) -> bool:
    """Say whether a value of this core schema may have an integer in it that nothing bounds."""
    if isinstance(schema, (list, tuple)):
        return any(map(may_hold_integers, schema))
    if not isinstance(schema, Mapping):
        return False
    written = schema.get("serialization")
    if isinstance(written, Mapping) and "return_schema" in written:
        return may_hold_integers(written["return_schema"])
    if schema.get("type") == "int":
        return not _is_bounded(schema)
    return _is_open(schema) or any(map(may_hold_integers, _inner(schema)))


def _inner(schema: Mapping[str, Any]) -> Iterator[object]:
    for key, one in schema.items():
        if key in {"choices", "fields"} and isinstance(one, Mapping):
            yield from one.values()  # by names of the application's own
        elif key not in {"default", "keys_schema", "metadata", "serialization"}:
            yield one


def _is_open(schema: Mapping[str, Any]) -> bool:
    kind = schema.get("type")
    return (
        kind in _OF_ANY_KIND
        or (kind in _ITEMS and _ITEMS[kind] not in schema)
        or "allow" in {schema.get("extra_behavior"), schema.get("extra_fields_behavior")}
    )


def _is_bounded(schema: Mapping[str, Any]) -> bool:
    lowest = schema.get("ge", schema.get("gt"))
    highest = schema.get("le", schema.get("lt"))
    return (
        isinstance(lowest, int)
        and isinstance(highest, int)
        and -SAFE_INTEGER <= lowest <= highest <= SAFE_INTEGER
    )


def unsafe_integer_in(encoded: bytes) -> str:
    """Return the path of the first integer of a JSON text that would be rounded; "" if none is."""
    if _LONG not in encoded.translate(_DIGITS):
        return ""
    return _unsafe_integer(from_json(encoded), "")


def unsafe_integer_of(value: object, text: str) -> str:
    """Return the path of the first integer that would have been rounded; "" if none is.

    Args:
        value: what was read from the text. A float that has no fraction looks there as an integer
            does, so what the value holds is what counts.
        text: most have no long number, and are not looked at further.
    """
    if _LONG_IN_TEXT.search(text) is None:
        return ""
    plain = to_jsonable_python(value, by_alias=True, inf_nan_mode="null", serialize_unknown=True)
    return _unsafe_integer(plain, "")


def written_as_null(value: object, written: object, path: str = "") -> str:
    """Return the path of the first NaN or infinity that became null; "" when there is none.

    Args:
        value: as JSON values, but with its numbers as they are.
        written: the same, read back from JSON.
        path: where they are.
    """
    if isinstance(value, float):
        return "" if written is not None or math.isfinite(value) else path or "the value"
    pairs: Iterable[tuple[object, object, object]] = ()
    if isinstance(value, Mapping) and isinstance(written, Mapping):
        pairs = [(key, one, written.get(key)) for key, one in value.items()]
    elif isinstance(value, (list, tuple)) and isinstance(written, list):
        pairs = zip(range(len(written)), value, written, strict=True)
    for key, one, other in pairs:
        if found := written_as_null(one, other, _step(path, key)):
            return found
    return ""


def exact_json(value: object, where: str) -> bytes:
    """Return any value as JSON, by its own serializers and aliases.

    Raises:
        InexactError: it has NaN or an infinity in it, or an integer beyond 2^53 - 1.
    """
    encoded = to_json(value, by_alias=True, inf_nan_mode="null")
    if b"null" in encoded:
        plain = _ANY.dump_python(value, mode="json", by_alias=True)
        if path := written_as_null(plain, from_json(encoded)):
            raise InexactError(not_finite(where, path))
    if path := unsafe_integer_in(encoded):
        raise InexactError(not_safe(where, path))
    return encoded


def not_finite(where: str, path: str) -> str:
    """Return what to say of a number that JSON does not have."""
    return (
        f"{where}: `{path}` is NaN or infinite, and JSON has neither. Send None, or let the model "
        "say how: ser_json_inf_nan='strings'."
    )


def not_safe(where: str, path: str) -> str:
    """Return what to say of an integer that would be rounded."""
    return (
        f"{where}: `{path}` is an integer beyond 2^53 - 1, which JavaScript would round. Declare "
        "it as a topicwire.BigInt, an int that travels as a string, or as a float."
    )


def _unsafe_integer(value: object, path: str) -> str:
    if isinstance(value, int):
        return "" if -SAFE_INTEGER <= value <= SAFE_INTEGER else path or "the value"
    pairs: Iterable[tuple[object, object]] = ()
    if isinstance(value, dict):
        pairs = value.items()
    elif isinstance(value, list):
        pairs = enumerate(value)
    for key, one in pairs:
        if found := _unsafe_integer(one, _step(path, key)):
            return found
    return ""


def _step(path: str, key: object) -> str:
    return f"{path}.{key}" if path else str(key)
