"""What one connection is subscribed to.

A subscription is one canonical request of one route; its topics are fixed when it is made. A
connection holds a topic once, however many of its subscriptions have it (protocol, section 3).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

from topicwire.errors import TooManySubscriptionsError
from topicwire.types import TopicId


class RequestId(NamedTuple):
    """A subscription's identity within a connection: the route and the canonical request."""

    route: str
    request: str


class Session:
    """The subscriptions of one connection, and how many of them hold each topic.

    Args:
        max_topics: how many topics the connection may hold; and how many subscriptions, since
            several may have the same topics.
    """

    __slots__ = ("_counts", "_max_topics", "_subscriptions", "changes")

    def __init__(self, max_topics: int) -> None:
        self._max_topics = max_topics
        self.changes = 0
        """How often what it holds has changed."""
        self._subscriptions: dict[RequestId, tuple[str, ...]] = {}
        self._counts: dict[TopicId, int] = {}

    @property
    def topics(self) -> tuple[TopicId, ...]:
        """Every topic that is held."""
        return tuple(self._counts)

    @property
    def size(self) -> int:
        """How many subscriptions there are."""
        return len(self._subscriptions)

    @property
    def requests(self) -> tuple[RequestId, ...]:
        """Every subscription, in the order in which they were made."""
        return tuple(self._subscriptions)

    def holders(self, topics: Collection[TopicId]) -> list[RequestId]:
        """Return the subscriptions that have any of `topics`."""
        return [
            request
            for request, keys in self._subscriptions.items()
            if any(TopicId(request.route, key) in topics for key in keys)
        ]

    def topics_of(self, request: RequestId) -> tuple[str, ...]:
        """Return the topics of a subscription; empty when there is no such subscription."""
        return self._subscriptions.get(request, ())

    def holds(self, topic: TopicId) -> bool:
        """Say whether any subscription has `topic`."""
        return topic in self._counts

    def missing(self, request: RequestId, topics: Iterable[str]) -> list[TopicId]:
        """Return those of `topics` that the connection would newly hold, each once.

        Raises:
            TooManySubscriptionsError: with them it would hold too many, or it has as many
                subscriptions as it may have without that of `request`.
        """
        wanted = dict.fromkeys([TopicId(request.route, key) for key in topics])
        is_new = bool(wanted) and request not in self._subscriptions
        if is_new and len(self._subscriptions) >= self._max_topics:
            many = len(self._subscriptions) + 1
            raise TooManySubscriptionsError(
                many, self._max_topics, next(iter(wanted)).key, of="subscriptions"
            )
        new = [topic for topic in wanted if topic not in self._counts]
        total = len(self._counts) + len(new)
        if new and total > self._max_topics:
            first = new[max(0, self._max_topics - len(self._counts))]
            raise TooManySubscriptionsError(total, self._max_topics, first.key)
        return new

    def add(self, request: RequestId, topics: Iterable[str]) -> None:
        """Make a subscription. One that exists is left as it is: its topics are fixed."""
        if request in self._subscriptions:
            return
        keys = tuple(dict.fromkeys(topics))
        if not keys:
            return
        self.changes += 1
        self._subscriptions[request] = keys
        for key in keys:
            topic = TopicId(request.route, key)
            self._counts[topic] = self._counts.get(topic, 0) + 1

    def remove(self, request: RequestId, topics: Iterable[str]) -> list[TopicId]:
        """Take `topics` out of a subscription. Returns those that nothing holds any longer.

        Where the request has no subscription, they are taken out of every one of the route.
        """
        keys = set(topics)
        if not keys:
            return []
        owners = (
            [request]
            if request in self._subscriptions
            else [one for one in self._subscriptions if one.route == request.route]
        )
        self.changes += 1
        left: list[TopicId] = []
        for owner in owners:
            held = self._subscriptions[owner]
            kept = tuple(key for key in held if key not in keys)
            if kept:
                self._subscriptions[owner] = kept
            else:
                del self._subscriptions[owner]
            gone = [TopicId(owner.route, key) for key in held if key in keys]
            left.extend(topic for topic in gone if self._release(topic))
        return left

    def clear(self) -> list[TopicId]:
        """End every subscription: the connection is gone. Returns the topics that it held."""
        self.changes += 1
        held = list(self._counts)
        self._subscriptions.clear()
        self._counts.clear()
        return held

    def _release(self, topic: TopicId) -> bool:
        count = self._counts[topic] - 1
        if count:
            self._counts[topic] = count
            return False
        del self._counts[topic]
        return True
