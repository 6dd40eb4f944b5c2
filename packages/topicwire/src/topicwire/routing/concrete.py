"""Plain generics at run time: `WsRouter[Request, Data]` is a class that knows its two types.

`typing.Generic` alone does not do: the alias that it makes tells an instance its types only after
`__init__`, when the operations have been registered already.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, get_args, get_origin

from topicwire.errors import DeclarationError


class ConcreteGeneric:
    """Subscripting a generic subclass gives a cached subclass whose parameters are filled in."""

    _type_arguments: ClassVar[Mapping[Any, Any]] = {}
    """What each type parameter of this class, and of its generic bases, stands for."""

    if not TYPE_CHECKING:  # checkers understand typing.Generic better than any signature here

        def __class_getitem__(cls, arguments: Any) -> Any:
            given = arguments if isinstance(arguments, tuple) else (arguments,)
            if any(_is_open(one) for one in given):
                # `class Mine(WsRouter[A, B], Generic[A, B])`: an alias, as typing makes it.
                return super().__class_getitem__(arguments)
            parameters = getattr(cls, "__parameters__", ())
            if len(given) != len(parameters):
                raise DeclarationError(
                    f"{cls.__name__} takes {len(parameters)} types, got {len(given)}: "
                    f"{', '.join(_shown(one) for one in given)}."
                )
            key = (cls, given) if _hashable(given) else None
            if key in _concrete:
                return _concrete[key]
            name = f"{cls.__name__}[{', '.join(_shown(one) for one in given)}]"
            own = dict(zip(parameters, given, strict=True))
            made = type(
                name,
                (cls,),
                {
                    "__doc__": cls.__doc__,
                    "__module__": cls.__module__,
                    "__parameters__": (),
                    "_type_arguments": _arguments(cls, own),
                },
            )
            if key is not None:
                _concrete[key] = made
            return made


_concrete: dict[Hashable, type] = {}


def fill_in(annotation: Any, arguments: Mapping[Any, Any]) -> Any:
    """Return `annotation` with its type parameters replaced by what they stand for, if anything."""
    if isinstance(annotation, TypeVar):
        return arguments.get(annotation, annotation)
    parameters = parameters_of(annotation)
    if not parameters:
        return annotation
    return annotation[tuple(fill_in(one, arguments) for one in parameters)]


def parameters_of(annotation: Any) -> tuple[Any, ...]:
    """Return the type parameters inside of `list[T]`, `T | None` or Pydantic's `Page[T]`."""
    pydantic = getattr(annotation, "__pydantic_generic_metadata__", None)
    if pydantic is not None:
        parameters: tuple[Any, ...] = pydantic["parameters"] if pydantic["origin"] else ()
        return parameters
    if isinstance(annotation, type):
        return ()  # a generic class without arguments stands for itself
    return tuple(getattr(annotation, "__parameters__", ()))


def _arguments(cls: type, own: Mapping[Any, Any]) -> dict[Any, Any]:
    """Follow the parameters through the generic bases, each of which has names of its own."""
    known = dict(own)
    for alias in getattr(cls, "__orig_bases__", ()):
        base = get_origin(alias)
        names = getattr(base, "__parameters__", ())
        if names and issubclass(base, ConcreteGeneric):
            passed = [fill_in(one, own) for one in get_args(alias)]
            known |= _arguments(base, dict(zip(names, passed, strict=True)))
    return known


def _is_open(argument: Any) -> bool:
    return isinstance(argument, TypeVar) or bool(parameters_of(argument))


def _hashable(arguments: tuple[Any, ...]) -> bool:
    try:
        hash(arguments)
    except TypeError:
        return False
    return True


def _shown(argument: Any) -> str:
    return argument.__name__ if isinstance(argument, type) else str(argument)
