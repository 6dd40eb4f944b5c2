"""What a route may declare about its delivery: said once, for every router and every template."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from typing_extensions import TypedDict

from topicwire.amounts import is_finite
from topicwire.errors import DeclarationError
from topicwire.routing.delivery import Latest, Merge, RouteDelivery, lossless
from topicwire.routing.service import has_snapshot, reads_later
from topicwire.types import Principal, ReplayLimits

DEFAULT_LINGER_S: Final = 5.0

DEFAULT_REPLAY: Final = ReplayLimits()

DEFAULT_DELIVERY: Final = lossless()

Snapshot: TypeAlias = Literal["last"]
"""Where a new subscriber's first state comes from, when the service has no `get_snapshot`."""

Source: TypeAlias = Literal["producer", "application"]
"""Who makes the updates: the service, between its start and its stop, or code that runs anyway."""


Authorize: TypeAlias = Callable[[Principal, Any, str], Awaitable[bool | None] | bool | None]
"""`(principal, request, topic)`: allows a topic by returning None or True, a plain function or a
coroutine; refuses it by raising `Rejected("why")`, or by returning False."""


class RouteOptions(TypedDict, total=False):
    """The options of a route, as a router's constructor takes them."""

    delivery: RouteDelivery
    """What becomes of updates while a client is behind.

    `lossless()`, the default, `latest(...)`, `drop_oldest(...)` or `merge(...)`.
    """

    linger_s: float
    """Seconds between the last subscriber's leaving a topic and the stop of its producer.

    0 stops it at once. 5 by default.
    """

    replay: ReplayLimits | None
    """How much of each topic is kept for clients that come back.

    None or a limit of 0 keeps nothing. By default 300 updates, 300 s and 1 MiB; where the producer
    makes the updates, what is kept ends with it, `linger_s` after the last subscriber has left.
    """

    snapshot: Snapshot | None
    """Where a new subscriber's first state comes from.

    "last": the topic's last update is sent as its present state. None: the service's
    `get_snapshot(topic)` says what that is, if it has such a method.
    """

    updates_from: Source
    """Who makes the updates.

    "producer": the updates are made by the service while it feeds the topic, so numbering and
    ring end when it is stopped. "application": they are published by code that runs whether or
    not anybody is subscribed, so both outlive the last subscriber. By default the one or the
    other, as the route has a service or not.
    """

    full_state: bool
    """Each update is the whole state of its topic.

    One that a client has seen already, or that is older than its state, does it no harm. Then the
    service's `get_snapshot` may be a coroutine. False by default. Refused with `merge` and with
    keys, where an update is a part.
    """

    stale_after_s: float | None
    """The route promises that each of its topics has an update at least so often, in seconds.

    Clients are told, and show a topic that is silent for longer as stale; the server counts and
    logs it. None by default: silence says nothing.
    """

    authorize: Authorize | None
    """Says whether a client may have a topic.

    It is asked about each topic before it is joined, when a client comes back too, and again
    when its token changes. None lets everybody have every topic.
    """

    wildcards: bool
    """A topic with a segment that is `*` and nothing else is a pattern.

    The segments are what lies between its colons. A pattern's subscribers get the updates of every
    topic that it matches, with the topic's own name as `source`. It starts no producer, has no
    snapshot, and is authorized as any topic is. False: a `*` is as any other character.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteSettings:
    """The options of a route, checked, with their defaults filled in.

    Attributes:
        delivery: what becomes of updates while a client is behind.
        linger_s: seconds between the last subscriber's leaving and the stop of the producer.
        replay: how much is kept for clients that come back; None for nothing.
        snapshot: "last", or None where the service says, or nobody.
        updates_from: who makes the updates.
        full_state: each update is the whole state of its topic.
        stale_after_s: each topic promises an update at least so often; None for no promise.
        authorize: says whether a client may have a topic; None where everybody may.
        wildcards: a `*` for a segment stands for any.
    """

    delivery: RouteDelivery
    linger_s: float
    replay: ReplayLimits | None
    snapshot: Snapshot | None
    updates_from: Source
    full_state: bool
    stale_after_s: float | None
    authorize: Authorize | None
    wildcards: bool = False

    @property
    def sends_states(self) -> bool:
        """Each update is the whole state of its topic, as `full_state` says or the rest implies."""
        delivery = self.delivery
        replaces_all = isinstance(delivery, Latest) and delivery.key is None
        return self.full_state or self.snapshot == "last" or replaces_all


def settle(route: str, service: object, options: Mapping[str, Any]) -> RouteSettings:
    """Check a route's options and fill in the defaults.

    Raises:
        DeclarationError: an option is unknown or wrong, or two cannot hold together.
    """
    unknown = options.keys() - RouteOptions.__annotations__.keys()
    if unknown:
        known = ", ".join(RouteOptions.__annotations__)
        raise DeclarationError(
            f"the route {route!r} has no option {min(unknown)!r}. Its options are {known}."
        )
    settings = RouteSettings(
        delivery=options.get("delivery", DEFAULT_DELIVERY),
        linger_s=options.get("linger_s", DEFAULT_LINGER_S),
        replay=_replay(route, options.get("replay", DEFAULT_REPLAY)),
        snapshot=options.get("snapshot"),
        updates_from=options.get("updates_from", "producer" if service else "application"),
        full_state=options.get("full_state", False),
        stale_after_s=options.get("stale_after_s"),
        authorize=options.get("authorize"),
        wildcards=options.get("wildcards", False),
    )
    _check_values(route, settings)
    _check_authorize(route, settings)
    _check_snapshot(route, service, settings)
    _check_source(route, service, settings, is_promised=options.get("replay") is not None)
    return settings


def _replay(route: str, limits: ReplayLimits | None) -> ReplayLimits | None:
    if not isinstance(limits, ReplayLimits | None):
        raise DeclarationError(
            f"replay of route {route!r} is {limits!r}: it is ReplayLimits(max_updates=..., "
            "max_age_s=..., max_bytes=...), or None to keep nothing."
        )
    return None if limits is None or limits.keeps_nothing else limits


def _check_values(route: str, settings: RouteSettings) -> None:
    if not isinstance(settings.delivery, RouteDelivery):
        raise DeclarationError(
            f"delivery of route {route!r} is {settings.delivery!r}: it is lossless(), latest(), "
            "drop_oldest() or merge(fn), each from topicwire."
        )
    if not is_finite(settings.linger_s) or settings.linger_s < 0:
        raise DeclarationError(
            f"linger_s of route {route!r} is {settings.linger_s!r}: it must be 0 (stop at once) or "
            "a finite number of seconds. A feed that is never to stop is no topic's: let code that "
            "runs anyway publish, and say updates_from='application'."
        )
    for name in ("full_state", "wildcards"):
        value = getattr(settings, name)
        if not isinstance(value, bool):
            raise DeclarationError(
                f"{name} of route {route!r} is {type(value).__name__}: it is True or False."
            )
    promised_s = settings.stale_after_s
    if promised_s is not None and not (is_finite(promised_s) and promised_s > 0):
        raise DeclarationError(
            f"stale_after_s of route {route!r} is {promised_s!r}: it must be a number of seconds "
            "above 0, or None where no rate is promised."
        )
    if settings.snapshot not in (None, "last"):  # what cannot be hashed is wrong, too
        raise DeclarationError(
            f"snapshot of route {route!r} is {settings.snapshot!r}: it is 'last' (the last update) "
            "or None (what the service's get_snapshot returns, if it has that method)."
        )
    if settings.updates_from not in ("producer", "application"):
        raise DeclarationError(
            f"updates_from of route {route!r} is {settings.updates_from!r}: it is 'producer' (the "
            "service makes them while it feeds the topic) or 'application' (code that runs anyway)."
        )


def _check_authorize(route: str, settings: RouteSettings) -> None:
    if settings.authorize is not None and not callable(settings.authorize):
        raise DeclarationError(
            f"authorize of route {route!r} is {type(settings.authorize).__name__}: it is a "
            "function, (principal, request, topic), or None."
        )


def _check_snapshot(route: str, service: object, settings: RouteSettings) -> None:
    if settings.snapshot is not None and has_snapshot(service):
        raise DeclarationError(
            f"the route {route!r} has two snapshots: snapshot='last' and the get_snapshot "
            f"of {type(service).__name__}. Leave one of them out."
        )
    if reads_later(service) and not settings.full_state:
        raise DeclarationError(
            f"get_snapshot of {type(service).__name__}, the service of route {route!r}, is a "
            "coroutine. While it is awaited updates go on, so updates may follow its result that "
            "it includes already: only where each update is the whole state is that right. Say "
            "full_state=True if so; else make it plain, `def get_snapshot(self, topic)`, for state "
            "and position are then read in one step."
        )
    delivery = settings.delivery
    if not settings.full_state and settings.snapshot is None:
        return
    if isinstance(delivery, Merge) or (isinstance(delivery, Latest) and delivery.key is not None):
        what = "merges updates" if isinstance(delivery, Merge) else "has an update for each key"
        option = "full_state=True" if settings.full_state else "snapshot='last'"
        name = option.partition("=")[0]
        raise DeclarationError(
            f"the route {route!r} {what} and says {option}: its last update alone is not "
            f"the topic's present state. Leave {name} out, and give its service a plain "
            "get_snapshot(topic) that returns the whole state, if there is one to return. Where "
            "each update is the whole state after all, say latest() without a key."
        )


def _check_source(
    route: str, service: object, settings: RouteSettings, *, is_promised: bool
) -> None:
    if settings.updates_from == "application":
        return
    if service is None:
        raise DeclarationError(
            f"the route {route!r} says updates_from='producer' and has no service to produce them. "
            "Pass service=, or leave updates_from out."
        )
    replay = settings.replay
    if is_promised and replay is not None and replay.max_age_s > settings.linger_s:
        raise DeclarationError(
            f"the route {route!r} promises to replay {replay.max_age_s:g} s, but its producer is "
            f"stopped {settings.linger_s:g} s after the last subscriber left, and nobody makes "
            f"updates from then on. Say linger_s={replay.max_age_s:g}, or a shorter max_age_s, or "
            "updates_from='application' if they come from code that runs anyway."
        )
