"""MessagePack: the same objects as in JSON, and nothing that JSON has not."""

from __future__ import annotations

import json
import math
import struct
from typing import Any

import msgpack
import ormsgpack
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from topicwire.wire.frames import json_bytes
from topicwire.wire.packed import messages_of, packed, unpacked

TEXTS = st.text(st.characters(codec="utf-8"))
JSONS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner),
    max_leaves=20,
)
MESSAGES = st.dictionaries(st.sampled_from(["type", "payload", "id"]), JSONS)


def same(one: Any, other: Any) -> bool:
    """Equal, and an integer is no double: whoever reads them may tell them apart."""
    return bool(json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True))


@settings(deadline=None)
@given(MESSAGES)
@example({"type": -0.0, "payload": 1.0, "id": 5e-324})
def test_it_is_what_the_json_says(message: dict[str, Any]) -> None:
    data = packed(json_bytes(message))
    assert same(msgpack.unpackb(data), message)  # as another library reads it
    assert same(json.loads(unpacked(data)), message)


@settings(deadline=None)
@given(st.lists(MESSAGES.map(lambda one: {"type": "", **one}), max_size=5))
def test_messages_that_follow_one_another(messages: list[dict[str, Any]]) -> None:
    data = b"".join(packed(json_bytes(one)) for one in messages)
    assert messages_of(data) == messages
    assert [*_unpacked_in_parts(data)] == messages


def _unpacked_in_parts(data: bytes) -> Any:
    unpacker = msgpack.Unpacker()
    unpacker.feed(data)
    return unpacker


@pytest.mark.parametrize("depth", [1, 199, 201, 253, 254])
def test_whatever_pydantic_writes_is_packed(depth: int) -> None:
    """Deeper than the fast ways go: 254 levels of data, and those around them."""
    value: Any = "innermost"
    for number in range(depth):
        value = [value] if number % 2 else {"a": value, "b": 1.5}
    wrapped = b'{"type":"x","payload":{"payload":%b}}' % TypeAdapter(Any).dump_json(value)
    unpacker = ormsgpack.unpackb(packed(wrapped))
    assert same(unpacker["payload"]["payload"], value)


@pytest.mark.parametrize("size", [15, 16, 65_535, 65_536])
def test_large_things_in_the_deep_are_packed(size: int) -> None:
    value: Any = [*range(size)], {str(key): None for key in range(size)}
    value = [*value]
    for _ in range(300):
        value = [value]
    found = ormsgpack.unpackb(packed(json.dumps(value).encode()))
    for _ in range(300):
        (found,) = found
    assert found == [[*range(size)], {str(key): None for key in range(size)}]


OBJECT = b"\x81\xa1a"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "cannot be read"),
        (OBJECT, "cannot be read|one object"),
        (b"\x81\xa9a", "cannot be read|one object"),
        (OBJECT + b"\x01" + OBJECT + b"\x01", "one object and no more"),
        (OBJECT + b"\x01\xc0", "one object and no more"),
        (b"\xc1", "cannot be read"),
        (OBJECT + b"\xc4\x01a", "binary data"),
        (b"\x81\xc4\x01a\x01", "cannot be read"),
        (OBJECT + b"\xd4\x05a", "cannot be read"),
        (OBJECT + b"\xd6\xff\0\0\0\0", "cannot be read"),
        (b"\x81\x01\x01", "cannot be read"),
        (b"\x81\xc0\x01", "cannot be read"),
        (OBJECT + b"\xa2\xff\xfe", "cannot be read"),
        (OBJECT + b"\xa3\xed\xa0\x80", "cannot be read"),
        (OBJECT + b"\xcb" + struct.pack("!d", math.nan), "NaN"),
        (OBJECT + b"\xca" + struct.pack("!f", -math.inf), "infinity"),
        (OBJECT + b"\xdd\xff\xff\xff\xff", "cannot be read"),
        (OBJECT + b"\xdf\xff\xff\xff\xff", "cannot be read"),
        (OBJECT + b"\xdb\xff\xff\xff\xffab", "cannot be read"),
        (OBJECT + b"\xc6\xff\xff\xff\xffab", "cannot be read"),
        (b"\x91" * 60_000, "cannot be read"),
        (OBJECT * 20_000, "cannot be read"),
        (b"\x91" * 1_000 + b"\xc0", "recursion limit"),
        ((b"\xdd" + struct.pack("!I", 60_000)) * 13_000, "cannot be read"),
        ((b"\xdd" + struct.pack("!I", 60_000)) * 500 + b"\xc0" * 60_000, "cannot be read"),
    ],
)
def test_what_is_no_json_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        unpacked(data)


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_noise_is_json_or_refused(data: bytes) -> None:
    try:
        text = unpacked(data)
    except ValueError:
        return
    assert same(json.loads(text), msgpack.unpackb(data))


@settings(deadline=None)
@given(MESSAGES, st.data())
def test_what_is_cut_is_refused(message: dict[str, Any], data: st.DataObject) -> None:
    whole = packed(json_bytes(message))
    cut = whole[: data.draw(st.integers(0, len(whole) - 1))]
    with pytest.raises(ValueError, match=r"cannot be read|one object"):
        unpacked(cut)


@pytest.mark.parametrize("number", [2**64 - 1, -(2**63), 2**53])
def test_large_integers_are_read_as_they_are(number: int) -> None:
    """Whether they may be there is decided by the rules of JSON."""
    assert unpacked(b"\x81\xa1a" + ormsgpack.packb(number)) == f'{{"a":{number}}}'
