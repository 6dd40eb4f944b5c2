"""From a client's text to a validated payload, and from an update's data to JSON.

One rule for numbers that JSON does not have: NaN and infinities never travel. In a message they
are `invalid_json`; in an update they raise. A model that must send them says how, with
`ser_json_inf_nan="strings"` in its config, or with None. And one for integers beyond 2^53 - 1,
which a browser would round: in a message they are a `validation_error`; in an update they raise. A
`topicwire.BigInt` travels as a string.
"""

from __future__ import annotations

import difflib
import heapq
import json
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.errors import PydanticUserError
from pydantic_core import PydanticSerializationError, from_json
from typing_extensions import TypedDict

from topicwire.errors import (
    CommandError,
    DeclarationError,
    InexactError,
    InvalidMessageError,
    InvalidUpdateError,
)
from topicwire.replies import ErrorDetail
from topicwire.types import Message, MessageId
from topicwire.wire.carried import ENVELOPE, check_carried
from topicwire.wire.exact import (
    may_hold_integers,
    not_finite,
    not_safe,
    unsafe_integer_in,
    unsafe_integer_of,
    written_as_null,
)
from topicwire.wire.plain import shapes_of
from topicwire.wire.unreadable import why_unreadable

MAX_ID_CHARACTERS: Final = 64
MAX_ID_INTEGER: Final = 2**53 - 1

MAX_DETAILS: Final = 8
"""An error lists so many faults; its message says how many more there are."""

MAX_STEP_CHARACTERS: Final = 64
"""A key in a path may be the client's own: it is cut here."""

FIXED_TEXTS: Final[Mapping[str, str]] = {
    "bytes_invalid_encoding": "Data is not valid in its encoding",
    "timezone_offset": "Timezone offset is not the required one",
    "union_tag_invalid": "The tag is none of the expected ones",
    "uuid_parsing": "Input should be a valid UUID",
}
"""Said instead of Pydantic's own texts where those quote the input."""

_MAX_ROUTES_SHOWN: Final = 16
_LIKELIEST: Final = 3

_JSON: Final = json.JSONDecoder()


def decode_message(data: str | bytes) -> tuple[Message, str]:
    """Return the envelope of a client's message, and its text. The payload is not validated yet.

    Raises:
        CommandError: `invalid_json`, or `invalid_message` with the `id`, where that is one.
    """
    if not isinstance(data, str):
        raise _invalid("This is a binary frame, and messages are JSON in text frames")
    try:
        decoded = from_json(data, allow_inf_nan=False)
    except ValueError as error:
        raise CommandError(f"This is not JSON: {error}", code="invalid_json") from None
    if not isinstance(decoded, dict):
        raise _invalid('A message is a JSON object, like {"type": "trades.subscribe"}')
    message_id = decoded.get("id")
    if "id" in decoded and not _is_id(message_id):
        raise _invalid(
            f"`id` is a string of at most {MAX_ID_CHARACTERS} characters, or an integer below 2^53"
        )
    type_name = decoded.get("type")
    if not isinstance(type_name, str) or not type_name:
        raise _invalid("A message has a `type`, which is a string", message_id)
    resume = decoded.get("resume")
    return Message(type_name, decoded.get("payload"), message_id, resume), data


def no_matching_type(type_name: str, known: Iterable[str]) -> CommandError:
    """Return what to answer to a `type` that nothing serves: the nearest one, or the cure."""
    shown = type_name if len(type_name) <= MAX_ID_CHARACTERS else f"{type_name[:61]}..."
    operations = _operations(tuple(known))
    if not operations:
        hint = "No router is registered: pass it to `include_router`"
    elif nearest := _nearest(shown, operations):
        hint = f"Did you mean {nearest}?"
    else:
        more = len(operations) - _MAX_ROUTES_SHOWN
        routes = ", ".join([*operations][:_MAX_ROUTES_SHOWN]) + (
            f" and {more} more" if more > 0 else ""
        )
        hint = f"The registered routes are {routes}; a route is registered with `include_router`"
    return CommandError(f"No matching type for {shown}. {hint}", code="no_matching_type")


class CarriedTypes:
    """What is known of the types that an app's messages carry: each model is judged once.

    Most routes answer with the same model, and are asked by one to subscribe and to unsubscribe.
    """

    __slots__ = ("_received", "_sent")

    def __init__(self) -> None:
        self._received: dict[type, _Carried] = {}
        self._sent: dict[type, _Carried] = {}

    def received(self, payload_type: Any, where: str) -> _Carried:
        """Return how a payload of this type is read: the adapter is of its envelope.

        Raises:
            DeclarationError: it cannot be, or a part of it does not arrive as it was sent.
        """
        known = self._received.get(payload_type) if _is_model(payload_type) else None
        if known is not None:
            return known
        fields: dict[str, Any] = {"payload": payload_type}
        envelope = TypedDict(ENVELOPE, fields)  # type: ignore[misc]  # known at run time alone
        adapter = type_adapter(envelope, where)
        check_carried(adapter.core_schema, "to_server", where)
        found = _Carried(adapter, counts=may_hold_integers(adapter.core_schema))
        if _is_model(payload_type):
            self._received[payload_type] = found
        return found

    def sent(self, data_type: Any, where: str) -> _Carried:
        """Return how data of this type is written.

        Raises:
            DeclarationError: it cannot be, or not as JSON that says the same.
        """
        known = self._sent.get(data_type) if _is_model(data_type) else None
        if known is not None:
            return known
        adapter = type_adapter(data_type, where)
        check_carried(adapter.core_schema, "to_client", where)
        if _writes_constants(adapter.core_schema):
            raise DeclarationError(
                f"{where}: a config says ser_json_inf_nan='constants', which writes NaN, and JSON "
                "has no NaN. Use 'strings'."
            )
        found = _Carried(adapter, counts=may_hold_integers(adapter.core_schema))
        if _is_model(data_type):
            self._sent[data_type] = found
        return found


class _Carried:
    """The adapter of a type, and whether its values may have integers in them."""

    __slots__ = ("adapter", "counts")

    def __init__(self, adapter: TypeAdapter[Any], *, counts: bool) -> None:
        self.adapter = adapter
        self.counts = counts


def _is_model(data_type: Any) -> bool:
    return isinstance(data_type, type) and issubclass(data_type, BaseModel)


class PayloadDecoder:
    """Validates the payload of one kind of message, from its text.

    Args:
        payload_type: anything a `TypeAdapter` takes; None where the message has no payload.
        where: the message's type, for errors.
        carried: what is known of the app's types.

    Raises:
        DeclarationError: Pydantic cannot validate the type, or a part of it does not arrive as it
            was sent.
    """

    def __init__(
        self, payload_type: Any | None, where: str, carried: CarriedTypes | None = None
    ) -> None:
        self._validate = None
        self._counts = False
        if payload_type is not None:
            found = (carried or CarriedTypes()).received(payload_type, where)
            self._validate = found.adapter.validator.validate_json
            self._counts = found.counts

    def __call__(self, text: str) -> Any:
        """Return the payload of a message that `decode_message` has accepted.

        Raises:
            CommandError: `validation_error`, with details that carry no value.
        """
        if self._validate is None:
            return None
        try:
            payload = self._validate(text)["payload"]
        except ValidationError as error:
            details = list(_details(error))
            first = details[0]
            count = error.error_count()
            more = f" (and {count - 1} more)" if count > 1 else ""
            place = f"{first.path}: " if first.path else ""
            raise CommandError(
                f"Invalid payload: {place}{first.message}{more}",
                code="validation_error",
                details=details,
            ) from None
        if self._counts and (path := unsafe_integer_of(payload, text)):
            raise _rounded(path)
        return payload


class JsonEncoder:
    """Encodes values of one type, with its serializer bound once.

    Args:
        data_type: anything a `TypeAdapter` takes.
        where: the message's type, for errors.
        carried: what is known of the app's types.

    Raises:
        DeclarationError: Pydantic cannot serialize the type, or not as JSON that says the same.
    """

    __slots__ = ("_adapter", "_counts", "_model", "_serializer", "_shapes", "_to_json", "_where")

    def __init__(self, data_type: Any, where: str, carried: CarriedTypes | None = None) -> None:
        found = (carried or CarriedTypes()).sent(data_type, where)
        self._adapter = found.adapter
        self._serializer = self._adapter.serializer
        self._to_json = self._serializer.to_json
        self._where = where
        self._model: type[BaseModel] | None = data_type if _is_model(data_type) else None
        self._counts = found.counts
        self._shapes = None if self._model is None else shapes_of(self._adapter.core_schema)

    def __call__(self, data: object) -> bytes:
        """Return `data` as JSON. What is not an instance of the model is validated first.

        Raises:
            InvalidUpdateError: `data` is not of the type, or has NaN, an infinity or an integer
                beyond 2^53 - 1 in it.
        """
        shapes = self._shapes
        try:
            if (
                shapes is not None
                and type(data) is self._model
                and (*(values := data.__dict__), *map(type, values.values())) in shapes.known
            ):
                encoded = self._to_json(data, by_alias=True)
            else:
                data = self.checked(data)
                encoded = self._to_json(data, by_alias=True, warnings="error")
                if shapes is not None and type(data) is self._model:
                    shapes.note(data.__dict__)
        except ValidationError as error:
            raise InvalidUpdateError(f"{self._where}: {error}") from error
        except PydanticSerializationError as error:
            raise InvalidUpdateError(
                f"{self._where}: a {type(data).__name__} has no JSON form: {error}"
            ) from error
        # Pydantic writes NaN as null: only an update with a null in it is looked at again
        if b"null" in encoded and (path := self._lost_number(data, encoded)):
            raise InexactError(not_finite(self._where, path))
        if self._counts and (path := unsafe_integer_in(encoded)):
            raise InexactError(not_safe(self._where, path))
        return encoded

    def checked(self, data: object) -> Any:
        """Return `data` as the type: an instance of the model as it is, anything else validated.

        Raises:
            ValidationError: it is not of the type.
        """
        model = self._model
        if model is not None and (type(data) is model or isinstance(data, model)):
            return data
        return self._adapter.validate_python(data)

    def _lost_number(self, data: object, encoded: bytes) -> str:
        plain = self._serializer.to_python(data, mode="json", by_alias=True)
        return written_as_null(plain, from_json(encoded))


def type_adapter(data_type: Any, where: str) -> TypeAdapter[Any]:
    """Return the Pydantic adapter of a declared type.

    Raises:
        DeclarationError: there is none: the message says whose type it is, which class and field
            of it, and what can be declared.
    """
    try:
        adapter = TypeAdapter(data_type)
        if not adapter.pydantic_complete:  # `defer_build`: there would be no schema to judge
            adapter.rebuild()
    except (PydanticUserError, NameError) as error:
        raise DeclarationError(f"{where}: {why_unreadable(data_type, error)}") from error
    return adapter


@lru_cache(maxsize=16)
def _operations(names: tuple[str, ...]) -> dict[str, list[str]]:
    """Return the operations of each route. There is one such table an app, so it is kept."""
    operations: dict[str, list[str]] = {}
    for name in sorted(names):
        route, _, operation = name.partition(".")
        operations.setdefault(route, []).append(operation)
    return operations


def _nearest(type_name: str, operations: Mapping[str, list[str]]) -> str:
    """Return the nearest name, "" when none is near.

    The two parts are compared each by itself: what all routes share, `.subscribe`, would make
    every name near, and every look-up slow.
    """
    route, _, operation = type_name.partition(".")
    near = route if route in operations else _close(route, operations)
    found = _close(operation, operations[near]) if near else ""
    return f"{near}.{found}" if found else ""


def _close(word: str, known: Iterable[str]) -> str:
    """Return the known word that is close to `word`; difflib compares the few likeliest alone."""
    pairs = _pairs(word)
    likeliest = heapq.nlargest(_LIKELIEST, known, key=lambda one: len(pairs & _pairs(one)))
    return next(iter(difflib.get_close_matches(word, likeliest, n=1)), "")


@lru_cache(maxsize=4096)
def _pairs(word: str) -> frozenset[str]:
    padded = f" {word} "
    return frozenset(map("".join, pairwise(padded)))


def _details(error: ValidationError) -> Iterator[ErrorDetail]:
    """Yield the first faults. `error.errors()` would make objects of all, of 32,000 say."""
    text = error.json(include_url=False, include_context=False, include_input=False)
    start = 1  # behind the bracket; each fault is followed by a comma
    for _ in range(min(MAX_DETAILS, error.error_count())):
        one: dict[str, Any]
        one, end = _JSON.raw_decode(text, start)
        start = end + 1
        said: str = one["msg"]
        yield ErrorDetail(
            path=".".join(str(step)[:MAX_STEP_CHARACTERS] for step in one["loc"][1:]),
            message=FIXED_TEXTS.get(one["type"], said),
            kind=one["type"],
        )


def _rounded(path: str) -> CommandError:
    message = "Integer is beyond 2^53 - 1, which JavaScript rounds"
    detail = ErrorDetail(path=path, message=message, kind="integer_unsafe")
    return CommandError(
        f"Invalid payload: {path}: {message}", code="validation_error", details=[detail]
    )


def _invalid(message: str, message_id: MessageId | None = None) -> InvalidMessageError:
    return InvalidMessageError(message, message_id)


def _is_id(value: object) -> bool:
    if isinstance(value, str):
        return len(value) <= MAX_ID_CHARACTERS
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= MAX_ID_INTEGER


def _writes_constants(schema: object) -> bool:
    if isinstance(schema, dict):  # as Pydantic makes them; asking for a Mapping takes long
        return schema.get("ser_json_inf_nan") == "constants" or any(
            _writes_constants(value) for key, value in schema.items() if key != "metadata"
        )
    if isinstance(schema, (list, tuple)):
        return any(_writes_constants(value) for value in schema)
    return False
