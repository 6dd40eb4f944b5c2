"""What a handler's annotations say, with the type parameters of its router filled in."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar, get_type_hints

from topicwire.errors import DeclarationError
from topicwire.routing.concrete import fill_in, parameters_of
from topicwire.types import Client

MISSING: Any = inspect.Parameter.empty


@dataclass(frozen=True, slots=True)
class HandlerTypes:
    """The types in a handler's signature.

    Attributes:
        payload: of the parameter that takes the payload; None where there is no such parameter.
        returns: of the return annotation; `MISSING` where there is none.
        payload_name, client_name: the parameters to pass them in, or None.
    """

    payload: Any | None
    returns: Any
    payload_name: str | None
    client_name: str | None


def read_handler(handler: Callable[..., Any], arguments: Mapping[Any, Any]) -> HandlerTypes:
    """Read a handler's signature: one parameter for the payload, one for the `Client`, any order.

    Args:
        handler: the function that was decorated.
        arguments: what the router's type parameters stand for.

    Raises:
        DeclarationError: an annotation is missing or unknown, or there is a parameter too many.
    """
    where = _where(handler)
    try:
        hints = get_type_hints(handler, include_extras=True)
    except NameError as error:
        raise DeclarationError(
            f"{where}: {error}. The annotations of a handler are read when it is registered, so "
            "its types must be defined or imported at the top of the module, not inside a function "
            "and not under `if TYPE_CHECKING:`."
        ) from error
    payload: Any | None = None
    payload_name = client_name = None
    for name, parameter in inspect.signature(handler).parameters.items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise DeclarationError(
                f"{where}: the parameter `{name}` takes anything. A handler takes the payload and "
                "the `client: Client`, either, or none."
            )
        if name not in hints:
            raise DeclarationError(
                f"{where}: the parameter `{name}` has no annotation, so its type cannot be "
                "validated or documented. Annotate it."
            )
        if hints[name] is Client:
            client_name = name
        elif payload_name is None:
            payload_name, payload = name, filled_in(hints[name], arguments, where)
        else:
            raise DeclarationError(
                f"{where}: both `{payload_name}` and `{name}` would take the payload. A handler "
                "takes one payload and the `client: Client`; put the fields into one model."
            )
    returns = filled_in(hints["return"], arguments, where) if "return" in hints else MISSING
    return HandlerTypes(payload, returns, payload_name, client_name)


def filled_in(annotation: Any, arguments: Mapping[Any, Any], where: str) -> Any:
    """Return `annotation` with every type parameter replaced by what it stands for.

    Raises:
        DeclarationError: a parameter stands for nothing: the router was used without its types.
    """
    filled = fill_in(annotation, arguments)
    unknown = [filled] if isinstance(filled, TypeVar) else list(parameters_of(filled))
    if unknown:
        raise DeclarationError(
            f"{where}: the type {unknown[0].__name__} is not known. Make the router with its "
            "types, `WsRouter[Request, Data](...)`, or from a generated class."
        )
    return filled


def _where(handler: Callable[..., Any]) -> str:
    code = getattr(inspect.unwrap(handler), "__code__", None)
    name = getattr(handler, "__qualname__", type(handler).__name__)
    return f"{code.co_filename}:{code.co_firstlineno}: {name}" if code else name
