"""What the hub counts: by route, and of its connections as a whole. Never by topic.

Counting is adding to an attribute: each route's `RouteMetrics` is bound where it is counted, once.
What would cost something while updates travel, the bytes that wait, is read when it is asked for.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, get_args

from topicwire.close_codes import SLOW_CONSUMER
from topicwire.types import ErrorCode
from topicwire.wire.frames import Frame

LAG_BOUNDS_S: Final = (
    0.0005,
    0.001,
    0.0025,
    0.005,
    0.01,
    0.025,
    0.05,
    0.1,
    0.25,
    0.5,
    1.0,
    2.5,
    5.0,
    10.0,
    30.0,
)
"""Upper bounds of the buckets of a lag, in seconds; there is one more without a bound."""

APPLICATION_CODE: Final = "application"
"""Stands for every error code that is not the protocol's: an application may have any number."""

_CODES: Final = frozenset(get_args(ErrorCode))


class Histogram:
    """How often something took how long.

    Attributes:
        counts: for each bound of `LAG_BOUNDS_S`, how often it took that long or less and longer
            than the bound before; then one for all that took longer.
        total_s: of all together, in seconds.
    """

    __slots__ = ("counts", "total_s")

    def __init__(self) -> None:
        self.counts = [0] * (len(LAG_BOUNDS_S) + 1)
        self.total_s = 0.0

    @property
    def count(self) -> int:
        """How often."""
        return sum(self.counts)

    def observe(self, seconds: float, times: int = 1) -> None:
        """Count one more that took so long, or some."""
        # most take no longer than the first bound
        bucket = 0 if seconds <= LAG_BOUNDS_S[0] else bisect_left(LAG_BOUNDS_S, seconds)
        self.counts[bucket] += times
        self.total_s += seconds * times

    def add(self, other: Histogram) -> None:
        """Count all that `other` has counted."""
        self.counts = [own + more for own, more in zip(self.counts, other.counts, strict=True)]
        self.total_s += other.total_s


class Since(NamedTuple):
    """Since when an update waits, and where it is counted how long that was."""

    lag: Histogram
    at_s: float


@dataclass(slots=True, eq=False)
class RouteMetrics:
    """One route: totals since the start, and what there is now."""

    subscriptions: int = 0
    """Now: topics held, summed over connections."""

    topics: int = 0
    """Now: held, lingering, being stopped, or kept for clients that come back."""

    topics_stale: int = 0
    """Of these, silent for longer than the route promises, while somebody wants them."""

    producers: int = 0
    """Now: started, and not stopped yet."""

    updates_published: int = 0
    """Whether or not anyone was subscribed."""

    updates_unwatched: int = 0
    """Of these, updates of topics that nobody watches: not even encoded."""

    updates_discarded: int = 0
    """Given by a producer after it was stopped."""

    updates_sent: int = 0
    """Put into outboxes, one for each subscriber."""

    bytes_sent: int = 0
    """Of these, envelopes included."""

    updates_dropped: int = 0
    """Of those that were sent: thrown away because their client was too far behind."""

    updates_conflated: int = 0
    """Of those that were sent: replaced by a newer one before their client took them."""

    updates_merged: int = 0
    """Of those that were sent: merged into another one before their client took them."""

    merges_failed: int = 0
    """The route's merge function raised, or gave what may not be sent: both updates were sent."""

    updates_paced: int = 0
    """Left out for a newer one by the route's `max_rate_hz`, once for all: not sent to anybody."""

    updates_abandoned: int = 0
    """Of those that were sent or replayed: still waiting when their connection ended."""

    updates_replayed: int = 0
    """Missed, and sent to those who came back."""

    recovered: int = 0
    """Subscribers that came back and were sent all that they had missed."""

    not_recovered: int = 0
    """Subscribers that came back and could not be."""

    snapshots_sent: int = 0
    """Present states that were sent after a subscription's reply."""

    snapshots_failed: int = 0
    """`get_snapshot` raised, or gave what the route does not declare."""

    starts_failed: int = 0
    """Topics that could not be started."""

    producers_ended: int = 0
    """Producers that ended before they were stopped."""

    producers_restarted: int = 0
    """Producers that were started again after that."""

    commands: int = 0
    """Handled, well or not."""

    handler_errors: int = 0
    """Handlers that raised what no client is told."""

    subscriptions_revoked: int = 0
    """Topics that ended for a client because it may not have them any longer."""

    slow_consumers: int = 0
    """Connections closed with 4008 because an update or a reply of this route did not fit."""

    refusals: Counter[str] = field(default_factory=Counter)
    """Commands answered with an error, by code."""

    send_lag: Histogram = field(default_factory=Histogram)
    """Of each flush whose oldest live update is this route's: from when that was published to when
    the server took the flush."""

    def count_sent(self, updates: Collection[Frame]) -> None:
        """Count updates that were held back for one subscriber, and are put into its outbox."""
        self.updates_sent += len(updates)
        self.bytes_sent += sum(frame.size for frame in updates)

    def refuse(self, code: str) -> None:
        """Count a command that is answered with an error."""
        self.refusals[known_code(code)] += 1


def known_code(code: str) -> str:
    """Return an error code of the protocol as it is, and `APPLICATION_CODE` for any other."""
    return code if code in _CODES else APPLICATION_CODE


class QueueBytes(NamedTuple):
    """What waits for the connections, in bytes."""

    total: int
    """For all of them."""

    largest: int
    """For the one that is furthest behind."""


class _Total:
    """A number summed over the routes."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, metrics: Metrics, owner: type) -> int:
        return sum(getattr(route, self._name) for route in metrics.routes.values())


class Metrics:
    """Totals since the start, and what there is now. Nothing is dropped without being counted.

    What a route counts is here summed over the routes; `routes` has each.

    Args:
        waiting: the bytes that wait for each connection.

    Attributes:
        connections: open now.
        connections_accepted: since the start.
        closes: connections that the server closed, by close code.
        sends_timed_out: connections given up because they took no byte for
            `Settings.send_timeout_s`.
        drains_timed_out: connections given up because a drain was over before they had taken what
            waited for them.
        logins_refused: handshakes and tokens refused, by error code.
        tokens_expired: connections that were told that their token has expired.
        refusals: messages answered with an error that concern no route, by error code.
        replay_bytes: kept now for clients that come back.
        replays_evicted: topics that lost what they kept before its time, for want of room.
    """

    def __init__(self, waiting: Callable[[], Iterable[int]] = tuple) -> None:
        self.connections = 0
        self.connections_accepted = 0
        self.closes: Counter[int] = Counter()
        self.sends_timed_out = 0
        self.drains_timed_out = 0
        self.logins_refused: Counter[str] = Counter()
        self.tokens_expired = 0
        self.refusals: Counter[str] = Counter()
        self.replay_bytes = 0
        self.replays_evicted = 0
        self._waiting = waiting
        self._routes: dict[str, RouteMetrics] = {}

    subscriptions = _Total()
    topics = _Total()
    topics_stale = _Total()
    producers = _Total()
    updates_published = _Total()
    updates_unwatched = _Total()
    updates_discarded = _Total()
    updates_sent = _Total()
    bytes_sent = _Total()
    updates_dropped = _Total()
    updates_conflated = _Total()
    updates_merged = _Total()
    merges_failed = _Total()
    updates_paced = _Total()
    updates_abandoned = _Total()
    updates_replayed = _Total()
    recovered = _Total()
    not_recovered = _Total()
    snapshots_sent = _Total()
    snapshots_failed = _Total()
    starts_failed = _Total()
    producers_ended = _Total()
    producers_restarted = _Total()
    commands = _Total()
    handler_errors = _Total()
    subscriptions_revoked = _Total()

    @property
    def routes(self) -> Mapping[str, RouteMetrics]:
        """What is counted for each route, by its name."""
        return self._routes

    @property
    def slow_consumers(self) -> int:
        """Connections closed with 4008."""
        return self.closes[SLOW_CONSUMER]

    @property
    def send_lag(self) -> Histogram:
        """The lag of all routes together."""
        together = Histogram()
        for route in self._routes.values():
            together.add(route.send_lag)
        return together

    @property
    def queue_bytes(self) -> QueueBytes:
        """What waits for the connections now: read from each of them when it is asked for."""
        waiting = list(self._waiting())
        return QueueBytes(sum(waiting), max(waiting, default=0))

    def include(self, name: str, route: RouteMetrics) -> None:
        """Show what is counted for a route."""
        self._routes[name] = route

    def flushed(self, frames: Iterable[Frame], now_s: float, times: int = 1) -> None:
        """Count how long the oldest live update of a flush has waited; of some that are alike."""
        since = self.oldest(frames)
        if since is not None:
            since.lag.observe(now_s - since.at_s, times)

    def oldest(self, frames: Iterable[Frame]) -> Since | None:
        """Return since when the oldest live update of a flush waits; None where it has none."""
        for frame in frames:
            if frame.at_s is not None:
                route = self._of(frame)
                return None if route is None else Since(route.send_lag, frame.at_s)
        return None

    def abandon(self, frame: Frame) -> None:
        """Count a message that waited when its connection ended, where it is an update."""
        route = self._of(frame)
        if route is not None and frame.is_update:
            route.updates_abandoned += 1

    def slow(self, frame: Frame) -> None:
        """Count a connection that is closed because this message did not fit."""
        route = self._of(frame)
        if route is not None:
            route.slow_consumers += 1

    def _of(self, frame: Frame) -> RouteMetrics | None:
        return self._routes.get(frame.type.partition(".")[0])

    def refuse(self, code: str) -> None:
        """Count a message that concerns no route and is answered with an error."""
        self.refusals[known_code(code)] += 1

    def refuse_login(self, code: str) -> None:
        """Count a handshake or a token that is refused."""
        self.logins_refused[known_code(code)] += 1

    def as_dict(self) -> dict[str, Any]:
        """Return the totals by name, and each route's numbers under `routes`: to print or log."""
        totals = {name: getattr(self, name) for name, one in vars(Metrics).items() if _sums(one)}
        return {
            "connections": self.connections,
            "connections_accepted": self.connections_accepted,
            "closes": dict(self.closes),
            "sends_timed_out": self.sends_timed_out,
            "drains_timed_out": self.drains_timed_out,
            "logins_refused": dict(self.logins_refused),
            "tokens_expired": self.tokens_expired,
            "refusals": dict(self.refusals),
            "replay_bytes": self.replay_bytes,
            "replays_evicted": self.replays_evicted,
            "queue_bytes": self.queue_bytes._asdict(),
            **totals,
            "routes": {name: _numbers(route) for name, route in self._routes.items()},
        }


def _sums(attribute: object) -> bool:
    return isinstance(attribute, _Total)


def _numbers(route: RouteMetrics) -> dict[str, Any]:
    values = {name: getattr(route, name) for name in RouteMetrics.__dataclass_fields__}
    lag = {"count": route.send_lag.count, "total_s": route.send_lag.total_s}
    return {**values, "refusals": dict(route.refusals), "send_lag": lag}
