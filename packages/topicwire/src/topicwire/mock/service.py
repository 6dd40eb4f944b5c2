"""What feeds the topics of a mocked route: seeded values, at a steady rate."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from random import Random
from typing import Any

from topicwire.mock.document import MockRoute
from topicwire.mock.moment import Topic
from topicwire.mock.values import Values
from topicwire.routing.service import WsRouteService
from topicwire.wire.topics import topic_request


class MockService(WsRouteService):
    """Makes the updates of a route's topics.

    The updates of a topic depend on the seed and the topic alone: the first, the second and so on
    are the same in every run, whoever subscribes and when. A topic that is started again goes on
    where it was.

    Args:
        route: whose schemas they follow.
        values: makes them.
        seed: of everything random.
        rate_hz: updates a second, of each topic; more where the route promises more.
        start_ms: the time before the first update, ms since the Unix epoch.
    """

    def __init__(
        self, route: MockRoute, values: Values, *, seed: int, rate_hz: float, start_ms: int
    ) -> None:
        self.route = route
        self.values = values
        self.seed = seed
        self.interval_s = 1 / rate_hz
        stale_s = route.declared.get("staleAfterS")
        if stale_s is not None:
            self.interval_s = min(self.interval_s, stale_s / 2)
        self.start_ms = start_ms
        self._topics: dict[str, Topic] = {}
        self._requests: dict[str, Mapping[str, Any]] = {}

    def segments(self, request: Mapping[str, Any]) -> str:
        """Return the topic of a request where a `*` is to stand for any: its values, by colons."""
        values = [str(value).replace(":", "-") for value in request.values()]
        topic = ":".join([self.route.name, *values])
        self._requests[topic] = request
        return topic

    async def create_topic(
        self, topic: str, topic_update: Callable[[Any], None]
    ) -> asyncio.Task[None]:
        """Start a topic: its first update comes at once."""
        return asyncio.create_task(self._feed(self.topic(topic), topic_update))

    async def _feed(self, topic: Topic, topic_update: Callable[[Any], None]) -> None:
        while True:
            topic_update(self.next(topic))
            await asyncio.sleep(self.interval_s)

    def next(self, topic: Topic) -> Any:
        """Return the next update's data."""
        topic.advance()
        return self.values.make(self.route.data, topic, f"{self.route.name}.update")

    def topic(self, name: str) -> Topic:
        """Return the state of a topic, made when it is first asked for."""
        known = self._topics.get(name)
        if known is None:
            known = self._topics[name] = self.new(name, self._request(name))
        return known

    def _request(self, topic: str) -> Mapping[str, Any]:
        known = self._requests.get(topic)
        return topic_request(topic) if known is None else known

    def new(self, name: str, request: Mapping[str, Any]) -> Topic:
        """Return the state of something that has values of its own."""
        interval_ms = max(1, round(self.interval_s * 1000))
        return Topic(Random(f"{self.seed} {name}"), request, self.start_ms, interval_ms)  # noqa: S311


class MockStates(MockService):
    """One whose route has a present state: a new subscriber is given the last update."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._last: dict[int, Any] = {}

    def next(self, topic: Topic) -> Any:
        """Return the next update's data, and keep it."""
        data = super().next(topic)
        self._last[id(topic)] = data
        return data

    def get_snapshot(self, topic: str) -> Any:
        """Return the present state of a topic, made where there was no update yet."""
        state = self.topic(topic)
        return self._last[id(state)] if id(state) in self._last else self.next(state)
