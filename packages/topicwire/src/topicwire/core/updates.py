"""An update on its way to the subscribers of a route that does not promise every single one."""

from __future__ import annotations

from collections.abc import Hashable
from enum import Enum, auto
from typing import TypeAlias

from topicwire.wire.frames import Frame

Place: TypeAlias = tuple[Hashable, bytes]
"""A topic and a key in it: two updates of one place may become one."""


class Outcome(Enum):
    """What adding an update has done to those that waited."""

    ADDED = auto()
    """Nothing: it waits behind them."""

    CONFLATED = auto()
    """It has replaced an older one of its place."""

    DROPPED = auto()
    """The oldest of its topic has gone, to make room."""

    MERGED = auto()
    """It is one with the older one of its topic."""

    REFUSED = auto()
    """It was not added: too much waits."""


class Update:
    """One update, shared by every connection that it goes to. Never modified.

    Attributes:
        seq: its number.
        frame: as it is sent.
        place: which others it may replace.
        is_marked: it replaces nothing and is never replaced.
        payload: its data as JSON, where updates are merged; else empty.
    """

    __slots__ = ("frame", "is_marked", "payload", "place", "seq")

    def __init__(
        self, seq: int, frame: Frame, place: Place, *, is_marked: bool = False, payload: bytes = b""
    ) -> None:
        self.seq = seq
        self.frame = frame
        self.place = place
        self.is_marked = is_marked
        self.payload = payload

    @property
    def size(self) -> int:
        """In bytes."""
        return self.frame.size

    def __repr__(self) -> str:
        return f"Update({self.seq}, {self.frame!r})"
