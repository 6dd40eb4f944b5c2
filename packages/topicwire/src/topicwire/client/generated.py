"""What clients that `topicwire client python` writes are made of."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from functools import cache
from math import inf, isfinite, isnan, nan
from typing import Annotated, Any, Final, TypeAlias, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainSerializer,
    SerializationInfo,
    SerializerFunctionWrapHandler,
    TypeAdapter,
    model_serializer,
)

from topicwire import integers
from topicwire.client.client import Client
from topicwire.client.route import Route, ask, encoded

_TRequest = TypeVar("_TRequest")
_TData = TypeVar("_TData")
_TReply = TypeVar("_TReply")

STRICT: Final = ConfigDict(strict=True)
"""For types that are no model: only what the document says is taken, nothing is converted."""

_DIGITS: Final = re.compile(r"[+-]?[0-9]{1,4300}")

NOTHING: Final[TypeAdapter[None]] = TypeAdapter(None, config=STRICT)
"""For an answer that carries nothing."""


def _decoded(value: object) -> object:
    return urlsafe_b64decode(value) if isinstance(value, str) else value


def _encoded(value: bytes) -> str:
    return urlsafe_b64encode(value).decode()


def _whole(value: object) -> object:
    # as many digits as `int` reads of a string; it says by itself what it does not read
    return int(value) if isinstance(value, str) and _DIGITS.fullmatch(value) else value


BigInt: TypeAlias = Annotated[integers.BigInt, BeforeValidator(_whole)]
"""`topicwire.BigInt`, which strict models take from its string of digits too."""


_NOT_FINITE: Final = {"NaN": nan, "Infinity": inf, "-Infinity": -inf}


def _number(value: object) -> object:
    return _NOT_FINITE.get(value, value) if isinstance(value, str) else value


def _written(value: float) -> float | str:
    if isfinite(value):
        return value
    return "NaN" if isnan(value) else "Infinity" if value > 0 else "-Infinity"


AnyFloat: TypeAlias = Annotated[
    float,
    BeforeValidator(_number),
    PlainSerializer(_written, return_type=float | str, when_used="json"),
]
"""A number that may be NaN or an infinity, which travel by their names."""


Base64Bytes: TypeAlias = Annotated[
    bytes, BeforeValidator(_decoded), PlainSerializer(_encoded, return_type=str, when_used="json")
]
"""Bytes that travel as base64, in the alphabet for addresses (RFC 4648, section 5)."""


def absent(value: object) -> bool:
    """Say whether a field is left out: it may be absent, and is never null."""
    return value is None


class Payload(BaseModel):
    """A model of the document, exact about what is there.

    Guarantee: a field that was not given is not sent, so the server's own default counts; given
    as None it is sent as null, where the document allows null. A frozen field is a constant and
    always sent. `model_fields_set` tells what a received value had. Nothing is converted: `"1"`
    is no integer.

    Names on the wire that Python cannot have are aliases; both names are taken, the wire's sent.
    """

    model_config = ConfigDict(
        strict=True, validate_by_alias=True, validate_by_name=True, serialize_by_alias=True
    )

    @model_serializer(mode="wrap")
    def _without_what_was_not_given(
        self, handler: SerializerFunctionWrapHandler, info: SerializationInfo
    ) -> Any:
        written = handler(self)
        for name, key in _may_be_absent(type(self)):
            if name not in self.model_fields_set:
                written.pop(name if info.by_alias is False else key, None)
        return written


@cache
def _may_be_absent(model: type[Payload]) -> tuple[tuple[str, str], ...]:
    """Return the fields that need not be sent, each with its name on the wire."""
    return tuple(
        (name, field.serialization_alias or name)
        for name, field in model.model_fields.items()
        if not field.is_required() and not field.frozen
    )


class OperationsOf:
    """The operations of a route that is not subscribed to: its methods.

    Args:
        client: that it belongs to.
        name: as the document has it.
    """

    def __init__(self, client: Client, name: str) -> None:
        self.name = name
        self._connection = client._connection  # noqa: SLF001 - of this package

    async def ask(
        self,
        operation: str,
        reply: type[_TReply] | TypeAdapter[_TReply],
        payload: object = ...,
        *,
        timeout_s: float | None = None,
    ) -> _TReply:
        """As `Route.call`, of an operation that the document has, whatever its name.

        Args:
            operation: its name, without the route's.
            reply: what the reply is validated as.
            payload: what is sent, None as null; `...` for nothing.
            timeout_s: for the answer; the client's when there is none.
        """
        text = None if payload is ... else encoded(payload)
        return await ask(self._connection, f"{self.name}.{operation}", text, reply, timeout_s)


class RouteOf(Route[_TRequest, _TData], OperationsOf):
    """A route of a generated client: its operations are methods.

    Args:
        client: that it belongs to.
        name: as the document has it.
        request: what subscriptions are made of.
        data: what updates carry.
    """

    def __init__(
        self,
        client: Client,
        name: str,
        request: type[_TRequest] | TypeAdapter[_TRequest],
        data: type[_TData] | TypeAdapter[_TData],
    ) -> None:
        super().__init__(client._connection, name, request, data)  # noqa: SLF001 - as above
