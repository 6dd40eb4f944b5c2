"""What an update carries before its payload, between hubs: its key, and whether it is marked.

A backplane carries bytes. The key is read from the data once, where it is published; who delivers
an update need not decode it. JSON never begins with a control character, so a payload with a mark
is told from one without.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from topicwire.wire.frames import json_bytes

_UNMARKED: Final = b"\x00"
_MARKED: Final = b"\x01"
_END: Final = b"\n"


class Mark(NamedTuple):
    """What stood before a payload.

    Attributes:
        key: which updates of its topic are one with it, as JSON; empty for all.
        is_marked: it replaces nothing and is never replaced.
    """

    key: bytes = b""
    is_marked: bool = False


NO_MARK: Final = Mark()


def mark(key: bytes, *, is_marked: bool) -> bytes:
    """Return what stands before the payload. `key` is compact JSON: no line break is in it."""
    return (_MARKED if is_marked else _UNMARKED) + key + _END


def mark_of_source(marked: bytes, topic: str) -> bytes:
    """Return the mark of an update of a pattern: those of several topics are not one.

    Args:
        marked: the mark of the update of `topic`, empty where it has none.
        topic: which the pattern matches.
    """
    key, is_marked = read_mark(marked)
    return mark(json_bytes(topic) + key, is_marked=is_marked)


def split_mark(data: bytes) -> tuple[bytes, bytes]:
    """Return what stands before the payload, empty where nothing does, and the payload."""
    if data[:1] > _MARKED:
        return b"", data
    end = data.index(_END) + 1
    return data[:end], data[end:]


def read_mark(marked: bytes) -> Mark:
    """Return what a mark says; `marked` is the first part of `split_mark`."""
    return Mark(marked[1:-1], marked[:1] == _MARKED) if marked else NO_MARK
