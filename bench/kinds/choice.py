"""The kinds of clients that are compared, and the updates that they are sent."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from pydantic import BaseModel

from topicwire.wire.deflate import WINDOW_BITS
from topicwire.wire.frames import PACKED_SUBPROTOCOL, SUBPROTOCOL, json_bytes
from topicwire.wire.packed import packed


@dataclass(frozen=True)
class Choice:
    """What a client offers: each kind has a topic of its own."""

    name: str
    packs: bool
    is_deflated: bool

    @property
    def of(self) -> str:
        """Which topic it asks for: names of the same length, since they are in each update."""
        return f"{self.packs:d}{self.is_deflated:d}"

    @property
    def topic(self) -> str:
        """What it subscribes to."""
        return f'quotes:{{"of":"{self.of}"}}'

    @property
    def handshake(self) -> str:
        """As it is sent."""
        offer = f"permessage-deflate; server_max_window_bits={WINDOW_BITS}"
        extensions = f"Sec-WebSocket-Extensions: {offer}\r\n" if self.is_deflated else ""
        return (
            "GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
            f"Sec-WebSocket-Protocol: {PACKED_SUBPROTOCOL if self.packs else SUBPROTOCOL}\r\n"
            f"{extensions}\r\n"
        )

    @property
    def opcode(self) -> int:
        """Of its messages."""
        return 0x82 if self.packs else 0x81

    @property
    def subscribe(self) -> bytes:
        """Its first message."""
        message = json_bytes({"type": "quotes.subscribe", "payload": {"of": self.of}})
        return packed(message) if self.packs else message


PLAIN: Final = Choice("json", packs=False, is_deflated=False)
KINDS: Final = (
    PLAIN,
    Choice("json+deflate", packs=False, is_deflated=True),
    Choice("msgpack", packs=True, is_deflated=False),
    Choice("msgpack+deflate", packs=True, is_deflated=True),
)


class Quote(BaseModel):
    """A small update: 165 bytes with its envelope."""

    symbol: str
    bid: float
    ask: float
    size: int
    at: str


class Book(BaseModel):
    """A large one: 2 KB."""

    bids: list[tuple[float, int]]
    asks: list[tuple[float, int]]


def quotes(draw: random.Random) -> Quote:
    """Return a quote that is like no other, and like every other."""
    bid = round(189 + draw.random() * 3, 2)
    second = draw.randrange(60_000)
    return Quote(
        symbol="AAPL",
        bid=bid,
        ask=round(bid + 0.01 * draw.randrange(1, 9), 2),
        size=draw.randrange(1, 99) * 100,
        at=f"10:00:{second // 1000:02}.{second % 1000:03}",
    )


def books(draw: random.Random) -> Book:
    """Return a book of 62 levels on each side."""
    bid = round(189 + draw.random() * 3, 2)
    sides = [
        [(round(bid + way * 0.01 * level, 2), draw.randrange(1, 9_999)) for level in range(62)]
        for way in (-1, 1)
    ]
    return Book(bids=sides[0], asks=sides[1])


UPDATES: Final[dict[str, Callable[[random.Random], BaseModel]]] = {"quote": quotes, "book": books}
