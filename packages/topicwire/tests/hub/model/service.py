"""A service that a test decides for, step by step, and that notices what is out of turn."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from packages.topicwire.tests.trading import Trade

from topicwire import WsRouteService
from topicwire.types import Position


class WatchfulService(WsRouteService):
    """Notes as a fault every start and stop out of turn (guarantees 5 and 6).

    Attributes:
        is_prompt: starts and stops succeed at once; otherwise the test decides each of them.
    """

    def __init__(self, *, is_prompt: bool) -> None:
        self.is_prompt = is_prompt
        self.states: dict[str, str] = {}
        self.pending: dict[str, asyncio.Future[bool]] = {}
        self.feeds: dict[str, Callable[[Any], None]] = {}
        self.stale: list[Callable[[Any], None]] = []
        self.tasks: dict[str, asyncio.Future[None]] = {}
        self.faults: list[str] = []

    async def create_topic(
        self, topic: str, topic_update: Callable[[Any], None]
    ) -> asyncio.Future[None]:
        self._expect(topic, "stopped", "starting")
        self.feeds[topic] = topic_update
        runs = False
        try:
            runs = await self._decided(topic)
        finally:  # also when it is cancelled, since it took too long
            self._expect(topic, "starting", "running" if runs else "stopped")
            if not runs:
                self.stale.append(self.feeds.pop(topic))
        if not runs:
            raise OSError("it could not be started")
        self.tasks[topic] = asyncio.get_running_loop().create_future()
        return self.tasks[topic]

    async def remove_topic(self, topic: str) -> None:
        self._expect(topic, "running", "stopping")
        self.stale.append(self.feeds.pop(topic))
        del self.tasks[topic]
        try:
            if not await self._decided(topic):
                raise OSError("it could not be stopped")
        finally:
            self._expect(topic, "stopping", "stopped")

    def alive(self) -> list[str]:
        """The topics whose producers run and have not died."""
        return sorted(topic for topic, task in self.tasks.items() if not task.done())

    async def _decided(self, topic: str) -> bool:
        if self.is_prompt:
            return True
        self.pending[topic] = asyncio.get_running_loop().create_future()
        try:
            return await self.pending[topic]
        finally:
            del self.pending[topic]

    def _expect(self, topic: str, state: str, following: str) -> None:
        if self.states.get(topic, "stopped") != state:
            self.faults.append(f"{topic} is {self.states.get(topic)}, not {state}: {following}")
        self.states[topic] = following


class StatefulService(WatchfulService):
    """Knows the present state of its topics: the number of the last update, with a minus."""

    head: Callable[[str], Position | None]

    def get_snapshot(self, topic: str) -> Trade | None:
        head = self.head(topic)
        return None if head is None or not head.seq else Trade(price=-head.seq)
