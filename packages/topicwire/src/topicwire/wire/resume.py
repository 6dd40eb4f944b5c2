"""`resume`, beside the payload of a subscription: the positions that a client goes on from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

from topicwire.errors import CommandError
from topicwire.replies import ErrorDetail
from topicwire.types import MAX_EPOCH_CHARACTERS, MAX_SEQ, Position


class Resume:
    """Where one subscription goes on: one position for its only topic, or one by topic."""

    __slots__ = ("_by_topic", "_only")

    def __init__(self, only: Position | None, by_topic: Mapping[str, Position]) -> None:
        self._only = only
        self._by_topic = by_topic

    def of(self, topics: Sequence[str]) -> Mapping[str, Position]:
        """Return the position of each of a subscription's topics that has one.

        Raises:
            CommandError: `validation_error`: one position, and several topics.
        """
        if self._only is None:
            return {topic: self._by_topic[topic] for topic in topics if topic in self._by_topic}
        if len(topics) > 1:
            raise _invalid(
                "",
                f"one position for {len(topics)} topics: give each its own, "
                '{"resume": {topic: {"epoch": ..., "seq": ...}, ...}}',
                "resume_topics",
            )
        return dict.fromkeys(topics, self._only)


def decode_resume(value: Any) -> Resume:
    """Read `{epoch, seq}`, or `{topic: {epoch, seq}, ...}`. Other keys are ignored.

    Raises:
        CommandError: `validation_error`, with details that carry no value.
    """
    if not isinstance(value, dict) or not value:
        raise _invalid("", "must be {epoch, seq}, or {topic: {epoch, seq}, ...}", "resume_type")
    if all(isinstance(one, dict) for one in value.values()):
        return Resume(None, {key: _position(one, "a topic") for key, one in value.items()})
    return Resume(_position(value, ""), {})


def _position(value: Mapping[str, Any], where: str) -> Position:
    # the topic itself is a value that was sent, and errors carry none
    before = f"{where}." if where else ""
    epoch, seq = value.get("epoch"), value.get("seq")
    if not isinstance(epoch, str) or len(epoch) > MAX_EPOCH_CHARACTERS:
        raise _invalid(
            f"{before}epoch",
            f"must be a string of at most {MAX_EPOCH_CHARACTERS} characters, from a reply",
            "resume_epoch",
        )
    if not _is_seq(seq):
        raise _invalid(f"{before}seq", "must be an integer from 0 to 2^53 - 1", "resume_seq")
    return Position(epoch, seq)


def _is_seq(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_SEQ


def _invalid(path: str, message: str, kind: str) -> CommandError:
    full = f"resume.{path}" if path else "resume"
    return CommandError(
        f"Invalid {full}: {message}",
        code="validation_error",
        details=[ErrorDetail(path=full, message=message, kind=kind)],
    )
