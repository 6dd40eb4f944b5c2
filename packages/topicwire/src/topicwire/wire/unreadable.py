"""Which part of a type Pydantic has no schema for: found by asking it of each part."""

from __future__ import annotations

import typing
from dataclasses import is_dataclass
from typing import Any, Final, Never, NoReturn

from pydantic import BaseModel, TypeAdapter
from pydantic.errors import PydanticUserError
from typing_extensions import is_typeddict

from topicwire.wire.carried import Place, file_and_line

ALLOWED: Final = (
    "Declare what travels: a model, a dataclass, a TypedDict, a named tuple, an enumeration, a "
    "scalar or a collection of these (docs/types.md has each). For a class of your own say how it "
    "is read (`BeforeValidator`), written (`PlainSerializer` with its `return_type`) and described "
    "(`WithJsonSchema`), in an `Annotated`."
)


def why_unreadable(kind: Any, error: Exception) -> str:
    """Say which class and field of a type cannot be read or written, why, and what can be.

    Args:
        kind: a type that Pydantic refused.
        error: what it said.
    """
    place, part = _innermost(kind, Place(), set())
    if part is Never or part is NoReturn:
        return (
            f"{place}no value is of the type {_name(part)}. Leave it out, or declare what it "
            "holds: `None`, where it is always null."
        )
    if isinstance(part, type) and not _fields(part):
        name = f"{_name(part)}{file_and_line(part)}"
        return f"{place}Pydantic does not know how {name} is read and written. {ALLOWED}"
    said = str(error).partition("\n\n")[0].rstrip(".")
    return f"{place}Pydantic cannot handle {part!r}: {said}. {ALLOWED}"


def _innermost(kind: Any, place: Place, seen: set[int]) -> tuple[Place, Any]:
    if id(kind) not in seen:
        seen.add(id(kind))
        for name, hint in _fields(kind).items():
            if not _is_readable(hint):
                return _innermost(hint, Place(kind, name), seen)
        for argument in typing.get_args(kind):
            if not _is_readable(argument):
                return _innermost(argument, place, seen)
    return place, kind


def _is_readable(kind: Any) -> bool:
    try:
        TypeAdapter(kind)
    except (PydanticUserError, NameError, TypeError):
        return False
    return True


def _fields(kind: Any) -> dict[str, Any]:
    is_tuple = isinstance(kind, type) and issubclass(kind, tuple) and hasattr(kind, "_fields")
    is_model = isinstance(kind, type) and issubclass(kind, BaseModel)
    if not (is_model or is_tuple or is_typeddict(kind) or is_dataclass(kind)):
        return {}
    try:
        return typing.get_type_hints(kind, include_extras=True)
    except (NameError, TypeError):  # a name that is not there: Pydantic says which
        return {}


def _name(kind: Any) -> str:
    name: str = getattr(kind, "__qualname__", "") or getattr(kind, "__name__", "") or repr(kind)
    return name.rpartition("<locals>.")[2]
