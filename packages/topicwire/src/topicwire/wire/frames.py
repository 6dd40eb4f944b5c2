"""Messages as bytes. Encoded once, whoever receives them."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Final

from topicwire.types import MessageId, Position, TopicId

SUBPROTOCOL: Final = "topicwire.v1+json"
PACKED_SUBPROTOCOL: Final = "topicwire.v1+msgpack"
PROTOCOL_VERSION: Final = 1
_BEGINNING: Final = b'{"type":"'
_JSON: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
_SNAPSHOT_END: Final = b',"snapshot":true}}'

BEARER_SUBPROTOCOL: Final = "topicwire.bearer."
"""Before a token that is offered as a subprotocol, in base64url without padding: the one header of
a WebSocket that a browser's script can choose."""


class Frame:
    """One encoded message, shared by every connection that it goes to. Never modified.

    Attributes:
        data: the message, in JSON.
        packed: the same in MessagePack, once somebody has asked for it (`wire.codecs`).
        size: in bytes, of JSON: what bounds count, whatever is sent.
        at_s: when it was published, by the hub's clock; None for what is no live update.
    """

    __slots__ = ("_text", "at_s", "data", "packed", "size")

    def __init__(self, data: bytes, at_s: float | None = None) -> None:
        self.at_s = at_s
        self.data = data
        self.size = len(data)
        self._text: str | None = None
        self.packed: bytes | None = None

    @property
    def text(self) -> str:
        """The message as text, decoded once for all."""
        if self._text is None:
            self._text = self.data.decode()
        return self._text

    @property
    def type(self) -> str:
        """The message's type, read from its beginning: for what happens rarely."""
        return self.data[len(_BEGINNING) : self.data.index(b'"', len(_BEGINNING))].decode()

    @property
    def is_update(self) -> bool:
        """It is an update of a topic, and no state of one."""
        return self.type.endswith(".update") and not self.data.endswith(_SNAPSHOT_END)

    def __repr__(self) -> str:
        return f"Frame({self.data!r})"


def message_frame(
    type_name: str, payload: bytes | None = None, message_id: MessageId | None = None
) -> Frame:
    """Return `{type, id?, payload?}`. `payload` is JSON already."""
    beginning = _beginning(type_name)
    if message_id is not None:
        beginning = b'%b,"id":%b' % (beginning, json_bytes(message_id))
    if payload is None:
        return Frame(beginning + b"}")
    return Frame(b'%b,"payload":%b}' % (beginning, payload))


@lru_cache(maxsize=1024)
def _beginning(type_name: str) -> bytes:
    return b'{"type":%b' % json_bytes(type_name)


def update_prefix(route: str, topic: str) -> bytes:
    """Return what every update of a topic begins with, up to its number."""
    return b'{"type":"%b.update","payload":{"topic":%b,"seq":' % (route.encode(), json_bytes(topic))


def update_frame(prefix: bytes, seq: int, payload: bytes, at_s: float | None = None) -> Frame:
    """Return one update: `prefix` is the topic's, from `update_prefix`."""
    return Frame(b'%b%d,"payload":%b}}' % (prefix, seq, payload), at_s)


def with_source(payload: bytes, topic: str) -> bytes:
    """Return an update's payload as it is put into the update of a pattern that matches `topic`.

    What follows is a member of its own beside the payload: whoever makes the frame, keeps it or
    carries it to another hub need not know of it.
    """
    return payload + source_member(json_bytes(topic))


def source_member(topic: bytes) -> bytes:
    """Return what follows the payload in an update of a pattern; `topic` is JSON already."""
    return b',"source":%b' % topic


def update_payload(prefix: bytes, seq: int, frame: bytes) -> bytes:
    """Return the payload of an update that `update_frame` has made."""
    return frame[len(prefix) + len(b'%d,"payload":' % seq) : -len(b"}}")]


def snapshot_frame(prefix: bytes, seq: int, payload: bytes) -> Frame:
    """Return a topic's state as of its update `seq`: `prefix` is the topic's."""
    return Frame(b'%b%d,"payload":%b%b' % (prefix, seq, payload, _SNAPSHOT_END))


def closed_frame(topic: TopicId, code: str, message: str, *, retry: bool) -> Frame:
    """Return that a topic has ended for its subscriber; with `retry`, that it is interrupted."""
    payload = {"topic": topic.key, "code": code, "message": message, "retry": retry}
    return message_frame(f"{topic.route}.closed", json_bytes(payload))


def reset_frame(
    topic: TopicId, position: Position, reason: str, *, has_snapshot: bool = False
) -> Frame:
    """Return that a topic goes on at `position`, whatever came before; its state may follow."""
    payload = {"topic": topic.key, "epoch": position.epoch, "seq": position.seq, "reason": reason}
    if has_snapshot:
        payload["snapshot"] = True
    return message_frame(f"{topic.route}.reset", json_bytes(payload))


def json_bytes(value: object) -> bytes:
    """Return compact JSON in UTF-8. NaN and infinities are refused with ValueError."""
    return _JSON.encode(value).encode()


def size_is_over(message: str | bytes, limit: int) -> bool:
    """Say whether a message is larger than `limit` bytes of UTF-8."""
    # a character is at most four bytes, so most need no encoding
    size = len(message)
    if isinstance(message, bytes) or size > limit or size * 4 <= limit:
        return size > limit
    return len(message.encode()) > limit
