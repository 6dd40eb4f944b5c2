"""What an application sends, as frames: made once, however many clients it goes to."""

from __future__ import annotations

from topicwire.asgi.websocket.deflate import MIN_BYTES, deflate
from topicwire.asgi.websocket.frames import BINARY, FIN, RSV1, TEXT, frame


class Framing:
    """Makes the frames of one kind of client.

    Guarantee: one message that goes to many, one after the other, is encoded and compressed once.

    Args:
        window_bits: of permessage-deflate without context takeover; None for what is not
            compressed.
    """

    __slots__ = ("_data", "_message", "_window_bits")

    def __init__(self, window_bits: int | None) -> None:
        self._window_bits = window_bits
        self._message: str | bytes | None = None
        self._data = b""

    def text(self, message: str) -> bytes:
        """Return a text message as a frame."""
        if message is not self._message:
            self._data = self._frame(TEXT, message.encode())
            self._message = message
        return self._data

    def binary(self, message: bytes) -> bytes:
        """Return a binary message as a frame."""
        if message is not self._message:
            self._data = self._frame(BINARY, message)
            self._message = message
        return self._data

    def _frame(self, opcode: int, payload: bytes) -> bytes:
        if self._window_bits is not None and len(payload) >= MIN_BYTES:
            return frame(FIN | RSV1 | opcode, deflate(payload, self._window_bits))
        return frame(FIN | opcode, payload)


_FRAMINGS = {bits: Framing(bits) for bits in (None, *range(9, 16))}


def framing(window_bits: int | None) -> Framing:
    """Return the frames of all clients with which the same was agreed."""
    return _FRAMINGS[window_bits]
