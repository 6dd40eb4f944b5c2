"""What a topic needs of its hub."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from logging import Logger
from typing import TYPE_CHECKING, Any, Protocol

from topicwire.backplane.base import Backplane
from topicwire.core.waves import Waves
from topicwire.hub.clock import Clock
from topicwire.hub.metrics import Metrics
from topicwire.hub.retention import Retention
from topicwire.hub.route import Route
from topicwire.settings import Settings
from topicwire.types import TopicId

if TYPE_CHECKING:
    from topicwire.hub.topic import Topic


class Surroundings(Protocol):
    """A hub, as its topics see it."""

    backplane: Backplane
    clock: Clock
    logger: Logger
    metrics: Metrics
    retention: Retention
    settings: Settings
    is_closing: bool
    waves: Waves[Any, Any]

    def spawn(self, coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run a task of the hub's."""
        ...

    def publish(self, route: Route, key: str, data: Any) -> None:
        """Send an update to the subscribers of a topic."""
        ...

    def lingers(self, topic: Topic[Any]) -> None:
        """Nobody wants the topic, and its producer goes on for a while."""
        ...

    def lingers_no_longer(self, topic: Topic[Any]) -> None:
        """It was wanted again, or is being stopped."""
        ...

    def retain(self, topic: Topic[Any]) -> None:
        """Nobody wants the topic any longer, but it keeps something."""
        ...

    def forget(self, topic: TopicId) -> None:
        """Nobody wants the topic any longer."""
        ...
