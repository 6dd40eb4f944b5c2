"""The frames of a client, against websockets' own parser, in any split."""

from __future__ import annotations

import struct
from codecs import getincrementaldecoder
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Frame, Opcode
from websockets.protocol import OPEN
from websockets.server import ServerProtocol

from topicwire.asgi.websocket.deflate import deflate, inflate
from topicwire.asgi.websocket.frames import CLOSE, NO_STATUS, PROTOCOL_ERROR, TOO_BIG
from topicwire.asgi.websocket.masking import apply_mask
from topicwire.asgi.websocket.parser import Closed, Control, Event, Failure, FrameParser

LIMIT = 70_000
MASK = b"\x01\x80\xfe\x7f"


def frame(
    opcode: int, payload: bytes = b"", *, fin: bool = True, reserved: int = 0, mask: bytes = MASK
) -> bytes:
    """Return a client's frame, whether it may be sent or not."""
    first = (0x80 if fin else 0) | reserved | opcode
    size = len(payload)
    if size < 126:
        header = struct.pack("!BB", first, 0x80 | size)
    elif size < 1 << 16:
        header = struct.pack("!BBH", first, 0xFE, size)
    else:
        header = struct.pack("!BBQ", first, 0xFF, size)
    return header + mask + apply_mask(payload, mask)


def parsed(pieces: Sequence[bytes], limit: int | None = LIMIT, **options: Any) -> list[Event]:
    parser = FrameParser(limit, **options)
    return [event for piece in pieces for event in parser.feed(piece)]


def split(data: bytes, cuts: Sequence[int]) -> list[bytes]:
    at = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[start:end] for start, end in pairwise(at)]


class Oracle(ServerProtocol):
    """websockets, but for what it takes for a violation: a close frame within a message."""

    def recv_frame(self, frame: Frame) -> None:
        if frame.opcode is Opcode.CLOSE:
            self.current_size = None
        super().recv_frame(frame)


class Inflating(PerMessageDeflate):
    """websockets' permessage-deflate; knows which messages were compressed."""

    def __init__(self) -> None:
        super().__init__(True, True, 15, 15)
        self.were_compressed: list[bool] = []

    def decode(self, frame: Frame, *, max_size: int | None = None) -> Frame:
        if frame.opcode in {Opcode.TEXT, Opcode.BINARY}:
            self.were_compressed.append(frame.rsv1)
        return super().decode(frame, max_size=max_size)


def expected(data: bytes, *, compressed: bool = False) -> list[Event]:
    """Return what websockets makes of `data`, as our events. It leaves UTF-8 to its user."""
    oracle = Oracle(state=OPEN, max_size=LIMIT)
    inflating = Inflating()
    oracle.extensions = [inflating] if compressed else []
    oracle.receive_data(data)
    events: list[Event] = []
    message, parts, received = Message(), 0, 0
    for one in oracle.events_received():
        assert isinstance(one, Frame)
        received += 1
        if one.opcode in {Opcode.PING, Opcode.PONG}:
            events.append(Control(one.opcode, bytes(one.data)))
        elif one.opcode is Opcode.CLOSE:
            assert oracle.close_rcvd is not None
            code = oracle.close_rcvd.code if one.data else NO_STATUS
            events.append(Closed(code, oracle.close_rcvd.reason, bytes(one.data)))
        else:
            if one.opcode is not Opcode.CONT:
                message = Message(
                    one.opcode, at_once=compressed and inflating.were_compressed[parts]
                )
                parts += 1
            try:
                events += message.take(bytes(one.data), fin=one.fin)
            except UnicodeDecodeError:
                return [*events, Failure(1007, "")]
    if oracle.parser_exc is not None:
        assert oracle.close_sent is not None
        code = oracle.close_sent.code
        if code == TOO_BIG and is_wrong_at_once(
            data[begins(data)[received]], oracle, compressed=compressed
        ):
            code = PROTOCOL_ERROR
        events.append(Failure(code, ""))
    return events


def begins(data: bytes) -> list[int]:
    """Return where each frame begins, of which there is a whole header."""
    found, at = [], 0
    while at + 6 <= len(data):
        found.append(at)
        size = data[at + 1] & 0x7F
        width = {126: 2, 127: 8}.get(size, 0)
        if width:
            size = int.from_bytes(data[at + 2 : at + 2 + width], "big")
        at += 6 + width + size
    return found


def is_wrong_at_once(first: int, oracle: Oracle, *, compressed: bool) -> bool:
    """Whether a frame's first byte shows what websockets sees after it has looked at its size."""
    reserved, opcode = first & 0x70, first & 0x0F
    is_reserved = reserved and not (compressed and reserved == 0x40 and opcode)
    return bool(is_reserved or (opcode and oracle.current_size is not None))


class Message:
    """Joins fragments; text is decoded with each of them, or, compressed, when it is whole."""

    def __init__(self, opcode: Opcode = Opcode.TEXT, *, at_once: bool = False) -> None:
        self._decoder = getincrementaldecoder("utf-8")() if opcode is Opcode.TEXT else None
        self._at_once = at_once
        self._data = b""

    def take(self, data: bytes, *, fin: bool) -> list[str | bytes]:
        self._data += data
        if self._decoder is None:
            return [self._data] if fin else []
        if not self._at_once:
            self._decoder.decode(data, fin)
        return [self._data.decode()] if fin else []


def told(events: Sequence[Event]) -> list[Event]:
    """Leave the words out in which a failure is told."""
    return [Failure(one.code, "") if isinstance(one, Failure) else one for one in events]


TEXTS = st.one_of(
    st.text("a\0\x7fé\u07ff€\uffff\U00010000\U0010ffff", max_size=150).map(str.encode),
    st.binary(max_size=20),
    st.sampled_from([b"\xf0\x90\x80\x80", b"\xed\xa0\x80", b"\xc3", b"\xf4\x90", b"x" * 66_000]),
)
ENDS = st.one_of(
    st.binary(max_size=5),
    st.builds(
        lambda code, reason: struct.pack("!H", code) + reason,
        st.integers(990, 5_010),
        TEXTS.map(lambda one: one[:60]),
    ),
)


@st.composite
def messages(draw: st.DrawFn) -> bytes:
    """Whole messages, fragmented or not, with control frames between the fragments."""
    opcode = draw(st.sampled_from([1, 2]))
    parts = draw(st.lists(TEXTS, min_size=1, max_size=4))
    data = b""
    for number, part in enumerate(parts):
        mask = draw(st.binary(min_size=4, max_size=4))
        fin = number == len(parts) - 1
        data += frame(0 if number else opcode, part, fin=fin, mask=mask)
        if draw(st.booleans()):
            data += frame(draw(st.sampled_from([9, 10])), draw(st.binary(max_size=125)))
    return data


@st.composite
def frames(draw: st.DrawFn) -> bytes:
    """Frames that are right or wrong."""
    opcode = draw(st.sampled_from([0, 1, 2, 8, 9, 10, *range(16)]))
    payload = draw(ENDS if opcode == CLOSE else TEXTS)
    if opcode >= CLOSE:
        payload = payload[:125]  # how much too long is told later by websockets
    fin = draw(st.sampled_from([True, True, False]))
    reserved = draw(st.sampled_from([0, 0, 0, 0, 0x40, 0x20, 0x10]))
    return frame(opcode, payload, fin=fin, reserved=reserved)


@st.composite
def compressed(draw: st.DrawFn) -> bytes:
    """A compressed message, fragmented or not."""
    payload = deflate(draw(TEXTS) * draw(st.integers(1, 3)))
    cut = draw(st.integers(0, len(payload)))
    opcode = draw(st.sampled_from([1, 2]))
    if draw(st.booleans()):
        return frame(opcode, payload, reserved=0x40)
    first, last = payload[:cut], payload[cut:]
    return frame(opcode, first, fin=False, reserved=0x40) + frame(0, last)


def is_told_alike(one: bytes) -> bool:
    """Whether no more of a message must come before ours looks at what is compressed in it."""
    return one[0] & 0xC0 != 0x40 or one[0] & 0x0F not in {1, 2}


STREAMS = st.lists(st.one_of(messages(), messages(), frames()), max_size=5).map(b"".join)
COMPRESSED = st.lists(
    st.one_of(messages(), compressed(), frames().filter(is_told_alike)), max_size=5
).map(b"".join)
CUTS = st.lists(st.integers(0, 1 << 20), max_size=8)


BEGUN = frame(1, b"x" * 66_000, fin=False)


@example(BEGUN + frame(2, b"x" * 66_000), [])
@example(BEGUN + frame(0, b"x" * 66_000, reserved=0x40), [])
@example(BEGUN + frame(0, b"x" * 66_000), [])
@given(STREAMS, CUTS)
def test_any_split_gives_what_websockets_makes_of_it(data: bytes, cuts: list[int]) -> None:
    assert told(parsed(split(data, cuts))) == expected(data)


@example(BEGUN + frame(2, b"x" * 66_000), [])
@example(BEGUN + frame(0, b"x" * 66_000, reserved=0x40), [])
@given(COMPRESSED, CUTS)
def test_any_split_gives_what_websockets_inflates(data: bytes, cuts: list[int]) -> None:
    pieces = split(data, cuts)
    assert told(parsed(pieces, inflate=inflate)) == expected(data, compressed=True)


@settings(max_examples=30)
@given(st.lists(st.one_of(messages(), frames()), max_size=3).map(b"".join))
def test_byte_by_byte(data: bytes) -> None:
    data = data[:3_000]
    pieces = [bytes([one]) for one in data]
    assert parsed(pieces) == parsed([data])


@given(st.binary(max_size=200), CUTS)
def test_noise_gives_the_same_in_any_split(data: bytes, cuts: list[int]) -> None:
    """websockets tells some violations when the frame is whole; so it is given more of it."""
    events = parsed(split(data, cuts))
    assert events == parsed([data])
    if not events or not isinstance(events[-1], Failure):
        assert told(events) == expected(data)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"\xc1", 1002),
        (b"\x91", 1002),
        (b"\x83", 1002),
        (b"\x8b", 1002),
        (b"\x09", 1002),
        (b"\x80", 1002),
        (frame(1, fin=False) + b"\x81", 1002),
        (b"\x81\x00", 1002),
        (b"\x89\xfe", 1002),
        (frame(8, b"\x03"), 1002),
        (frame(8, b"\x03\xed"), 1002),
        (frame(8, b"\x03\xe8\xff"), 1007),
        (frame(1, b"\xce\xba\xe1\xbd\xb9\xcf\x83\xf4\x90" + b"x" * 50)[:-50], 1007),
        (frame(1, b"\xff", fin=False), 1007),
        (frame(1, b"\xf0\x90", fin=False) + frame(0, b"\x41", fin=False), 1007),
        (b"\x82\xff" + struct.pack("!Q", LIMIT + 1), 1009),
        (frame(1, b"x" * 40_000, fin=False) + b"\x80\xfe" + struct.pack("!H", 30_001), 1009),
        (frame(1, b"x" * (LIMIT + 1)), 1009),
    ],
)
def test_a_violation_is_told_with_the_first_byte_that_shows_it(data: bytes, code: int) -> None:
    assert told(parsed([data])) == [Failure(code, "")]
    assert [one for one in parsed([data[:-1]]) if isinstance(one, Failure)] == [] or len(data) > 100


def test_without_a_limit_the_first_bit_of_a_length_is_none() -> None:
    data = b"\x82\xff" + struct.pack("!Q", 1 << 63)
    assert told(parsed([data], limit=None)) == [Failure(1002, "")]


def test_control_frames_do_not_count_for_the_limit() -> None:
    data = frame(1, b"x" * LIMIT, fin=False) + frame(9, b"y" * 125) + frame(0)
    assert parsed([data]) == [Control(9, b"y" * 125), "x" * LIMIT]


def test_nothing_follows_the_end() -> None:
    parser = FrameParser(LIMIT)
    [closed] = parser.feed(frame(8, b"\x03\xe8bye") + frame(1, b"more"))
    assert closed == Closed(1000, "bye", b"\x03\xe8bye")
    assert parser.feed(frame(1, b"more")) == []


def test_a_compressed_message_may_not_be_larger_than_the_limit() -> None:
    bomb = PerMessageDeflate(True, True, 15, 15).encode(Frame(Opcode.BINARY, bytes(LIMIT + 1)))
    data = frame(2, bytes(bomb.data), reserved=0x40)
    assert len(data) < 1_000
    assert told(parsed([data], inflate=inflate)) == [Failure(1009, "")]
    fits = PerMessageDeflate(True, True, 15, 15).encode(Frame(Opcode.BINARY, bytes(LIMIT)))
    data = frame(2, bytes(fits.data), reserved=0x40)
    assert parsed([data], inflate=inflate) == [bytes(LIMIT)]
