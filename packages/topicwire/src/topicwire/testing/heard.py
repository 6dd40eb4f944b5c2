"""What a hub hears of a backplane, and what it must be."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

from topicwire.backplane.base import Backplane
from topicwire.types import Position, TopicId

_SHOWN_CHARACTERS = 200


class Hub:
    """What a hub hears of a backplane: each update, in the order of its delivery."""

    def __init__(self, backplane: Backplane, patience_s: float) -> None:
        self.backplane = backplane
        self.threads: set[int] = set()
        self._patience_s = patience_s
        self._heard: asyncio.Queue[tuple[TopicId, int, bytes]] = asyncio.Queue()
        self.renewed: list[tuple[TopicId, Position]] = []
        backplane.attach(self._deliver, self._renew)

    def _renew(self, topic: TopicId, position: Position) -> None:
        self.renewed.append((topic, position))

    def _deliver(self, topic: TopicId, seq: int, payload: bytes) -> None:
        self.threads.add(threading.get_ident())
        self._heard.put_nowait((topic, seq, payload))

    async def next(self) -> tuple[TopicId, int, bytes]:
        """Return the next update.

        Raises:
            AssertionError: none came.
        """
        try:
            async with asyncio.timeout(self._patience_s):
                return await self._heard.get()
        except TimeoutError:
            raise AssertionError("an update was published, and is not delivered") from None

    async def hears(self, topic: TopicId, first: int, payloads: Sequence[bytes]) -> None:
        """Accept `payloads` as the next updates, numbered from `first`.

        Raises:
            AssertionError: something else came, or nothing.
        """
        for seq, payload in enumerate(payloads, first):
            same("the update", await self.next(), (topic, seq, payload))


def same(what: str, seen: object, expected: object) -> None:
    """Accept what is equal.

    Raises:
        AssertionError: it is not; both are shown.
    """
    must(f"{what} is {_shown(seen)}, and must be {_shown(expected)}", seen == expected)


def must(what: str, holds: bool) -> None:  # noqa: FBT001 - reads as a sentence
    """Accept what holds.

    Raises:
        AssertionError: it does not.
    """
    if not holds:
        raise AssertionError(what)


def _shown(value: object) -> str:
    text = repr(value)
    if len(text) <= _SHOWN_CHARACTERS:
        return text
    return f"{text[:_SHOWN_CHARACTERS]}… ({len(text)} characters)"
