"""Random Python values of a declared type, made from the declaration alone and from no schema.

So a value that a schema has forgotten is made all the same, and shows the fault.
"""

from __future__ import annotations

import base64
import dataclasses
import json
import re
import string
import sys
import types
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum, Flag
from fractions import Fraction
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import (
    Annotated,
    Any,
    Final,
    Literal,
    NotRequired,
    Required,
    TypeVar,
    Union,
    get_args,
    get_origin,
)
from uuid import UUID

from hypothesis import reject
from hypothesis import strategies as st
from pydantic import (
    AnyUrl,
    AwareDatetime,
    BaseModel,
    ByteSize,
    EncodedBytes,
    HttpUrl,
    NaiveDatetime,
    TypeAdapter,
    ValidationError,
)
from pydantic_core import MISSING
from typing_extensions import (
    ReadOnly,
    TypeAliasType,
    get_type_hints,
    is_typeddict,
)

SAFE: Final = 2**53 - 1
_DEEP: Final = 3  # from here on collections are empty, and unions take what ends the recursion

Values = st.SearchStrategy[Any]

_text = st.text(st.characters(codec="utf-8"), max_size=8)
_half_past_five = timezone(timedelta(hours=5, minutes=30))
_aware: st.SearchStrategy[Any] = st.sampled_from(
    [UTC, _half_past_five, timezone(-timedelta(hours=3))]
)
_json = st.recursive(
    st.none() | st.booleans() | st.integers(-SAFE, SAFE) | _text,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_text, inner, max_size=2),
    max_leaves=4,
)
_SCALARS: Final[Mapping[Any, Values]] = {
    Any: _json,
    object: _json,
    AnyUrl: st.sampled_from(["https://example.com/", "ws://localhost:1/a?b=c"]),
    AwareDatetime: st.datetimes(timezones=_aware),
    bool: st.booleans(),
    ByteSize: st.integers(0, SAFE),
    bytes: _text.map(str.encode),
    complex: st.complex_numbers(allow_nan=False, allow_infinity=False),
    date: st.dates(),
    datetime: st.datetimes(datetime(1000, 1, 1), timezones=st.none() | _aware),  # noqa: DTZ001 - some are naive
    Decimal: st.decimals(allow_nan=False, allow_infinity=False),
    float: st.floats(allow_nan=False, allow_infinity=False),
    Fraction: st.fractions(),
    HttpUrl: st.sampled_from(["https://example.com/", "http://localhost:1/a?b=c"]),
    int: st.integers(-SAFE, SAFE),
    IPv4Address: st.ip_addresses(v=4),
    IPv6Address: st.ip_addresses(v=6),
    NaiveDatetime: st.datetimes(),
    None: st.none(),
    Path: st.text(string.ascii_letters, min_size=1, max_size=12).map(Path),
    re.Pattern: st.sampled_from(["a+", "^[A-Z]*$"]).map(re.compile),
    str: _text,
    time: st.times(),
    timedelta: st.timedeltas(timedelta(days=-(10**6)), timedelta(days=10**6)),
    type(None): st.none(),
    UUID: st.uuids(),
}


def _integers(limits: Mapping[str, Any]) -> Values:
    low = limits.get("ge", limits.get("gt", -SAFE - 1) + 1)
    high = limits.get("le", limits.get("lt", SAFE + 1) - 1)
    step = limits.get("multiple_of", 1)
    return st.integers(-(-low // step), high // step).map(lambda one: one * step)


def _floats(limits: Mapping[str, Any]) -> Values:
    low, high = limits.get("ge"), limits.get("le")
    return st.floats(low, high, allow_nan=False, allow_infinity=False)


def _decimals(limits: Mapping[str, Any]) -> Values | None:
    places = limits.get("decimal_places")
    return None if places is None else st.decimals(-(10**5), 10**5, places=places)


def _strings(limits: Mapping[str, Any]) -> Values:
    if "pattern" in limits:
        return st.from_regex(re.compile(limits["pattern"], re.ASCII), fullmatch=True)
    least, most = limits.get("min_length", 0), limits.get("max_length", 20)
    return st.text(string.ascii_letters, min_size=least, max_size=most)


_LIMITS: Final = (
    "ge", "gt", "le", "lt", "multiple_of", "decimal_places", "min_length", "max_length", "pattern",
)  # fmt: skip
_LIMITED: Final[Mapping[Any, Callable[[Mapping[str, Any]], Values | None]]] = {
    Decimal: _decimals,
    float: _floats,
    int: _integers,
    str: _strings,
}
_Bound = Mapping[Any, Any]


def values_of(kind: Any, special: Mapping[Any, Values] | None = None) -> Values:
    """Instances of `kind`, as a server has them: validated, so that constraints hold.

    Args:
        kind: anything a `TypeAdapter` takes.
        special: strategies for scalars of another range than JSON carries by default.
    """
    validate = TypeAdapter(kind).validate_python

    def valid(raw: Any) -> Any:
        try:
            return validate(raw)
        except ValidationError:
            return reject()

    return _Maker({**_SCALARS, **(special or {})}).values(kind, 0).map(valid)


class _Maker:
    def __init__(self, scalars: Mapping[Any, Values]) -> None:
        self.scalars = scalars

    def values(self, kind: Any, depth: int, bound: _Bound | None = None) -> Values:
        """What validation turns into a value of `kind`."""
        bound = bound or {}
        kind = bound.get(kind, Any) if isinstance(kind, TypeVar) else kind
        if type(kind).__name__ == "PydanticRecursiveRef":  # a generic model inside itself
            kind = bound["self"]
        if isinstance(kind, TypeAliasType):
            return st.deferred(lambda: self.values(_meant(kind), depth + 1, bound))
        if hasattr(kind, "__supertype__"):
            return self.values(kind.__supertype__, depth, bound)
        if kind in self.scalars:
            return self.scalars[kind]
        origin = get_origin(kind)
        if origin is not None:
            return self._generic(origin, get_args(kind), depth, bound)
        return self._class(kind, depth)

    def _class(self, kind: Any, depth: int) -> Values:
        if issubclass(kind, BaseModel):
            return st.deferred(lambda: self._model(kind, depth))
        if issubclass(kind, Enum):
            flags = sum(one.value for one in kind) if issubclass(kind, Flag) else 0
            return st.sampled_from([kind(one) for one in range(flags + 1)] if flags else [*kind])
        if dataclasses.is_dataclass(kind):
            return st.deferred(lambda: self._dataclass(kind, depth))
        if is_typeddict(kind):
            return st.deferred(lambda: self._typed_dict(kind, depth))
        hints = get_type_hints(kind, include_extras=True)
        return st.tuples(*(self.values(hints[one], depth) for one in kind._fields))

    def _generic(self, origin: Any, arguments: Any, depth: int, bound: _Bound | None) -> Values:
        if origin in self.scalars or origin in {Required, NotRequired, ReadOnly}:
            return self.values(origin if origin in self.scalars else arguments[0], depth, bound)
        if origin is Annotated:
            return self._annotated(arguments[0], arguments[1:], depth, bound)
        if origin is Literal:
            return st.sampled_from(arguments)
        if isinstance(origin, TypeAliasType):
            given = dict(zip(origin.__type_params__, arguments, strict=True))
            return self.values(_meant(origin), depth + 1, given)
        if origin in {Union, types.UnionType}:
            members = [one for one in arguments if one is not MISSING]
            ends = [one for one in members if one in self.scalars] if depth > _DEEP else []
            return st.one_of([self.values(one, depth, bound) for one in ends or members])
        return self._collection(origin, arguments, depth, bound)

    def _collection(self, origin: Any, arguments: Any, depth: int, bound: _Bound | None) -> Values:
        most = 0 if depth > _DEEP else 3
        inner = [self.values(one, depth + 1, bound) for one in arguments if one is not ...]
        if issubclass(origin, tuple):
            is_open = arguments[1:] == (...,)
            return st.lists(inner[0], max_size=most).map(tuple) if is_open else st.tuples(*inner)
        if issubclass(origin, Mapping):
            return st.dictionaries(inner[0], inner[1], max_size=most)
        return st.lists(inner[0], max_size=most)

    def _annotated(
        self, kind: Any, metadata: Sequence[Any], depth: int, bound: _Bound | None
    ) -> Values:
        limits = {
            name: found
            for one in metadata
            for part in (one, *getattr(one, "metadata", ()))
            for name in _LIMITS
            if (found := getattr(part, name, None)) is not None
        }
        if kind is bytes and any(isinstance(one, EncodedBytes) for one in metadata):
            return st.binary(max_size=8).map(base64.b64encode)
        limited = _LIMITED.get(kind)
        made = limited(limits) if limited is not None and limits else None
        return self.values(kind, depth, bound) if made is None else made

    def _model(self, model: type[BaseModel], depth: int) -> Values:
        model.model_rebuild()
        required: dict[str, Values] = {}
        optional: dict[str, Values] = {}
        for name, field in model.model_fields.items():
            if field.exclude is True:  # what does not travel comes back as its default
                continue
            kind: Any = field.annotation
            kind = Annotated[kind, *field.metadata] if field.metadata else kind
            made = self._later(kind, depth + 1, model)
            (required if field.is_required() else optional)[name] = made
        if model.__pydantic_root_model__:
            return required["root"]
        known = st.fixed_dictionaries(required, optional=optional)
        extra = model.model_config.get("extra") == "allow"
        extras = model.__annotations__.get("__pydantic_extra__")
        others = st.dictionaries(
            st.from_regex("x[0-9]{1,3}", fullmatch=True),
            st.integers(0, 9) if extras else self.scalars[Any],
            max_size=2,
        )
        raw = st.tuples(others, known).map(lambda two: {**two[0], **two[1]}) if extra else known
        return raw.map(lambda given: _instance(model, given))

    def _later(self, kind: Any, depth: int, model: type[BaseModel]) -> Values:
        return st.deferred(lambda: self.values(kind, depth, {"self": model}))

    def _dataclass(self, kind: Any, depth: int) -> Values:
        hints = get_type_hints(kind, include_extras=True)
        required: dict[str, Values] = {}
        optional: dict[str, Values] = {}
        for one in dataclasses.fields(kind):
            if not one.init:
                continue
            has_default = one.default is not dataclasses.MISSING
            has_default = has_default or one.default_factory is not dataclasses.MISSING
            made = self.values(hints[one.name], depth + 1)
            (optional if has_default else required)[one.name] = made
        return st.fixed_dictionaries(required, optional=optional)

    def _typed_dict(self, kind: Any, depth: int) -> Values:
        hints = get_type_hints(kind, include_extras=True)
        made = {name: self.values(one, depth + 1) for name, one in hints.items()}
        required = {name: one for name, one in made.items() if name in kind.__required_keys__}
        optional = {name: one for name, one in made.items() if name not in required}
        return st.fixed_dictionaries(required, optional=optional)


def _meant(alias: TypeAliasType) -> Any:
    value = alias.__value__
    if not isinstance(value, str):
        return value
    return eval(value, vars(sys.modules[str(alias.__module__)]))  # noqa: S307 - our own text


def _instance(model: type[BaseModel], given: Mapping[str, Any]) -> Any:
    try:
        return model.model_validate(given, by_name=True, by_alias=True)
    except ValidationError:
        return reject()


def json_of(kind: Any, value: Any) -> Any:
    """What travels when a server sends `value`, as JSON values."""
    found: Any = json.loads(TypeAdapter(kind).dump_json(value, by_alias=True))
    return found


def same(one: Any, other: Any) -> bool:
    """Whether two values are alike: of the same classes, and NaN is like NaN.

    A number may be an `int` or a `float`: JSON does not tell 1.0 from 1.
    """
    if isinstance(one, float) or isinstance(other, float):
        return bool(one == other or (one != one and other != other))  # noqa: PLR0124 - NaN
    if type(one) is not type(other):
        return False
    if isinstance(one, BaseModel) or dataclasses.is_dataclass(one):
        return same(_parts(one), _parts(other))
    if isinstance(one, Mapping):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple | deque):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def _parts(value: Any) -> dict[str, Any]:
    if isinstance(value, BaseModel):
        fields = {name: vars(value).get(name) for name in type(value).model_fields}
        return {**fields, **(value.__pydantic_extra__ or {})}
    return {one.name: getattr(value, one.name) for one in dataclasses.fields(value)}
