"""Which message of a document a frame is: exactly one, or it is a fault."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from topicwire.asyncapi.errors import DocumentError, FrameMismatchError
from topicwire.asyncapi.pointers import follow, pointer, resolve

if TYPE_CHECKING:
    from jsonschema import Draft7Validator

    from topicwire.types import Direction

_URI = "urn:topicwire:document"
_SHOWN = 300  # characters of a frame that a message quotes


@dataclass(frozen=True, slots=True)
class _Candidate:
    name: str
    validator: Draft7Validator


class FrameValidator:
    """Holds frames against the messages of one document.

    Args:
        document: an AsyncAPI 3 document. It is read once.

    Raises:
        DocumentError: a reference in it leads nowhere.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        from jsonschema import Draft7Validator  # noqa: PLC0415 - start-up time
        from referencing import Registry  # noqa: PLC0415
        from referencing.jsonschema import DRAFT7  # noqa: PLC0415

        registry: Registry[Any] = Registry().with_resource(_URI, DRAFT7.create_resource(document))
        self._by_type: dict[Direction, dict[str, list[_Candidate]]] = {
            "to_server": {},
            "to_client": {},
        }
        self._untyped: dict[Direction, list[_Candidate]] = {"to_server": [], "to_client": []}
        for direction, where, message in travelling_messages(document):
            name = str(message.get("name", where.rpartition("/")[2]))
            schema = {"$ref": f"{_URI}{where}/payload"} if "payload" in message else {}
            candidate = _Candidate(name, Draft7Validator(schema, registry=registry))
            constant = required_type(document, message)
            if constant is None:
                # It may be a frame of any type: that is what the rules refuse it for.
                self._untyped[direction].append(candidate)
            else:
                self._by_type[direction].setdefault(constant, []).append(candidate)

    def match(self, frame: bytes | str, direction: Direction) -> str:
        """Return the name of the one message that `frame` is.

        Raises:
            FrameMismatchError: it is none, or more than one: the message quotes the frame and
                says what is wrong in it.
        """
        try:
            value = json.loads(frame)
        except ValueError as exc:
            raise FrameMismatchError(f"{_quoted(frame)} is not JSON: {exc}") from exc
        kind = value.get("type") if isinstance(value, dict) else None
        typed = self._by_type[direction].get(kind, []) if isinstance(kind, str) else []
        candidates = [*typed, *self._untyped[direction]]
        matches = tuple(one.name for one in candidates if one.validator.is_valid(value))
        if len(matches) == 1:
            return matches[0]
        from jsonschema.exceptions import best_match  # noqa: PLC0415 - start-up time

        head = f"{_quoted(frame)} ({direction}) matches"
        if matches:
            raise FrameMismatchError(
                f"{head} {len(matches)} messages of the document: {', '.join(matches)}. Give each "
                "a required `type` constant of its own.",
                matches=matches,
            )
        for one in candidates:
            error = best_match(one.validator.iter_errors(value))
            if error is not None:
                raise FrameMismatchError(
                    f"{head} no message of the document. As `{one.name}`, it is wrong at "
                    f"{pointer(error.absolute_path)}: {error.message}"
                )
        known = sorted(self._by_type[direction])
        near = difflib.get_close_matches(str(kind), known, n=1)
        hint = f"did you mean `{near[0]}`?" if near else f"known: {', '.join(known) or 'none'}."
        raise FrameMismatchError(
            f"{head} no message of the document: there is none of type {kind!r}; {hint}"
        )


def travelling_messages(
    document: Mapping[str, Any],
) -> Iterator[tuple[Direction, str, Mapping[str, Any]]]:
    """Yield `(direction, pointer, message)` once for all that operations send and answer.

    Raises:
        DocumentError: a reference leads nowhere.
    """
    seen: set[tuple[Direction, str]] = set()
    for operation in document.get("operations", {}).values():
        asked: Direction = "to_server" if operation.get("action") == "receive" else "to_client"
        answered: Direction = "to_client" if asked == "to_server" else "to_server"
        reply = operation.get("reply") or {}
        parts: list[tuple[Direction, Any]] = [(asked, operation), (answered, reply)]
        for direction, entry in parts:
            for reference in entry.get("messages", ()):
                where, message = _end(document, reference)
                if (direction, where) not in seen:
                    seen.add((direction, where))
                    yield direction, where, message


def required_type(document: Mapping[str, Any], message: Mapping[str, Any]) -> str | None:
    """Return the constant that a message's `type` must be, or None where any value passes."""
    payload = follow(document, message.get("payload"))
    if not isinstance(payload, dict) or "type" not in payload.get("required", ()):
        return None
    constant = payload.get("properties", {}).get("type", {})
    return constant.get("const") if isinstance(constant, dict) else None


def _end(document: Mapping[str, Any], reference: Any) -> tuple[str, Mapping[str, Any]]:
    """Follow a reference to a message, and say where the message stands."""
    where = str(reference.get("$ref", ""))
    try:
        value = resolve(document, where)
        while "$ref" in value:
            where = value["$ref"]
            value = resolve(document, where)
    except LookupError as exc:
        raise DocumentError(f"The reference {where!r} leads nowhere.") from exc
    return where, value


def _quoted(frame: bytes | str) -> str:
    text = frame.decode(errors="replace") if isinstance(frame, bytes) else frame
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}… ({len(text)} characters)"
