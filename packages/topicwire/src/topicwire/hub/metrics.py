"""What the hub counts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Metrics:
    """Totals since the start, and what there is now. Nothing is dropped without being counted."""

    connections: int = 0
    """Open now."""

    subscriptions: int = 0
    """Topics held now, summed over connections."""

    producers: int = 0
    """Running now: started, and not stopped yet."""

    updates_published: int = 0
    """Total, whether or not anyone was subscribed."""

    updates_unwatched: int = 0
    """Of these, updates of topics that nobody watches: not even encoded."""

    updates_discarded: int = 0
    """Total given by a producer after it was stopped."""

    updates_sent: int = 0
    """Total put into outboxes, one for each subscriber."""

    commands: int = 0
    """Total of commands that were handled, well or not."""

    commands_refused: int = 0
    """Total of messages that were refused before a handler saw them."""

    handler_errors: int = 0
    """Total of handlers that raised what no client is told."""

    starts_failed: int = 0
    """Total of topics that could not be started."""

    producers_ended: int = 0
    """Total of producer tasks that ended before they were stopped."""

    slow_consumers: int = 0
    """Total of connections closed with 4008."""

    sends_timed_out: int = 0
    """Total of connections given up because they took no byte for `Settings.send_timeout_s`."""

    recovered: int = 0
    """Total of topics whose subscriber came back and was sent all that it had missed."""

    not_recovered: int = 0
    """Total of topics whose subscriber came back and could not be."""

    updates_replayed: int = 0
    """Total of missed updates that were sent to those who came back."""

    snapshots_sent: int = 0
    """Total of present states that were sent after a subscription's reply."""

    snapshots_failed: int = 0
    """Total of services whose `get_snapshot` raised or gave what the route does not declare."""

    replay_bytes: int = 0
    """Kept now for clients that come back."""

    replays_evicted: int = 0
    """Total of topics that lost what they kept before its time, for want of room."""
