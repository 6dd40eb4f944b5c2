"""Every metric that is exported: its name, what it says, and where it is read.

Labels have few values: the app's title, its routes, the protocol's error and close codes. Never a
topic, a client or an address.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import accumulate
from operator import attrgetter
from typing import Final, NamedTuple, Protocol, TypeAlias

from topicwire.errors import DeclarationError
from topicwire.hub.metrics import LAG_BOUNDS_S, Metrics

PREFIX: Final = "topicwire"

Samples: TypeAlias = Iterable[tuple[tuple[str, ...], float]]
"""The values of a family's labels, the app's apart, and the number."""


class App(Protocol):
    """A `FastWSAdapter`, as far as it is counted."""

    @property
    def title(self) -> str:
        """The value of the label `app`."""
        ...

    @property
    def metrics(self) -> Metrics:
        """What it has counted."""
        ...


class Kind(Enum):
    """How a number moves."""

    COUNTER = "counter"
    """It only grows, from 0 at the start."""

    LEVEL = "gauge"
    """What there is now; the sum over several apps means something."""

    LARGEST = "largest"
    """The largest there is now; a sum over apps means nothing."""


@dataclass(frozen=True, slots=True)
class Family:
    """One metric.

    Attributes:
        name: without prefix and suffix.
        kind: how it moves.
        help: one sentence.
        labels: beside `app`.
        unit: `bytes` or nothing.
        read: the samples of one app.
    """

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...]
    unit: str
    read: Callable[[Metrics], Samples]


class Lag(NamedTuple):
    """The histogram of a route's `send_lag`, cumulative as exporters want it."""

    route: str
    buckets: Sequence[tuple[str, int]]
    """The bound as text, `+Inf` for the last, and how often it took that long or less."""

    total_s: float


LAG_NAME: Final = "send_lag"
LAG_HELP: Final = (
    "Of each flush: from the publish of its oldest live update, whose route it is counted for, to "
    "when the server took the flush."
)


def lags(app: App) -> Iterator[Lag]:
    """Read the lag of each route of an app."""
    bounds = [*(str(bound) for bound in LAG_BOUNDS_S), "+Inf"]
    for route, counted in app.metrics.routes.items():
        histogram = counted.send_lag
        buckets = list(zip(bounds, accumulate(histogram.counts), strict=True))
        yield Lag(route, buckets, histogram.total_s)


def check_titles(apps: Sequence[App]) -> None:
    """Accept apps that the label `app` tells apart.

    Raises:
        DeclarationError: two have the same title.
    """
    titles = [app.title for app in apps]
    doubled = next((title for title in titles if titles.count(title) > 1), None)
    if doubled is not None:
        raise DeclarationError(
            f"two apps are called {doubled!r}, so their metrics cannot be told apart. Give each "
            "FastWSAdapter a title of its own, or export them apart."
        )


def _of_app(
    name: str, kind: Kind, text: str, *, read: Callable[[Metrics], float], unit: str = ""
) -> Family:
    return Family(name, kind, text, (), unit, lambda metrics: [((), read(metrics))])


def _of_route(name: str, kind: Kind, text: str, *, unit: str = "", attribute: str = "") -> Family:
    value = attrgetter(attribute or name)

    def read(metrics: Metrics) -> Iterator[tuple[tuple[str, ...], float]]:
        for route, counted in metrics.routes.items():
            yield (route,), value(counted)

    return Family(name, kind, text, ("route",), unit, read)


def _by_code(name: str, text: str) -> Family:
    value = attrgetter(name)

    def read(metrics: Metrics) -> Iterator[tuple[tuple[str, ...], float]]:
        for code, number in value(metrics).items():
            yield (str(code),), number

    return Family(name, Kind.COUNTER, text, ("code",), "", read)


def _refusals(metrics: Metrics) -> Iterator[tuple[tuple[str, ...], float]]:
    for code, number in metrics.refusals.items():
        yield ("", code), number
    for route, counted in metrics.routes.items():
        for code, number in counted.refusals.items():
            yield (route, code), number


def _recoveries(metrics: Metrics) -> Iterator[tuple[tuple[str, ...], float]]:
    for route, counted in metrics.routes.items():
        yield (route, "recovered"), counted.recovered
        yield (route, "not_recovered"), counted.not_recovered


_COUNTER, _LEVEL = Kind.COUNTER, Kind.LEVEL

FAMILIES: Final[Sequence[Family]] = (
    _of_app("connections", _LEVEL, "Connections now.", read=attrgetter("connections")),
    _of_app(
        "connections_accepted",
        _COUNTER,
        "Connections since the start.",
        read=attrgetter("connections_accepted"),
    ),
    _by_code("closes", "Connections that the server closed, by close code; 4008 is a slow one."),
    _of_app(
        "sends_timed_out",
        _COUNTER,
        "Connections given up because they took no byte for too long.",
        read=attrgetter("sends_timed_out"),
    ),
    _of_app(
        "drains_timed_out",
        _COUNTER,
        "Connections given up because a drain was over before they took what waited.",
        read=attrgetter("drains_timed_out"),
    ),
    _by_code("logins_refused", "Handshakes and tokens refused, by error code."),
    _of_app(
        "tokens_expired",
        _COUNTER,
        "Connections that were told that their token has expired.",
        read=attrgetter("tokens_expired"),
    ),
    _of_app(
        "queue",
        _LEVEL,
        "Waiting for all connections now.",
        read=lambda metrics: metrics.queue_bytes.total,
        unit="bytes",
    ),
    _of_app(
        "queue_largest",
        Kind.LARGEST,
        "Waiting now for the connection that is furthest behind.",
        read=lambda metrics: metrics.queue_bytes.largest,
        unit="bytes",
    ),
    _of_app(
        "replay",
        _LEVEL,
        "Kept now for clients that come back.",
        read=attrgetter("replay_bytes"),
        unit="bytes",
    ),
    _of_app(
        "replays_evicted",
        _COUNTER,
        "Topics that lost what they kept before its time, for want of room.",
        read=attrgetter("replays_evicted"),
    ),
    _of_route("subscriptions", _LEVEL, "Topics held now, summed over connections."),
    _of_route("topics", _LEVEL, "Topics now: held, lingering, being stopped, or kept."),
    _of_route("topics_stale", _LEVEL, "Of these, silent for longer than their route promises."),
    _of_route("producers", _LEVEL, "Producers that run now."),
    _of_route("updates_published", _COUNTER, "Updates in, whether or not anyone was subscribed."),
    _of_route("updates_unwatched", _COUNTER, "Of these, updates of topics that nobody watches."),
    _of_route("updates_discarded", _COUNTER, "Updates of producers that had been stopped."),
    _of_route("updates_sent", _COUNTER, "Updates out: one for each subscriber."),
    _of_route(
        "sent",
        _COUNTER,
        "Of these, with envelopes; in JSON, whatever the codec.",
        unit="bytes",
        attribute="bytes_sent",
    ),
    _of_route("updates_dropped", _COUNTER, "Thrown away: their client was too far behind."),
    _of_route("updates_conflated", _COUNTER, "Replaced by a newer one before they were taken."),
    _of_route("updates_merged", _COUNTER, "Merged into another one before they were taken."),
    _of_route("merges_failed", _COUNTER, "Updates that could not be merged: both were sent."),
    _of_route("updates_paced", _COUNTER, "Left out for a newer one by a rate, once for all."),
    _of_route("updates_abandoned", _COUNTER, "Waiting when their connection ended."),
    _of_route("updates_replayed", _COUNTER, "Missed updates, sent to those who came back."),
    Family(
        "recoveries",
        _COUNTER,
        "Subscribers that came back with a position, by outcome.",
        ("route", "outcome"),
        "",
        _recoveries,
    ),
    _of_route("snapshots_sent", _COUNTER, "Present states sent to new subscribers."),
    _of_route("snapshots_failed", _COUNTER, "get_snapshot raised, or gave what is not declared."),
    _of_route("starts_failed", _COUNTER, "Topics that could not be started."),
    _of_route("producers_ended", _COUNTER, "Producers that ended before they were stopped."),
    _of_route("producers_restarted", _COUNTER, "Producers that were started again after that."),
    _of_route("commands", _COUNTER, "Commands handled, well or not."),
    Family(
        "refusals",
        _COUNTER,
        "Messages answered with an error, by code; the route is empty where there is none.",
        ("route", "code"),
        "",
        _refusals,
    ),
    _of_route("handler_errors", _COUNTER, "Handlers that raised what no client is told."),
    _of_route("subscriptions_revoked", _COUNTER, "Topics that clients may not have any longer."),
    _of_route("slow_consumers", _COUNTER, "Connections closed with 4008, by what did not fit."),
)
