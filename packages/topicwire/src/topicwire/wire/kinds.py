"""Kinds of clients: those of one kind are sent the same bytes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from topicwire.wire.codecs import JSON, Codec
from topicwire.wire.deflate import MIN_BYTES, deflate
from topicwire.wire.frames import Frame
from topicwire.wire.websocket import BINARY, DEFLATED, TEXT, whole_frame


class Kind:
    """What was agreed with a client of how it is sent messages: made by `kind_of` alone.

    Attributes:
        codec: how messages are written.
        window_bits: of permessage-deflate without context takeover; None where nothing is
            compressed.
    """

    __slots__ = ("_frame", "_message", "_opcode", "codec", "window_bits")

    def __init__(self, codec: Codec, window_bits: int | None) -> None:
        self.codec = codec
        self.window_bits = window_bits
        self._opcode = BINARY if codec.is_binary else TEXT
        self._message = self._frame = b""

    def wire(self, frames: Sequence[Frame]) -> bytes:
        """Return messages as they are sent: one WebSocket frame, or several.

        One message that goes to many, one after the other, is compressed once.
        """
        if self.window_bits is None:
            if len(frames) == 1 and self.codec is JSON:  # the usual one
                return whole_frame(TEXT, frames[0].data)
            framed = [whole_frame(self._opcode, one) for one in self.codec.contents(frames)]
        else:
            framed = [self._deflated(one) for one in self.codec.contents(frames)]
        return framed[0] if len(framed) == 1 else b"".join(framed)

    def _deflated(self, message: bytes) -> bytes:
        if self.window_bits is None or len(message) < MIN_BYTES:
            return whole_frame(self._opcode, message)
        if message is not self._message:
            self._frame = whole_frame(self._opcode | DEFLATED, deflate(message, self.window_bits))
            self._message = message
        return self._frame


@cache
def kind_of(codec: Codec, window_bits: int | None = None) -> Kind:
    """Return the kind of all clients with which the same was agreed: the same object for each."""
    return Kind(codec, window_bits)
