"""From a client's text to a validated payload, and from an update's data to JSON.

One rule for numbers that JSON does not have: NaN and infinities never travel. In a message they
are `invalid_json`; in an update they raise. A model that must send them says how, with
`ser_json_inf_nan="strings"` in its config, or with None.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping
from typing import Any, Final

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.errors import PydanticUserError
from pydantic_core import PydanticSerializationError, from_json
from typing_extensions import TypedDict

from topicwire.errors import CommandError, DeclarationError, InvalidUpdateError
from topicwire.types import ErrorDetail, Message

MAX_ID_CHARACTERS: Final = 64
MAX_ID_INTEGER: Final = 2**53 - 1


def decode_message(data: str | bytes) -> tuple[Message, str]:
    """Return the envelope of a client's message, and its text. The payload is not validated yet.

    Raises:
        CommandError: `invalid_json` or `invalid_message`.
    """
    if not isinstance(data, str):
        raise _invalid("This is a binary frame, and messages are JSON in text frames")
    try:
        decoded = from_json(data, allow_inf_nan=False)
    except ValueError as error:
        raise CommandError(f"This is not JSON: {error}", code="invalid_json") from None
    if not isinstance(decoded, dict):
        raise _invalid('A message is a JSON object, like {"type": "trades.subscribe"}')
    type_name = decoded.get("type")
    if not isinstance(type_name, str) or not type_name:
        raise _invalid("A message has a `type`, which is a string")
    message_id = decoded.get("id")
    if message_id is not None and not _is_id(message_id):
        raise _invalid(
            f"`id` is a string of at most {MAX_ID_CHARACTERS} characters, or an integer below 2^53"
        )
    resume = decoded.get("resume")
    return Message(type_name, decoded.get("payload"), message_id, resume), data


def no_matching_type(type_name: str, known: Iterable[str]) -> CommandError:
    """Return what to answer to a `type` that nothing serves: the nearest one, or the cure."""
    names = sorted(known)
    shown = type_name if len(type_name) <= MAX_ID_CHARACTERS else f"{type_name[:61]}..."
    if not names:
        hint = "No router is registered: pass it to `include_router`"
    elif nearest := difflib.get_close_matches(shown, names, n=1):
        hint = f"Did you mean {nearest[0]}?"
    else:
        routes = ", ".join(dict.fromkeys(name.partition(".")[0] for name in names))
        hint = f"The registered routes are {routes}; a route is registered with `include_router`"
    return CommandError(f"No matching type for {shown}. {hint}", code="no_matching_type")


class PayloadDecoder:
    """Validates the payload of one kind of message, from its text.

    Args:
        payload_type: anything a `TypeAdapter` takes; None where the message has no payload.
        where: the message's type, for errors.

    Raises:
        DeclarationError: Pydantic cannot validate the type.
    """

    def __init__(self, payload_type: Any | None, where: str) -> None:
        self._validate = None
        if payload_type is not None:
            fields: dict[str, Any] = {"payload": payload_type}
            envelope = TypedDict("envelope", fields)  # type: ignore[misc]  # known at run time alone
            self._validate = type_adapter(envelope, where).validator.validate_json

    def __call__(self, text: str) -> Any:
        """Return the payload of a message that `decode_message` has accepted.

        Raises:
            CommandError: `validation_error`, with details that carry no value.
        """
        if self._validate is None:
            return None
        try:
            return self._validate(text)["payload"]
        except ValidationError as error:
            details = [
                ErrorDetail(
                    path=".".join(str(step) for step in one["loc"][1:]),
                    message=one["msg"],
                    kind=one["type"],
                )
                for one in error.errors(
                    include_url=False, include_context=False, include_input=False
                )
            ]
            first = details[0]
            more = f" (and {len(details) - 1} more)" if len(details) > 1 else ""
            place = f"{first.path}: " if first.path else ""
            raise CommandError(
                f"Invalid payload: {place}{first.message}{more}",
                code="validation_error",
                details=details,
            ) from None


class JsonEncoder:
    """Encodes values of one type, with its serializer bound once.

    Args:
        data_type: anything a `TypeAdapter` takes.
        where: the message's type, for errors.

    Raises:
        DeclarationError: Pydantic cannot serialize the type, or not as JSON.
    """

    __slots__ = ("_adapter", "_model", "_serializer", "_to_json", "_where")

    def __init__(self, data_type: Any, where: str) -> None:
        self._adapter = type_adapter(data_type, where)
        self._serializer = self._adapter.serializer
        self._to_json = self._serializer.to_json
        self._where = where
        is_model = isinstance(data_type, type) and issubclass(data_type, BaseModel)
        self._model: type[BaseModel] | None = data_type if is_model else None
        if _writes_constants(self._adapter.core_schema):
            raise DeclarationError(
                f"{where}: a config says ser_json_inf_nan='constants', which writes NaN, and JSON "
                "has no NaN. Use 'strings'."
            )

    def __call__(self, data: object) -> bytes:
        """Return `data` as JSON. What is not an instance of the model is validated first.

        Raises:
            InvalidUpdateError: `data` is not of the type, or has NaN or an infinity in it.
        """
        try:
            if self._model is None or not isinstance(data, self._model):
                data = self._adapter.validate_python(data)
            encoded = self._to_json(data, by_alias=True, warnings="error")
        except ValidationError as error:
            raise InvalidUpdateError(f"{self._where}: {error}") from error
        except PydanticSerializationError as error:
            raise InvalidUpdateError(
                f"{self._where}: a {type(data).__name__} has no JSON form: {error}"
            ) from error
        # Pydantic writes NaN as null: only an update with a null in it is looked at again
        if b"null" in encoded and (path := _non_finite(self._serializer.to_python(data), "")):
            raise InvalidUpdateError(
                f"{self._where}: `{path}` is NaN or infinite, and JSON has neither. Send None, or "
                "let the model say how: ser_json_inf_nan='strings'."
            )
        return encoded


def type_adapter(data_type: Any, where: str) -> TypeAdapter[Any]:
    """Return the Pydantic adapter of a declared type.

    Raises:
        DeclarationError: there is none: the message says whose type it is.
    """
    try:
        return TypeAdapter(data_type)
    except (PydanticUserError, NameError) as error:
        raise DeclarationError(f"{where}: Pydantic cannot handle {data_type!r}: {error}") from error


def _invalid(message: str) -> CommandError:
    return CommandError(message, code="invalid_message")


def _is_id(value: object) -> bool:
    if isinstance(value, str):
        return len(value) <= MAX_ID_CHARACTERS
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= MAX_ID_INTEGER


def _writes_constants(schema: object) -> bool:
    if isinstance(schema, Mapping):
        return schema.get("ser_json_inf_nan") == "constants" or any(
            _writes_constants(value) for key, value in schema.items() if key != "metadata"
        )
    if isinstance(schema, (list, tuple)):
        return any(_writes_constants(value) for value in schema)
    return False


def _non_finite(value: object, path: str) -> str:
    """Return the path of the first NaN or infinity in plain values; "" when there is none."""
    if isinstance(value, float):
        return "" if math.isfinite(value) else path or "the update"
    items: Iterable[tuple[object, object]] = ()
    if isinstance(value, Mapping):
        items = value.items()
    elif isinstance(value, (list, tuple, set, frozenset)):
        items = enumerate(value)
    for key, one in items:
        if found := _non_finite(one, f"{path}.{key}" if path else str(key)):
            return found
    return ""
