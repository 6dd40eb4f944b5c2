"""What becomes of a route's updates while a client is behind: said where the router is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

from topicwire.amounts import is_count, is_finite
from topicwire.errors import DeclarationError

Field: TypeAlias = str | Callable[[Any], object]
"""A field of an update's data, or a function that is given the data."""


@dataclass(frozen=True, slots=True)
class Lossless:
    """Every update, in order. Made by `lossless`."""

    max_queue_bytes: int | None = None
    policy: ClassVar[str] = "lossless"
    max_rate_hz: ClassVar[float | None] = None

    def __post_init__(self) -> None:
        wanted = self.max_queue_bytes
        if wanted is not None and not is_count(wanted):
            raise DeclarationError(
                f"lossless(max_queue_bytes={wanted!r}): it is a whole number of bytes, or None for "
                "what the app allows."
            )
        if wanted is not None and wanted < 1:
            raise DeclarationError(
                f"lossless(max_queue_bytes={self.max_queue_bytes!r}) lets nothing wait, so nothing "
                "could be sent. Say a number of bytes, or leave it out for what the app allows."
            )


@dataclass(frozen=True, slots=True)
class Latest:
    """The newest update of a topic, or of each key in it. Made by `latest`."""

    key: Field | None = None
    lossless: Field | None = None
    max_rate_hz: float | None = None
    policy: ClassVar[str] = "latest"

    def __post_init__(self) -> None:
        _check_rate(self.policy, self.max_rate_hz)
        given: dict[str, object] = {"key": self.key, "lossless": self.lossless}
        for name, field in given.items():
            if field == "" or not (field is None or isinstance(field, str) or callable(field)):
                raise DeclarationError(
                    f"latest({name}={field!r}): it is the name of a field of the data, or a "
                    "function that is given the data."
                )


@dataclass(frozen=True, slots=True)
class DropOldest:
    """At most so many updates wait, the newest. Made by `drop_oldest`."""

    max_queue: int = 100
    max_rate_hz: float | None = None
    policy: ClassVar[str] = "drop_oldest"

    def __post_init__(self) -> None:
        _check_rate(self.policy, self.max_rate_hz)
        if not is_count(self.max_queue) or self.max_queue < 1:
            raise DeclarationError(
                f"drop_oldest(max_queue={self.max_queue!r}): it is a whole number of updates, "
                "at least 1."
            )


@dataclass(frozen=True, slots=True)
class Merge:
    """What waits of a topic, combined to one update. Made by `merge`."""

    merge: Callable[[Any, Any], Any]
    max_rate_hz: float | None = None
    policy: ClassVar[str] = "merge"

    def __post_init__(self) -> None:
        _check_rate(self.policy, self.max_rate_hz)
        if not callable(self.merge):
            raise DeclarationError(
                f"merge({self.merge!r}): it is a function of two updates' data, the older and the "
                "newer, that returns the one to be sent for both."
            )


RouteDelivery: TypeAlias = Lossless | Latest | DropOldest | Merge


def lossless(*, max_queue_bytes: int | None = None, max_rate_hz: None = None) -> Lossless:
    """Every update reaches every subscriber, in order, or the client is told that it did not.

    A client that is so far behind that `max_queue_bytes` wait for it when an update comes is closed
    with 4008, alone. It comes back and resumes. For orders, executions, a tape of trades.

    Args:
        max_queue_bytes: at most `Settings.max_queue_bytes`, which is what None means. It counts all
            that waits on the connection, of other routes too.
        max_rate_hz: refused: a rate leaves updates out.

    Raises:
        DeclarationError: a rate is given, or no byte is allowed.
    """
    if max_rate_hz is not None:
        raise DeclarationError(
            f"lossless(max_rate_hz={max_rate_hz!r}): a rate leaves updates out, and a lossless "
            f"route promises every one. Say latest(max_rate_hz={max_rate_hz!r}) if the newest is "
            "enough, or merge(...) if the older ones can be combined with it."
        )
    return Lossless(max_queue_bytes)


def latest(
    key: Field | None = None,
    lossless: Field | None = None,
    max_rate_hz: float | None = None,
) -> Latest:
    """A client that is behind gets the newest update of a topic, or of each `key` in it.

    At most one update of a key waits for a client: a newer one takes its place and is the last in
    the queue, so that numbers ascend. For quotes, forming bars, balances: what is a whole state.

    Args:
        key: a field of the data, or a function of it: updates with the same key replace each
            other. Its value must have a JSON form. None: all of a topic do.
        lossless: a field or a function that says which updates replace nothing and are never
            replaced: a closed bar. They wait for no rate.
        max_rate_hz: a topic's updates go out at most so often a second, of each key the newest;
            the first at once, and the last always.

    Raises:
        DeclarationError: the rate is not a positive number, or a field is not a name.
    """
    return Latest(key, lossless, max_rate_hz)


def drop_oldest(max_queue: int = 100, max_rate_hz: float | None = None) -> DropOldest:
    """At most `max_queue` updates of a topic wait for a client; the oldest go, and numbers say so.

    For logs: the newest lines, and a gap that can be seen.

    Args:
        max_queue: in updates, for each topic and client.
        max_rate_hz: so many of a topic's updates a second, at most; those that are too many wait as
            for a client that is behind.

    Raises:
        DeclarationError: `max_queue` is less than 1, or the rate is not a positive number.
    """
    return DropOldest(max_queue, max_rate_hz)


def merge(fn: Callable[[Any, Any], Any], max_rate_hz: float | None = None) -> Merge:
    """What waits of a topic for a client is combined to one update, by your own function.

    For changes of an order book. `fn(older, newer)` returns the update to be sent for both; it
    carries the newer's number. It is given data as it was sent, decoded anew, and should do nothing
    else. When it raises, or returns what the route does not declare, both are sent: nothing is
    lost, and it is logged and counted.

    Args:
        fn: from an older and a newer update's data to one.
        max_rate_hz: a topic's updates go out at most so often a second, combined; the first at
            once, and the last always.

    Raises:
        DeclarationError: `fn` is no function, or the rate is not a positive number.
    """
    return Merge(fn, max_rate_hz)


def described(delivery: RouteDelivery) -> dict[str, Any]:
    """Return a declaration as the AsyncAPI document shows it; what is left out is the default."""
    shown: dict[str, Any] = {"policy": delivery.policy}
    if isinstance(delivery, Lossless) and delivery.max_queue_bytes is not None:
        shown["maxQueueBytes"] = delivery.max_queue_bytes
    if isinstance(delivery, Latest):
        if delivery.key is not None:
            shown["key"] = _shown(delivery.key)
        if delivery.lossless is not None:
            shown["lossless"] = _shown(delivery.lossless)
    if isinstance(delivery, DropOldest):
        shown["maxQueue"] = delivery.max_queue
    if delivery.max_rate_hz is not None:
        shown["maxRateHz"] = delivery.max_rate_hz
    return shown


def _shown(field: Field) -> str:
    return field if isinstance(field, str) else "(computed)"


def _check_rate(policy: str, max_rate_hz: float | None) -> None:
    if max_rate_hz is not None and not (is_finite(max_rate_hz) and max_rate_hz > 0):
        raise DeclarationError(
            f"{policy}(max_rate_hz={max_rate_hz!r}): it is a number of updates a second, more than "
            "0, or None for no limit."
        )
