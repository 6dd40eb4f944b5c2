"""The subscriptions of a session: by key, by topic, and which the server may take for one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from topicwire.client.place import Place
from topicwire.client.subscription import Subscription


class SubscriptionTable:
    """Finds subscriptions. One that is added stays until it is discarded."""

    def __init__(self) -> None:
        self._by_key: dict[str, Subscription] = {}
        self._holders: dict[tuple[str, str], list[Subscription]] = {}
        """Found when first asked for, forgotten when anybody's topics change."""

    def __iter__(self) -> Iterator[Subscription]:
        """Go through all, as they are now: what a step adds or discards does not disturb it."""
        return iter([*self._by_key.values()])

    def get(self, key: str) -> Subscription | None:
        """Return the subscription of `key`, if there is one."""
        return self._by_key.get(key)

    def add(self, subscription: Subscription) -> None:
        """Take a new subscription."""
        self._by_key[subscription.key] = subscription

    def discard(self, subscription: Subscription) -> None:
        """Forget a subscription; no error when it was forgotten already."""
        self._holders.clear()
        if self._by_key.get(subscription.key) is subscription:
            del self._by_key[subscription.key]

    def topics_changed(self) -> None:
        """Say that a subscription has got or lost topics."""
        self._holders.clear()

    def holders_of(self, route: str, topic: str) -> list[Subscription]:
        """Return who has a topic of a route. Not to be modified."""
        holders = self._holders.get((route, topic))
        if holders is None:
            holders = self._holders[route, topic] = [
                subscription
                for subscription in self._by_key.values()
                if subscription.route == route and topic in subscription.places
            ]
        return holders

    def places_at(self, route: str, topic: str) -> list[Place]:
        """Return where those who have a topic of a route stand in it."""
        return [holder.places[topic] for holder in self.holders_of(route, topic)]

    def peers_of(self, subscription: Subscription) -> list[Subscription]:
        """Return who is on with the same topics, itself included.

        Requests that differ here may be one to the server, which fills in defaults; ending one of
        them then ends them all.
        """
        topics = [*subscription.places]
        return [
            peer
            for peer in self._by_key.values()
            if peer.stage == "on" and peer.route == subscription.route and [*peer.places] == topics
        ]

    def verb_of(self, subscription: Subscription) -> Literal["subscribe", "unsubscribe"] | None:
        """Return the command that would bring the wire nearer, if any may be sent now."""
        stage = subscription.stage
        if self.is_wanted(subscription):
            is_to_ask = stage == "on" and subscription.is_to_ask()
            return "subscribe" if stage == "off" or is_to_ask else None
        # what is being subscribed may turn out to be a peer
        may_end = stage == "on" and not self.is_joining(subscription.route)
        return "unsubscribe" if may_end else None

    def is_wanted(self, subscription: Subscription) -> bool:
        """Say whether anybody listens to it, or to what the server may take for the same."""
        if subscription.listeners or subscription.stage != "on":
            return bool(subscription.listeners)
        return any(peer.listeners for peer in self.peers_of(subscription))

    def is_joining(self, route: str) -> bool:
        """Say whether a subscription of the route waits for its answer, or for another one."""
        return any(
            subscription.route == route
            and (subscription.stage == "subscribing" or subscription.question == "asked")
            for subscription in self._by_key.values()
        )
