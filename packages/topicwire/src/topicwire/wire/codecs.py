"""How messages are written and read, as agreed with a client by its subprotocol."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final, Protocol

from topicwire.errors import CommandError, InvalidMessageError
from topicwire.types import Message
from topicwire.wire import packed
from topicwire.wire.codec import decode_message
from topicwire.wire.frames import PACKED_SUBPROTOCOL, SUBPROTOCOL, Frame


class Codec(Protocol):
    """A way to write messages.

    Attributes:
        subprotocol: by which it was agreed; None of a client that has offered none.
        is_binary: its WebSocket messages are binary ones.
    """

    subprotocol: str | None
    is_binary: bool

    def read(self, data: str | bytes) -> tuple[Message, str]:
        """Return the envelope of a client's message, and its text in JSON.

        Raises:
            CommandError: as `decode_message`.
        """
        ...

    def messages(self, frames: Sequence[Frame]) -> Sequence[str | bytes]:
        """Return what is sent for `frames`: of each WebSocket message its content."""
        ...

    def contents(self, frames: Sequence[Frame]) -> Sequence[bytes]:
        """Return the same in bytes."""
        ...

    def __hash__(self) -> int: ...


class _Json:
    """Texts; several messages of one flush are joined by newlines."""

    subprotocol: str | None = SUBPROTOCOL
    is_binary = False

    def read(self, data: str | bytes) -> tuple[Message, str]:
        """Return a message's envelope and its text."""
        return decode_message(data)

    def messages(self, frames: Sequence[Frame]) -> Sequence[str | bytes]:
        """Return one text."""
        return ("\n".join([frame.text for frame in frames]),)

    def contents(self, frames: Sequence[Frame]) -> Sequence[bytes]:
        """Return one text, in bytes."""
        return (b"\n".join([frame.data for frame in frames]),)


class _Legacy(_Json):
    """Texts, one message each."""

    subprotocol: str | None = None

    def messages(self, frames: Sequence[Frame]) -> Sequence[str | bytes]:
        """Return each message."""
        return [frame.text for frame in frames]

    def contents(self, frames: Sequence[Frame]) -> Sequence[bytes]:
        """Return each message, in bytes."""
        return [frame.data for frame in frames]


class _Packed:
    """MessagePack; several messages of one flush follow one another."""

    subprotocol: str | None = PACKED_SUBPROTOCOL
    is_binary = True

    def read(self, data: str | bytes) -> tuple[Message, str]:
        """Return a message's envelope and its text in JSON."""
        if isinstance(data, str):
            raise InvalidMessageError(
                "This is a text frame, and messages are MessagePack in binary frames"
            )
        try:
            text = packed.unpacked(data)
        except ValueError as error:
            raise CommandError(
                f"This is not JSON in MessagePack: {error}", code="invalid_json"
            ) from None
        return decode_message(text)

    def messages(self, frames: Sequence[Frame]) -> Sequence[str | bytes]:
        """Return all in one."""
        return self.contents(frames)

    def contents(self, frames: Sequence[Frame]) -> Sequence[bytes]:
        """Return all in one."""
        return (b"".join([_packed(frame) for frame in frames]),)


MAX_REMEMBERED: Final = 1_024
MAX_REMEMBERED_BYTES: Final = 4_096
"""Of one of them, in JSON."""


def _packed(frame: Frame) -> bytes:
    if frame.packed is None:
        is_small = frame.size <= MAX_REMEMBERED_BYTES
        is_kept = frame.at_s is None and is_small and frame.is_update  # a live one is shared itself
        frame.packed = _packed_again(frame.data) if is_kept else packed.packed(frame.data)
    return frame.packed


@lru_cache(maxsize=MAX_REMEMBERED)
def _packed_again(message: bytes) -> bytes:
    """Remember what a ring keeps: when a server starts again, all of its clients miss the same."""
    return packed.packed(message)


JSON: Final[Codec] = _Json()
LEGACY: Final[Codec] = _Legacy()
PACKED: Final[Codec] = _Packed()

_KNOWN: Final = {
    codec.subprotocol: codec for codec in (JSON, PACKED) if codec is JSON or packed.IS_AVAILABLE
}


def agreed(offered: Sequence[str]) -> Codec:
    """Return the codec of the first subprotocol that is known, of those that a client offers."""
    for one in offered:
        if (codec := _KNOWN.get(one)) is not None:
            return codec
    return LEGACY
