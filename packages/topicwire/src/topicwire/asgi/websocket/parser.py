"""Frames of a client, from bytes as they come: pure, and never further than the first violation."""

from __future__ import annotations

from codecs import utf_8_decode
from typing import Final, NamedTuple

from topicwire.asgi.websocket.deflate import Inflate, TooLargeError
from topicwire.asgi.websocket.frames import (
    CLOSE,
    CONTINUATION,
    FIN,
    INVALID_DATA,
    MASKED,
    MAX_CONTROL_BYTES,
    NO_STATUS,
    PAYLOAD_16,
    PROTOCOL_ERROR,
    RESERVED,
    RSV1,
    TEXT,
    TOO_BIG,
    is_close_code,
)
from topicwire.asgi.websocket.masking import apply_mask

_LARGE_BYTES: Final = 4_096
"""From here on a view of the received bytes costs less than a copy of them."""

_INCOMPLETE: Final = -1

_WHOLE_TEXT: Final = FIN | TEXT
_SHORTEST_TEXT: Final = 6
"""A header of two bytes, and the mask."""

_SHORTEST_BYTES: Final = 2
"""Of a header, without its mask."""

_OPCODES: Final = frozenset({0x0, 0x1, 0x2, 0x8, 0x9, 0xA})


class Control(NamedTuple):
    """A ping or a pong."""

    opcode: int
    payload: bytes


class Closed(NamedTuple):
    """The client's close frame; `NO_STATUS` when it gives no code. Nothing follows."""

    code: int
    reason: str
    payload: bytes


class Failure(NamedTuple):
    """What the client sent breaks the protocol: the connection is to fail. Nothing follows."""

    code: int
    reason: str


Event = str | bytes | Control | Closed | Failure
"""A text message, a binary one, or one of the above."""


class _ViolationError(Exception):
    def __init__(self, code: int, reason: str) -> None:
        self.code = code
        self.reason = reason


class FrameParser:
    """Makes messages and control frames of a client's bytes, however they are split.

    Guarantee: any bytes in any split give the same events. A violation is told as soon as the
    first byte that shows it has come: reserved bits and opcodes with the frame's first byte, a
    size over the limit before anything of it is kept, text that is not UTF-8 (RFC 6455, section
    8.1) in the middle of its frame. What is kept of a message is what came of it, and no more.

    Args:
        max_bytes: of a message, of all its fragments together; None for no limit.
        inflate: of the agreed permessage-deflate; None where there is none.
    """

    __slots__ = (
        "_checked",
        "_inflate",
        "_is_compressed",
        "_is_final",
        "_is_over",
        "_is_text",
        "_left",
        "_mask",
        "_max_bytes",
        "_message",
        "_rest",
    )

    def __init__(self, max_bytes: int | None, inflate: Inflate | None = None) -> None:
        self._max_bytes = max_bytes
        self._inflate = inflate
        self._is_over = False
        self._rest = b""
        """The beginning of a header or of a control frame."""
        self._message: bytearray | None = None
        """What came of a message that is not whole."""
        self._is_text = False
        self._is_compressed = False
        self._checked = 0
        """So many bytes of the message are UTF-8; at most three follow, of one character."""
        # of the data frame under way
        self._left = 0
        self._mask = b""
        self._is_final = False

    def feed(self, data: bytes) -> list[Event]:
        """Return what `data` completes. After a `Closed` or a `Failure` there is nothing more."""
        if (
            len(data) >= _SHORTEST_TEXT
            and data[0] == _WHOLE_TEXT
            and data[1] - MASKED == len(data) - _SHORTEST_TEXT
            and self._is_between
        ):
            # most of what clients send is one short text
            try:
                return [apply_mask(data[_SHORTEST_TEXT:], data[2:_SHORTEST_TEXT]).decode()]
            except UnicodeDecodeError:
                self._end()
                violation = _not_utf_8()
                return [Failure(violation.code, violation.reason)]
        events: list[Event] = []
        if self._is_over:
            return events
        if self._rest:
            data = self._rest + data
            self._rest = b""
        position, end = 0, len(data)
        try:
            while position < end and not self._is_over:
                if self._left:
                    position = self._take_payload(data, position, events)
                    continue
                after = self._take_frame(data, position, events)
                if after == _INCOMPLETE:
                    self._rest = data[position:]
                    break
                position = after
        except _ViolationError as violation:
            self._end()
            events.append(Failure(violation.code, violation.reason))
        return events

    @property
    def _is_between(self) -> bool:
        """Whether nothing is under way, and a short text is never too long."""
        limit = self._max_bytes
        return (
            self._message is None
            and not (self._rest or self._is_over)
            and (limit is None or limit >= MAX_CONTROL_BYTES)
        )

    def _end(self) -> None:
        self._is_over = True
        self._message = None
        self._rest = b""

    def _take_frame(self, data: bytes, position: int, events: list[Event]) -> int:
        """Read a frame's header, and its payload if it is all there. Returns where it ends."""
        first = data[position]
        opcode = first & 0x0F
        self._check_first(first, opcode)
        header, size = self._read_size(data, position, opcode)
        start = position + header
        if header == _INCOMPLETE or len(data) < start:
            return _INCOMPLETE
        mask = data[start - 4 : start]
        is_whole = len(data) >= start + size
        if opcode >= CLOSE:
            if not is_whole:
                return _INCOMPLETE
            self._control(opcode, apply_mask(data[start : start + size], mask), events)
            return start + size
        if opcode != CONTINUATION:
            self._is_text = opcode == TEXT
            self._is_compressed = bool(first & RSV1)
            if first & FIN and is_whole:
                events.append(self._whole(apply_mask(_part(data, start, size), mask)))
                return start + size
            self._message = bytearray()
            self._checked = 0
        self._left = size
        self._mask = mask
        self._is_final = bool(first & FIN)
        if not size:
            self._payload_taken(events)
        return start

    def _read_size(self, data: bytes, position: int, opcode: int) -> tuple[int, int]:
        """Return the sizes of the header and the payload, which is not too long."""
        available = len(data) - position
        if available < _SHORTEST_BYTES:
            return _INCOMPLETE, 0
        second = data[position + 1]
        if not second & MASKED:
            raise _ViolationError(PROTOCOL_ERROR, "a client's frame is not masked")
        header, size = 6, second & 0x7F
        if opcode >= CLOSE and size > MAX_CONTROL_BYTES:
            raise _ViolationError(PROTOCOL_ERROR, "a control frame is too long")
        if size > MAX_CONTROL_BYTES:
            # in as few bytes as it could be or not: senders are to see to that, and harm nobody
            width = 2 if size == PAYLOAD_16 else 8
            if available < 2 + width:
                return _INCOMPLETE, 0
            header += width
            size = int.from_bytes(data[position + 2 : position + 2 + width], "big")
        if opcode < CLOSE:
            self._check_size(size)
        return header, size

    def _check_first(self, first: int, opcode: int) -> None:
        reserved = first & RESERVED
        if reserved and not (reserved == RSV1 and self._inflate is not None and 0 < opcode < CLOSE):
            raise _ViolationError(PROTOCOL_ERROR, "a reserved bit is set")
        if opcode not in _OPCODES:
            raise _ViolationError(PROTOCOL_ERROR, f"there is no opcode {opcode}")
        if opcode >= CLOSE:
            if not first & FIN:
                raise _ViolationError(PROTOCOL_ERROR, "a control frame is fragmented")
        elif opcode == CONTINUATION:
            if self._message is None:
                raise _ViolationError(PROTOCOL_ERROR, "there is nothing to continue")
        elif self._message is not None:
            raise _ViolationError(PROTOCOL_ERROR, "a message begins within another")

    def _check_size(self, size: int) -> None:
        limit = self._max_bytes
        if limit is not None:
            total = size if self._message is None else size + len(self._message)
            if total > limit:
                raise _ViolationError(TOO_BIG, f"a message has more than {limit} bytes")
        elif size >> 63:
            raise _ViolationError(PROTOCOL_ERROR, "the first bit of a payload's length is set")

    def _take_payload(self, data: bytes, position: int, events: list[Event]) -> int:
        """Read what there is of the payload under way. Returns where it ends."""
        size = min(self._left, len(data) - position)
        message = self._message
        assert message is not None  # noqa: S101 - a payload is under way
        message += apply_mask(_part(data, position, size), self._mask)
        self._left -= size
        if self._left:
            turn = size & 3
            self._mask = self._mask[turn:] + self._mask[:turn]
            self._check_text(message)
        else:
            self._payload_taken(events)
        return position + size

    def _payload_taken(self, events: list[Event]) -> None:
        message = self._message
        assert message is not None  # noqa: S101 - it was under way
        if self._is_final:
            self._message = None
            events.append(self._whole(bytes(message)))
        else:
            self._check_text(message)

    def _check_text(self, message: bytearray) -> None:
        if self._is_text and not self._is_compressed:
            try:
                _, size = utf_8_decode(message[self._checked :], "strict", False)
            except UnicodeDecodeError:
                raise _not_utf_8() from None
            self._checked += size

    def _whole(self, payload: bytes) -> str | bytes:
        if self._is_compressed and self._inflate is not None:
            try:
                payload = self._inflate(payload, self._max_bytes)
            except TooLargeError:
                limit = self._max_bytes
                raise _ViolationError(TOO_BIG, f"a message has more than {limit} bytes") from None
            except ValueError:
                raise _ViolationError(PROTOCOL_ERROR, "a message cannot be inflated") from None
        if not self._is_text:
            return payload
        try:
            return payload.decode()
        except UnicodeDecodeError:
            raise _not_utf_8() from None

    def _control(self, opcode: int, payload: bytes, events: list[Event]) -> None:
        if opcode != CLOSE:
            events.append(Control(opcode, payload))
            return
        if not payload:
            closed = Closed(NO_STATUS, "", payload)
        else:
            code = int.from_bytes(payload[:2], "big")  # one byte alone is below 256
            try:
                closed = Closed(code, payload[2:].decode(), payload)
            except UnicodeDecodeError:
                raise _not_utf_8() from None
            if not is_close_code(code):
                raise _ViolationError(PROTOCOL_ERROR, "a close frame has no valid code")
        self._end()
        events.append(closed)


def _part(data: bytes, start: int, size: int) -> memoryview | bytes:
    """Return a part of `data`, without a copy where that is large."""
    if size < _LARGE_BYTES:
        return data[start : start + size]
    return memoryview(data)[start : start + size]


def _not_utf_8() -> _ViolationError:
    return _ViolationError(INVALID_DATA, "text is not UTF-8")
